#include "meta.h"

#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "base/strings.h"

namespace hearth::storage_job {
namespace {

constexpr std::string_view kSha = "sha256:";

tl::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorCode::corrupt, ErrorSource::storage, fmt::format("the archive's .meta is malformed: {}", what));
}

bool is_digest(std::string_view text) {
  if (!text.starts_with(kSha) || text.size() != kSha.size() + 64) return false;
  return text.find_first_not_of("0123456789abcdef", kSha.size()) == std::string_view::npos;
}

}  // namespace

std::string now_iso8601() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[24];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

std::string format_meta(const Meta& meta) {
  std::string out = meta.digest + "\n";
  out += fmt::format("size: {}\nentries: {}\nuncompressed: {}\ncreated: {}\ntool: {}\n", meta.size, meta.entries,
                     meta.uncompressed, meta.created, meta.tool);
  if (!meta.tree.empty()) out += fmt::format("tree: {}\n", meta.tree);
  out += fmt::format("frames: {}\n", meta.frames);
  for (const auto& [kind, count] : meta.skipped) out += fmt::format("skipped-{}: {}\n", kind, count);
  for (const auto& [kind, path] : meta.skipped_paths)
    out += fmt::format("skipped: {} {}\n", kind, percent_encode(path));
  return out;
}

Result<Meta> parse_meta(std::string_view text) {
  if (text.size() > kMetaLimit) return malformed("it is too long");
  if (text.find('\r') != std::string_view::npos) return malformed("a carriage return");
  if (text.empty() || text.back() != '\n') return malformed("its last line is cut");
  text.remove_suffix(1);
  const auto lines = split(text, '\n');
  if (!is_digest(lines.front())) return malformed("its first line is no digest");
  Meta meta;
  meta.digest = lines.front();
  std::map<std::string_view, std::uint64_t*> numbers = {
      {"size", &meta.size}, {"entries", &meta.entries}, {"uncompressed", &meta.uncompressed}, {"frames", &meta.frames}};
  std::map<std::string_view, std::string*> texts = {
      {"created", &meta.created}, {"tool", &meta.tool}, {"tree", &meta.tree}};
  unsigned required = 0;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::size_t mark = lines[i].find(": ");
    if (mark == std::string_view::npos) return malformed("a line is no \"key: value\"");
    const std::string_view key = lines[i].substr(0, mark), value = lines[i].substr(mark + 2);
    if (const auto number = numbers.find(key); number != numbers.end()) {
      const auto parsed = parse_decimal<std::uint64_t>(value);
      if (!parsed || number->second == nullptr) return malformed(key);
      *number->second = *parsed;
      number->second = nullptr;  // once
      if (key != "frames") ++required;
    } else if (const auto text_key = texts.find(key); text_key != texts.end()) {
      *text_key->second = value;
    } else if (key.starts_with("skipped-")) {
      meta.skipped[std::string(key.substr(8))] = parse_decimal<std::uint64_t>(value).value_or(0);
    } else if (key == "skipped") {
      const std::size_t space = value.find(' ');
      if (space == std::string_view::npos) return malformed("skipped");
      meta.skipped_paths.emplace_back(value.substr(0, space), percent_decode(value.substr(space + 1)).value_or(""));
    }
  }
  if (required != 3) return malformed("size, entries or uncompressed is missing");
  return meta;
}

std::string format_marker(const Marker& marker) {
  nlohmann::ordered_json json = {{"restore_op_id", marker.restore_op_id},
                                 {"archive_key", marker.archive_key},
                                 {"restored_at", marker.restored_at},
                                 {"tree", marker.tree}};
  return json.dump() + "\n";
}

Result<Marker> parse_marker(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return fail(ErrorCode::corrupt, ErrorSource::storage, "the restore marker is no JSON object");
  const auto field = [&](const char* key) {
    const auto it = json.find(key);
    return it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
  };
  return Marker{field("restore_op_id"), field("archive_key"), field("restored_at"), field("tree")};
}

}  // namespace hearth::storage_job
