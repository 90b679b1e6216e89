#include "config/default_types.h"

namespace hearth::config {

std::shared_ptr<const std::map<std::string, std::string>> default_types() {
  static const auto* const types = new std::shared_ptr<const std::map<std::string, std::string>>(
      std::make_shared<const std::map<std::string, std::string>>(std::map<std::string, std::string>{
          {"avif", "image/avif"},       {"bmp", "image/bmp"},        {"css", "text/css"},
          {"csv", "text/csv"},          {"gif", "image/gif"},        {"gz", "application/gzip"},
          {"htm", "text/html"},         {"html", "text/html"},       {"ico", "image/x-icon"},
          {"jpeg", "image/jpeg"},       {"jpg", "image/jpeg"},       {"js", "text/javascript"},
          {"json", "application/json"}, {"map", "application/json"}, {"md", "text/markdown"},
          {"mjs", "text/javascript"},   {"mp3", "audio/mpeg"},       {"mp4", "video/mp4"},
          {"ogg", "audio/ogg"},         {"otf", "font/otf"},         {"pdf", "application/pdf"},
          {"png", "image/png"},         {"svg", "image/svg+xml"},    {"tar", "application/x-tar"},
          {"ttf", "font/ttf"},          {"txt", "text/plain"},       {"wasm", "application/wasm"},
          {"wav", "audio/wav"},         {"webm", "video/webm"},      {"webmanifest", "application/manifest+json"},
          {"webp", "image/webp"},       {"woff", "font/woff"},       {"woff2", "font/woff2"},
          {"xml", "text/xml"},          {"zip", "application/zip"},  {"zst", "application/zstd"},
      }));
  return *types;
}

}  // namespace hearth::config
