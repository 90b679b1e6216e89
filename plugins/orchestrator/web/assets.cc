#include <algorithm>

#include "orchestrator/web/embedded_assets.h"
#include "orchestrator/web/pages.h"

namespace hearth::orchestrator {
namespace {

constexpr std::string_view kPrefix = "/assets/";
constexpr std::string_view kFavicon = "/favicon.ico";

bool is_version(std::string_view text) {
  return text.size() == asset_version().size() &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

std::string_view asset_version() { return embedded_asset_version(); }

const Asset* find_asset(std::string_view path) {
  if (path == kFavicon) path = "/assets/favicon.svg";
  if (!path.starts_with(kPrefix)) return nullptr;
  std::string_view file = path.substr(kPrefix.size());
  const std::size_t slash = file.find('/');
  if (slash != std::string_view::npos) {
    if (!is_version(file.substr(0, slash))) return nullptr;
    file.remove_prefix(slash + 1);
  }
  for (const Asset& asset : embedded_assets()) {
    if (asset.path.substr(kPrefix.size()) == file) return &asset;
  }
  return nullptr;
}

PageHeaders asset_headers(const Asset& asset, std::string_view path) {
  const bool current = path.starts_with(kPrefix) && path.substr(kPrefix.size()).starts_with(asset_version());
  return {{"Content-Type", std::string(asset.content_type)},
          {"ETag", std::string(asset.etag)},
          {"Cache-Control", current ? "public, max-age=31536000, immutable" : "no-cache"},
          {"X-Content-Type-Options", "nosniff"}};
}

}  // namespace hearth::orchestrator
