#include "http/uri.h"

#include <algorithm>

#include "http/chars.h"

namespace hearth::http {

namespace {

// One byte of a path, a valid escape read once.
struct PathChar {
  char value;
  std::size_t size;  // 1 or 3
};

PathChar read_char(std::string_view path, std::size_t at) {
  if (path[at] == '%' && at + 2 < path.size()) {
    const int high = hex_value(path[at + 1]);
    const int low = hex_value(path[at + 2]);
    if (high >= 0 && low >= 0) return {static_cast<char>(high * 16 + low), 3};
  }
  return {path[at], 1};
}

// How far below the start a path is, one reading of its separators at a time.
class Depth {
 public:
  void add(char c) {
    dots_only_ = dots_only_ && c == '.';
    ++length_;
  }
  // False: this segment climbs above the start.
  bool end_segment() {
    const std::size_t length = length_;
    const bool dots = dots_only_;
    length_ = 0;
    dots_only_ = true;
    if (length == 0 || (dots && length == 1)) return true;
    if (!dots || length != 2) {
      ++depth_;
      return true;
    }
    if (depth_ == 0) return false;
    --depth_;
    return true;
  }

 private:
  std::size_t depth_ = 0;
  std::size_t length_ = 0;
  bool dots_only_ = true;
};

bool contains_nul_escape(std::string_view path) { return path.find("%00") != std::string_view::npos; }

bool needs_normalizing(std::string_view path) {
  char previous = 0;
  for (const char c : path) {
    if (c == '%' || (previous == '/' && (c == '/' || c == '.'))) return true;
    previous = c;
  }
  return false;
}

// Takes the last segment of `out` ("/a/b/../" style) away. False above the root.
bool resolve_segment(std::string& out, std::size_t segment_start) {
  const std::string_view segment = std::string_view(out).substr(segment_start);
  if (segment == ".") {
    out.resize(segment_start);
  } else if (segment == "..") {
    if (segment_start == 1) return false;
    out.resize(out.rfind('/', segment_start - 2) + 1);
  }
  return true;
}

}  // namespace

Target split_target(std::string_view path_and_query) {
  const std::size_t mark = path_and_query.find('?');
  if (mark == std::string_view::npos) return {path_and_query, {}, false};
  return {path_and_query.substr(0, mark), path_and_query.substr(mark + 1), true};
}

bool climbs(std::string_view path) {
  Depth as_sent;     // only '/' separates
  Depth as_decoded;  // '/', '\' and their escapes separate
  for (std::size_t i = 0; i < path.size();) {
    const PathChar c = read_char(path, i);
    i += c.size;
    if (c.value == '/' && c.size == 1) {
      if (!as_sent.end_segment() || !as_decoded.end_segment()) return true;
      continue;
    }
    as_sent.add(c.value);
    if (c.value == '/' || c.value == '\\') {
      if (!as_decoded.end_segment()) return true;
    } else {
      as_decoded.add(c.value);
    }
  }
  return !as_sent.end_segment() || !as_decoded.end_segment();
}

WorkspacePath parse_workspace_path(std::string_view path) {
  using Kind = WorkspacePath::Kind;
  WorkspacePath result;
  if (path == "/w") result.kind = Kind::not_found;
  if (!path.starts_with("/w/")) return result;
  result.kind = Kind::not_found;
  const std::string_view behind = path.substr(3);
  const std::optional<Uuid> id = Uuid::parse(behind.substr(0, Uuid::kTextSize));
  if (!id) return result;
  const std::string_view rest = behind.substr(Uuid::kTextSize);
  if (!rest.empty() && rest.front() != '/') return result;
  result.id = *id;
  result.rest = rest;
  if (rest.empty()) {
    result.kind = Kind::needs_slash;
  } else if (contains_nul_escape(rest) || climbs(rest)) {
    result.kind = Kind::bad_request;
  } else {
    result.kind = Kind::workspace;
  }
  return result;
}

std::optional<std::string_view> normalize_path(std::string_view path, std::string& scratch) {
  if (path.empty() || path.front() != '/') return std::nullopt;
  if (!needs_normalizing(path)) return path;
  scratch.assign("/");
  std::size_t segment_start = 1;
  for (std::size_t i = 1; i < path.size();) {
    const PathChar c = read_char(path, i);
    if (c.value == '\0' || (path[i] == '%' && c.size == 1)) return std::nullopt;
    i += c.size;
    if (c.value != '/') {
      scratch.push_back(c.value);
      continue;
    }
    if (!resolve_segment(scratch, segment_start)) return std::nullopt;
    if (scratch.back() != '/') scratch.push_back('/');
    segment_start = scratch.size();
  }
  if (!resolve_segment(scratch, segment_start)) return std::nullopt;
  return scratch;
}

void append_escaped_path(std::string& out, std::string_view path) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : path) {
    if (has_class(c, kPathChar)) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(kHex[byte >> 4]);
    out.push_back(kHex[byte & 15]);
  }
}

}  // namespace hearth::http
