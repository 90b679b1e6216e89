#include "http/media.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/strings.h"

namespace hearth::http {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 29> kTypes = {{
    {"html", "text/html; charset=utf-8"},
    {"htm", "text/html; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"webmanifest", "application/manifest+json"},
    {"xml", "text/xml; charset=utf-8"},
    {"txt", "text/plain; charset=utf-8"},
    {"md", "text/markdown; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"ico", "image/x-icon"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"ttf", "font/ttf"},
    {"wasm", "application/wasm"},
    {"pdf", "application/pdf"},
    {"zip", "application/zip"},
    {"gz", "application/gzip"},
    {"mp4", "video/mp4"},
    {"mp3", "audio/mpeg"},
}};

// Weight 0 means "not acceptable" (RFC 9110 12.4.2).
bool has_zero_weight(std::string_view parameters) {
  const std::size_t at = std::min(parameters.find("q="), parameters.find("Q="));
  if (at == std::string_view::npos) return false;
  std::string_view weight = parameters.substr(at + 2);
  weight = trim(weight.substr(0, weight.find(';')));
  return !weight.empty() && weight.find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

std::string_view media_type_for_path(std::string_view path) {
  const std::size_t dot = path.find_last_of("./");
  if (dot != std::string_view::npos && path[dot] == '.') {
    const std::string_view extension = path.substr(dot + 1);
    for (const auto& [known, type] : kTypes) {
      if (iequals(known, extension)) return type;
    }
  }
  return "application/octet-stream";
}

std::string_view media_type_essence(std::string_view content_type) {
  return trim(content_type.substr(0, content_type.find(';')));
}

bool accept_names(std::string_view accept, std::string_view type) {
  return !for_each_list_element(accept, [&](std::string_view range) {
    const std::size_t semicolon = range.find(';');
    if (!iequals(trim(range.substr(0, semicolon)), type)) return true;
    return semicolon != std::string_view::npos && has_zero_weight(range.substr(semicolon + 1));
  });
}

bool is_navigation(const RequestHead& head) {
  if (head.method != Method::get && head.method != Method::head) return false;
  if (const Header* mode = head.headers.find(KnownHeader::sec_fetch_mode)) return iequals(mode->value, "navigate");
  for (const Header& field : head.headers) {
    if (field.id == KnownHeader::accept && accept_names(field.value, "text/html")) return true;
  }
  return false;
}

}  // namespace hearth::http
