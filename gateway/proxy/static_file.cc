#include "proxy/static_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/strings.h"
#include "http/date.h"

namespace hearth::proxy {

namespace {

constexpr std::size_t kBlockSize = 128 * 1024;

int status_of_errno(int sys) { return sys == EACCES || sys == EPERM || sys == ELOOP ? 403 : 404; }

std::string make_etag(const struct stat& info, Coding coding) {
  char text[64];
  std::snprintf(text, sizeof text, "\"%llx-%llx%s\"", static_cast<unsigned long long>(info.st_mtime),
                static_cast<unsigned long long>(info.st_size),
                coding == Coding::gzip   ? "-gz"
                : coding == Coding::zstd ? "-zst"
                                         : "");
  return text;
}

// The compressed form that lies beside the file.
bool open_precompressed(const std::string& path, const std::vector<Coding>& codings, FileAnswer& answer,
                        struct stat& info) {
  for (const Coding coding : codings) {
    const std::string beside = path + (coding == Coding::gzip ? ".gz" : ".zst");
    Fd fd(::open(beside.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    answer.fd = std::move(fd);
    answer.coding = coding;
    answer.name = path;
    return true;
  }
  return false;
}

bool matches(std::string_view if_none_match, const std::string& etag) {
  if (trim(if_none_match) == "*") return true;
  return !for_each_list_element(if_none_match, [&](std::string_view each) {
    if (each.substr(0, 2) == "W/") each.remove_prefix(2);
    return each != etag;
  });
}

bool not_modified(const FileRequest& request, const FileAnswer& answer, std::int64_t mtime) {
  if (!request.if_none_match.empty()) return matches(request.if_none_match, answer.etag);
  if (request.if_modified_since.empty()) return false;
  const auto since = http::parse_date(request.if_modified_since);
  return since && mtime <= *since;
}

}  // namespace

std::string file_path(const config::LocationSettings& settings, std::string_view normalized_path) {
  if (settings.alias) return *settings.alias + std::string(normalized_path.substr(settings.path.size()));
  return settings.root + std::string(normalized_path);
}

int first_existing(const std::vector<TryPath>& paths) {
  struct stat info {};
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (paths[i].path.empty() || ::stat(paths[i].path.c_str(), &info) != 0) continue;
    if (paths[i].directory ? S_ISDIR(info.st_mode) : S_ISREG(info.st_mode)) return static_cast<int>(i);
  }
  return -1;
}

FileAnswer open_file(const FileRequest& request) {
  FileAnswer answer;
  answer.block_size = request.block_size == 0 ? kBlockSize : std::min(request.block_size, kBlockSize);
  std::vector<std::string> candidates;
  if (request.directory) {
    for (const std::string& index : request.index) candidates.push_back(request.path + index);
  } else {
    candidates.push_back(request.path);
  }
  struct stat info {};
  for (const std::string& candidate : candidates) {
    if (open_precompressed(candidate, request.codings, answer, info)) break;
    Fd fd(::open(candidate.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
      answer.status = status_of_errno(errno);
      continue;
    }
    if (::fstat(fd.get(), &info) != 0) continue;
    if (S_ISDIR(info.st_mode)) {
      answer.status = request.directory ? 403 : 301;
      return answer;
    }
    if (!S_ISREG(info.st_mode)) {
      answer.status = 403;
      return answer;
    }
    answer.fd = std::move(fd);
    answer.name = candidate;
    break;
  }
  if (!answer.fd) return answer;
  answer.status = 200;
  answer.size = answer.length = static_cast<std::uint64_t>(info.st_size);
  answer.etag = make_etag(info, answer.coding);
  char date[http::kDateSize];
  http::format_date(info.st_mtime, date);
  answer.last_modified.assign(date, sizeof date);
  if (not_modified(request, answer, info.st_mtime)) {
    answer.status = 304;
    return answer;
  }
  const bool range_holds =
      request.if_range.empty() || request.if_range == answer.etag || request.if_range == answer.last_modified;
  ByteRange range;
  if (!request.range.empty() && range_holds && answer.coding == Coding::identity) {
    switch (parse_range(request.range, answer.size, range)) {
      case RangeVerdict::whole:
        break;
      case RangeVerdict::part:
        answer.status = 206;
        answer.offset = range.first;
        answer.length = range.length;
        break;
      case RangeVerdict::unsatisfiable:
        answer.status = 416;
        break;
    }
  }
  return answer;
}

bool read_block(FileAnswer& answer) {
  answer.block.resize(static_cast<std::size_t>(std::min<std::uint64_t>(answer.block_size, answer.length)));
  std::size_t done = 0;
  while (done < answer.block.size()) {
    const ssize_t got = ::pread(answer.fd.get(), answer.block.data() + done, answer.block.size() - done,
                                static_cast<off_t>(answer.offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<std::size_t>(got);
  }
  answer.offset += done;
  answer.length -= done;
  return true;
}

bool compress_block(FileAnswer& answer) {
  constexpr int kMostBlocks = 16;  // what compresses to nothing does not keep a pool thread for long
  if (!answer.compressor) answer.compressor = Compressor::make(answer.coding, answer.level, answer.size);
  if (!answer.compressor) return false;
  std::string out;
  for (int i = 0; i < kMostBlocks && out.empty() && !answer.complete; ++i) {
    if (answer.block.empty() && answer.length > 0 && !read_block(answer)) return false;
    answer.complete = answer.length == 0;
    if (!answer.compressor->add(answer.block, answer.complete, out)) return false;
    answer.block.clear();
  }
  answer.block = std::move(out);
  return true;
}

RangeVerdict parse_range(std::string_view range, std::uint64_t size, ByteRange& out) {
  if (!istarts_with(range, "bytes=")) return RangeVerdict::whole;
  range = trim(range.substr(6));
  const std::size_t dash = range.find('-');
  if (dash == std::string_view::npos || range.find(',') != std::string_view::npos) return RangeVerdict::whole;
  const std::string_view first_text = range.substr(0, dash);
  const std::string_view last_text = range.substr(dash + 1);
  if (first_text.empty()) {  // the last N bytes
    const auto suffix = parse_decimal<std::uint64_t>(last_text);
    if (!suffix) return RangeVerdict::whole;
    if (*suffix == 0 || size == 0) return RangeVerdict::unsatisfiable;
    out.length = std::min(*suffix, size);
    out.first = size - out.length;
    return RangeVerdict::part;
  }
  const auto first = parse_decimal<std::uint64_t>(first_text);
  if (!first) return RangeVerdict::whole;
  std::uint64_t last = size - 1;
  if (!last_text.empty()) {
    const auto given = parse_decimal<std::uint64_t>(last_text);
    if (!given || *given < *first) return RangeVerdict::whole;
    last = std::min(*given, last);
  }
  if (*first >= size) return RangeVerdict::unsatisfiable;
  out.first = *first;
  out.length = last - *first + 1;
  return RangeVerdict::part;
}

std::string_view media_type(const config::LocationSettings& settings, std::string_view name) {
  const std::size_t slash = name.rfind('/');
  const std::size_t dot = name.rfind('.');
  if (dot != std::string_view::npos && (slash == std::string_view::npos || dot > slash) && settings.types) {
    const auto found = settings.types->find(to_lower(name.substr(dot + 1)));
    if (found != settings.types->end()) return found->second;
  }
  return settings.default_type;
}

}  // namespace hearth::proxy
