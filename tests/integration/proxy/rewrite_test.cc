// Requests that are for something else than their target: try_files.
#include <gmock/gmock.h>

#include "support/gateway/gateway.h"

namespace hearth::test {
namespace {

using ::testing::StartsWith;

TEST(TryFiles, FileThenDirectoryThenStatus) {
  Gateway gateway({.server = "location / { root html; try_files $uri $uri.html $uri/ =404; }",
                   .files = {{"html/a.txt", "a"}, {"html/page.html", "page"}, {"html/d/index.html", "index of d"}}});
  EXPECT_EQ(get(gateway.port(), "/a.txt").body, "a");
  EXPECT_EQ(get(gateway.port(), "/a.txt", "Range: bytes=0-0\r\n").status, 206);
  const Response page = get(gateway.port(), "/page");
  EXPECT_EQ(page.body, "page");
  EXPECT_EQ(page.header("Content-Type"), "text/html");
  EXPECT_EQ(get(gateway.port(), "/d").body, "index of d");
  EXPECT_EQ(get(gateway.port(), "/d/").body, "index of d");
  EXPECT_EQ(get(gateway.port(), "/none").status, 404);
  EXPECT_EQ(fetch(gateway.port(), "POST /a.txt HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").status, 405);
}

TEST(TryFiles, TheLastIsAnInternalRedirect) {
  Origin origin(ok("app"));
  Gateway gateway({.server = "location / { root html; try_files $uri /app$uri?path=$uri&$args; }"
                             "location /app/ { " +
                             origin.pass() +
                             " } location /app/secret { deny all; }"
                             "location /spa/ { alias html/spa/; try_files $uri /spa/index.html; }",
                   .files = {{"html/a b", "file"}, {"html/spa/index.html", "spa"}, {"html/spa/x.js", "js"}}});
  EXPECT_EQ(get(gateway.port(), "/a%20b").body, "file");
  EXPECT_EQ(get(gateway.port(), "/x%20y?z=1").body, "app");
  EXPECT_THAT(origin.last(), StartsWith("GET /app/x%20y?path=/x%20y&z=1 HTTP/1.1\r\n"));
  get(gateway.port(), "/x%0d%0aInjected:%20y");
  EXPECT_THAT(origin.last(), StartsWith("GET /app/x%0D%0AInjected:%20y?path=/x%0D%0AInjected:%20y& HTTP/1.1\r\n"));
  EXPECT_EQ(get(gateway.port(), "/secret").status, 403);
  EXPECT_EQ(get(gateway.port(), "/spa/x.js").body, "js");
  EXPECT_EQ(get(gateway.port(), "/spa/deep/link").body, "spa");
  RawClient client(gateway.port());  // with a body that comes while the files are looked for
  client.send("POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n");
  client.send("body");
  EXPECT_EQ(client.response().body, "app");
  EXPECT_THAT(origin.last(), ::testing::EndsWith("\r\n\r\nbody"));
}

TEST(TryFiles, InProxiedLocationsAndServers) {
  Origin origin(ok("app"));
  Gateway gateway(
      {.server = "root html; try_files /there =410; location /p/ { try_files $uri =404; " + origin.pass() + " }",
       .files = {{"html/p/x", "x"}, {"html/there", "there"}}});
  EXPECT_EQ(get(gateway.port(), "/p/x").body, "app");
  EXPECT_EQ(get(gateway.port(), "/p/y").status, 404);
  EXPECT_EQ(get(gateway.port(), "/any").body, "there");
}

TEST(TryFiles, ACycleEndsAndNothingIsFoundOutsideTheRoot) {
  Gateway gateway({.server =
                       "location / { root html; try_files /$arg_f /again; } location /again { root html; try_files "
                       "/none /again; }",
                   .files = {{"html/x", "x"}, {"secret", "outside"}}});
  EXPECT_EQ(get(gateway.port(), "/?f=x").body, "x");
  EXPECT_EQ(get(gateway.port(), "/?f=../secret").status, 500);
}

}  // namespace
}  // namespace hearth::test
