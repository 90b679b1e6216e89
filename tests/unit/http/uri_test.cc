#include <gtest/gtest.h>

#include "http/uri.h"

namespace hearth::http {
namespace {

using Kind = WorkspacePath::Kind;
const char kId[] = "0b8a1f0e-1c2d-4e3f-8a9b-0c1d2e3f4a5b";

Kind kind_of(const std::string& path) { return parse_workspace_path(path).kind; }

TEST(Uri, SplitsAtTheFirstQuestionMark) {
  EXPECT_EQ(split_target("/a?b?c").path, "/a");
  EXPECT_EQ(split_target("/a?b?c").query, "b?c");
  EXPECT_TRUE(split_target("/a?").has_query);
  EXPECT_FALSE(split_target("/a").has_query);
}

// SPEC section 7, facts 4.5
TEST(WorkspacePath, IdIsMatchedBeforeDecoding) {
  const std::string base = std::string("/w/") + kId;
  EXPECT_EQ(kind_of(base), Kind::needs_slash);
  EXPECT_EQ(kind_of(base + "/"), Kind::workspace);
  EXPECT_EQ(parse_workspace_path(base + "/").rest, "/");
  EXPECT_EQ(parse_workspace_path(base + "/a%2Fb//c").rest, "/a%2Fb//c");
  EXPECT_EQ(parse_workspace_path(base + "/x").id.text(), kId);
  for (const std::string& path :
       {std::string("/w"), std::string("/w/"), std::string("/w/x"), base + "x", base + ";a", base + "%2f",
        base + "%2F/", base + ".", std::string("/w//") + kId + "/",
        std::string("/w/0B8A1F0E-1C2D-4E3F-8A9B-0C1D2E3F4A5B/"),
        std::string("/w/%30b8a1f0e-1c2d-4e3f-8a9b-0c1d2e3f4a5b/"), std::string("/w/0b8a1f0e1c2d4e3f8a9b0c1d2e3f4a5b/"),
        std::string("/w/{") + kId + "}/", std::string("/w/./") + kId + "/"}) {
    EXPECT_EQ(kind_of(path), Kind::not_found) << path;
  }
  for (const std::string path : {"/", "/wx", "/W/a", "/%77/a", "w/a", ""}) {
    EXPECT_EQ(kind_of(path), Kind::not_workspace) << path;
  }
}

TEST(WorkspacePath, NothingClimbsOut) {
  const std::string base = std::string("/w/") + kId;
  for (const char* rest :
       {"/..",         "/../",       "/../b",  "/a/../..",  "/a/../../b",   "/./..",        "/%2e%2e",  "/%2e%2E/x",
        "/.%2e/",      "/%2e./",     "/..%2f", "/..%2F..",  "/a%2f..%2f..", "/a%2f../..",   "/..%5c",   "/..\\",
        "/%2e%2e%5cx", "/a\\..\\..", "//..",   "/a//../..", "/a/%2f/../..", "/a%2fb/../..", "/a/..//.."}) {
    EXPECT_EQ(kind_of(base + rest), Kind::bad_request) << rest;
  }
  for (const char* rest : {"/a/..", "/a/../b", "/a/b/../..", "/...", "/..a", "/a..", "/.a/.b", "/.", "/./", "/a/./b",
                           "/%252e%252e/", "/%2e", "/a%2fb/..", "/proxy/8080/%2Fx", "/%zz", "/%", "/%2"}) {
    EXPECT_EQ(kind_of(base + rest), Kind::workspace) << rest;
  }
  EXPECT_EQ(kind_of(base + "/a%00b"), Kind::bad_request);
}

std::string normalized(std::string_view path) {
  std::string scratch;
  const std::optional<std::string_view> result = normalize_path(path, scratch);
  return result ? std::string(*result) : "error";
}

// nginx's rules, facts 4.5
TEST(NormalizePath, DecodesOnceMergesAndResolves) {
  EXPECT_EQ(normalized("/"), "/");
  EXPECT_EQ(normalized("/a/b"), "/a/b");
  EXPECT_EQ(normalized("//a///b//"), "/a/b/");
  EXPECT_EQ(normalized("/a/./b/."), "/a/b/");
  EXPECT_EQ(normalized("/a/../b"), "/b");
  EXPECT_EQ(normalized("/a/b/.."), "/a/");
  EXPECT_EQ(normalized("/a/b/../../c"), "/c");
  EXPECT_EQ(normalized("/a%20b"), "/a b");
  EXPECT_EQ(normalized("/a%2fb"), "/a/b");
  EXPECT_EQ(normalized("/a%2f%2e%2e%2fb"), "/b");
  EXPECT_EQ(normalized("/%252e%252e/"), "/%2e%2e/");
  EXPECT_EQ(normalized("/.hidden/..."), "/.hidden/...");
  EXPECT_EQ(normalized("/.."), "error");
  EXPECT_EQ(normalized("/a/../.."), "error");
  EXPECT_EQ(normalized("/%2e%2e/etc"), "error");
  EXPECT_EQ(normalized("/a%00"), "error");
  EXPECT_EQ(normalized(std::string_view("/a\0b", 4)), "error");
  EXPECT_EQ(normalized("/%zz"), "error");
  EXPECT_EQ(normalized("/%4"), "error");
  EXPECT_EQ(normalized(""), "error");
  EXPECT_EQ(normalized("a"), "error");
}

TEST(NormalizePath, CopiesOnlyWhenItMust) {
  std::string scratch;
  const std::string path = "/plain/path.js";
  EXPECT_EQ(normalize_path(path, scratch)->data(), path.data());
}

TEST(EscapedPath, EscapesWhatAPathMayNotHold) {
  std::string out;
  append_escaped_path(out, "/a b/%\xc3\xa9?#");
  EXPECT_EQ(out, "/a%20b/%25%C3%A9%3F%23");
}

}  // namespace
}  // namespace hearth::http
