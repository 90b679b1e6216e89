// What the gateway answers itself: return, files, error pages, access rules, built-in handlers.
#include <gmock/gmock.h>

#include "support/gateway/gateway.h"

namespace hearth::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Return, TextAndRedirectAndStatus) {
  Gateway gateway({.server = "location /t { return 200 'hi $arg_n'; } location /r { return 302 /x$is_args$args; }"
                             "location /s { return 418; } location /e { return 204; }"});
  EXPECT_EQ(get(gateway.port(), "/t?n=you").body, "hi you");
  EXPECT_EQ(get(gateway.port(), "/r?a=b").header("Location"), "/x?a=b");
  EXPECT_EQ(get(gateway.port(), "/s").status, 418);
  EXPECT_EQ(get(gateway.port(), "/e").status, 204);
  // A body that nobody asked for is not taken for the next request.
  RawClient client(gateway.port());
  client.send("POST /t HTTP/1.1\r\nHost: h\r\nContent-Length: 30\r\n\r\nGET /s HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.response().status, 200);
  std::string rest;
  client.read_to_end(&rest);
  EXPECT_EQ(rest, "");
}

class Files : public ::testing::Test {
 protected:
  Files()
      : gateway_({.server = "location / { root html; } location /img { alias html/pictures/; }"
                            "location = /exact { alias html/a.txt; }",
                  .files = {{"html/index.html", "<index>"},
                            {"html/a.txt", "0123456789"},
                            {"html/empty", ""},
                            {"html/d/index.html", "<d>"},
                            {"html/d/sp ace.css", "css"},
                            {"html/pictures/p.png", "png"},
                            {"html/secret/s", "inside html"},
                            {"secret", "outside"},
                            {"html/large", std::string(1 << 20, 'L')}}}) {}
  Response ask(const std::string& path, const std::string& fields = {}) { return get(gateway_.port(), path, fields); }
  Gateway gateway_;
};

TEST_F(Files, IndexAndTypes) {
  EXPECT_EQ(ask("/").body, "<index>");
  EXPECT_EQ(ask("/").header("Content-Type"), "text/html");
  EXPECT_EQ(ask("/d/sp%20ace.css").header("Content-Type"), "text/css");
  EXPECT_EQ(ask("/empty").status, 200);
  EXPECT_EQ(ask("/empty").header("Content-Length"), "0");
  EXPECT_EQ(ask("/exact").body, "0123456789");
  EXPECT_EQ(ask("/img/p.png").body, "png");
  EXPECT_EQ(ask("/none").status, 404);
  EXPECT_EQ(ask("/a.txt/x").status, 404);
}

TEST_F(Files, DirectoryWithoutSlashIsRedirected) {
  const Response response = ask("/d?q=1");
  EXPECT_EQ(response.status, 301);
  EXPECT_EQ(response.header("Location"), "/d/?q=1");
  EXPECT_THAT(ask("//d").header("Location"), Not(::testing::StartsWith("//")));
}

TEST_F(Files, LargeToASlowReader) {
  RawClient client(gateway_.port(), 4096);
  for (int i = 0; i < 3; ++i) {
    client.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
    const Response response = client.response();
    EXPECT_TRUE(response.complete);
    EXPECT_EQ(response.body, std::string(1 << 20, 'L'));
  }
}

TEST_F(Files, Ranges) {
  const auto range = [&](const std::string& value) { return ask("/a.txt", "Range: " + value + "\r\n"); };
  EXPECT_EQ(range("bytes=2-4").body, "234");
  EXPECT_EQ(range("bytes=2-4").status, 206);
  EXPECT_EQ(range("bytes=2-4").header("Content-Range"), "bytes 2-4/10");
  EXPECT_EQ(range("bytes=7-").body, "789");
  EXPECT_EQ(range("bytes=-3").body, "789");
  EXPECT_EQ(range("bytes=10-").status, 416);
  EXPECT_EQ(range("bytes=10-").header("Content-Range"), "bytes */10");
  EXPECT_EQ(range("bytes=0-1,3-4").body, "0123456789");
  EXPECT_EQ(range("lines=1-2").body, "0123456789");
  const Response large = ask("/large", "Range: bytes=100-400000\r\n");
  EXPECT_EQ(large.header("Content-Range"), "bytes 100-400000/1048576");
  EXPECT_EQ(large.body.size(), 399901u);
}

TEST_F(Files, Validators) {
  const Response first = ask("/a.txt");
  const std::string etag = first.header("ETag");
  const std::string modified = first.header("Last-Modified");
  EXPECT_EQ(ask("/a.txt", "If-None-Match: " + etag + "\r\n").status, 304);
  EXPECT_EQ(ask("/a.txt", "If-None-Match: \"x\", W/" + etag + "\r\n").status, 304);
  EXPECT_EQ(ask("/a.txt", "If-None-Match: \"x\"\r\n").status, 200);
  EXPECT_EQ(ask("/a.txt", "If-Modified-Since: " + modified + "\r\n").status, 304);
  EXPECT_EQ(ask("/a.txt", "Range: bytes=0-0\r\nIf-Range: " + etag + "\r\n").status, 206);
  EXPECT_EQ(ask("/a.txt", "Range: bytes=0-0\r\nIf-Range: \"x\"\r\n").status, 200);
  RawClient client(gateway_.port());  // a 304 has no body and keeps the connection
  client.send("GET /a.txt HTTP/1.1\r\nHost: h\r\nIf-None-Match: *\r\n\r\nGET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.response().status, 304);
  EXPECT_EQ(client.response().body, "0123456789");
}

TEST_F(Files, HeadAndMethods) {
  RawClient client(gateway_.port());
  client.send("HEAD /large HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.response("HEAD").header("Content-Length"), "1048576");
  client.send("DELETE /a.txt HTTP/1.1\r\nHost: h\r\n\r\n");
  const Response refused = client.response();
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.header("Allow"), "GET, HEAD");
}

TEST_F(Files, NothingOutsideTheRoot) {
  for (const std::string path :
       {"/../secret", "/d/../../secret", "/%2e%2e/secret", "/..%2fsecret", "/d/%2e%2e%2f../secret", "/img../secret/s",
        "/img..%2fsecret/s", "/img..", "/secret%00.txt", "/a.txt%00"}) {
    const Response response = ask(path);
    EXPECT_TRUE(response.status == 400 || response.status == 404) << path << ' ' << response.status;
    EXPECT_THAT(response.body, Not(HasSubstr("outside")));
    EXPECT_THAT(response.body, Not(HasSubstr("inside html")));
  }
}

TEST(ErrorPage, LocalPageWithStatus) {
  Gateway gateway({.server = "error_page 404 /404.html; error_page 502 =200 /sorry.html; error_page 403 /missing.html;"
                             "location / { root html; } location /dead { proxy_pass http://127.0.0.1:1; }"
                             "location /deny { deny all; root html; }",
                   .files = {{"html/404.html", "own 404"}, {"html/sorry.html", "sorry"}}});
  EXPECT_EQ(get(gateway.port(), "/none").status, 404);
  EXPECT_EQ(get(gateway.port(), "/none").body, "own 404");
  const Response sorry = get(gateway.port(), "/dead");
  EXPECT_EQ(sorry.status, 200);
  EXPECT_EQ(sorry.body, "sorry");
  const Response post = fetch(gateway.port(), "POST /dead HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_EQ(post.body, "sorry");
}

TEST(ErrorPage, MissingPageNamesTheRealStatus) {
  Gateway gateway({.server = "error_page 403 /missing.html; location / { root html; } location /deny { deny all; }"});
  const Response response = get(gateway.port(), "/deny");
  EXPECT_EQ(response.status, 403);
  EXPECT_THAT(response.body, HasSubstr("403 Forbidden"));
}

TEST(AccessRules, AllowAndDeny) {
  Gateway gateway({.server = "location /in { allow 127.0.0.0/8; deny all; return 200 in; }"
                             "location /out { deny 127.0.0.1; allow all; return 200 in; }"});
  EXPECT_EQ(get(gateway.port(), "/in").status, 200);
  EXPECT_EQ(get(gateway.port(), "/out").status, 403);
}

TEST(Metrics, AreServed) {
  Gateway gateway({.server = "location /metrics { metrics; }"});
  EXPECT_EQ(get(gateway.port(), "/metrics").body, "metrics_here 1\n");
}

}  // namespace
}  // namespace hearth::test
