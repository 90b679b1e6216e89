#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "orchestrator/web/pages.h"

namespace hearth::orchestrator {
namespace {

std::string header(const PageHeaders& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

std::string versioned(std::string_view file) {
  return "/assets/" + std::string(asset_version()) + "/" + std::string(file);
}

TEST(Assets, AreFoundByPlainAndVersionedPath) {
  const Asset* plain = find_asset("/assets/app.css");
  ASSERT_NE(plain, nullptr);
  EXPECT_EQ(plain->content_type, "text/css; charset=utf-8");
  EXPECT_EQ(find_asset(versioned("app.css")), plain);
  EXPECT_EQ(find_asset("/assets/0123456789abcdef/app.css"), plain) << "a page from before an upgrade";
}

TEST(Assets, HoldTheFilesByteForByte) {
  for (const char* file : {"app.css", "dashboard.js", "icons.svg"}) {
    const Asset* asset = find_asset(versioned(file));
    ASSERT_NE(asset, nullptr) << file;
    std::ifstream in(std::string(HEARTH_WEB_ASSETS) + "/" + file, std::ios::binary);
    std::stringstream content;
    content << in.rdbuf();
    EXPECT_EQ(asset->body, content.str()) << file;
  }
}

TEST(Assets, FaviconIsServedWhereBrowsersLook) {
  const Asset* favicon = find_asset("/favicon.ico");
  ASSERT_NE(favicon, nullptr);
  EXPECT_EQ(favicon->content_type, "image/svg+xml");
}

TEST(Assets, OtherPathsFindNothing) {
  for (const char* path : {"", "/", "/assets", "/assets/", "/assets/none.js", "/assets/app.css/", "/assets//app.css",
                           "/assets/../app.css", "/assets/xyz/app.css", "/assets/0123456789abcdef/", "/app.css",
                           "/assets/0123456789abcdef/0123456789abcdef/app.css", "/assets/0123456789ABCDEF/app.css"}) {
    EXPECT_EQ(find_asset(path), nullptr) << path;
  }
}

TEST(Assets, EtagsAreStrongAndDiffer) {
  std::set<std::string_view> seen;
  for (const char* path : {"/assets/app.css", "/assets/login.js", "/assets/dashboard.js", "/assets/favicon.svg"}) {
    const Asset* asset = find_asset(path);
    ASSERT_NE(asset, nullptr) << path;
    EXPECT_EQ(asset->etag.front(), '"');
    EXPECT_EQ(asset->etag.back(), '"');
    EXPECT_EQ(asset->etag.size(), 34u);
    EXPECT_TRUE(seen.insert(asset->etag).second) << path;
  }
}

TEST(Assets, OnlyTheCurrentVersionIsCachedForEver) {
  const Asset* asset = find_asset("/assets/app.css");
  ASSERT_NE(asset, nullptr);
  EXPECT_EQ(header(asset_headers(*asset, versioned("app.css")), "Cache-Control"),
            "public, max-age=31536000, immutable");
  EXPECT_EQ(header(asset_headers(*asset, "/assets/app.css"), "Cache-Control"), "no-cache");
  EXPECT_EQ(header(asset_headers(*asset, "/assets/0123456789abcdef/app.css"), "Cache-Control"), "no-cache");
  EXPECT_EQ(header(asset_headers(*asset, "/assets/app.css"), "ETag"), asset->etag);
}

}  // namespace
}  // namespace hearth::orchestrator
