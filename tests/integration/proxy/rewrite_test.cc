// Requests that are for something else than their target: rewrite, try_files; and map, location ~, location @name.
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

TEST(TryFiles, NamedLocationGetsTheRequestAsItCame) {
  Origin origin(ok("app"));
  Gateway gateway({.server = "location / { root html; try_files $uri @app; } location @app { " + origin.pass() + " }",
                   .files = {{"html/x", "x"}}});
  EXPECT_EQ(get(gateway.port(), "/x").body, "x");
  EXPECT_EQ(get(gateway.port(), "/a%2Fb//c?d=1").body, "app");
  EXPECT_THAT(origin.last(), StartsWith("GET /a%2Fb//c?d=1 HTTP/1.1\r\n"));
  EXPECT_EQ(get(gateway.port(), "/@app").body, "app");
}

TEST(Locations, RegularExpressions) {
  Gateway gateway({.server = "location / { return 200 prefix; } location ^~ /static/ { return 200 final; }"
                             "location = /x.php { return 200 exact; }"
                             "location ~ ^/(\\w+)/([^/]+)\\.php$ { return 200 $1|$2; }"
                             "location ~* \\.PNG$ { return 200 image; } location ~ (a+)+$ { return 200 hard; }"});
  EXPECT_EQ(get(gateway.port(), "/").body, "prefix");
  EXPECT_EQ(get(gateway.port(), "/x.php").body, "exact");
  EXPECT_EQ(get(gateway.port(), "/static/x.php").body, "final");
  EXPECT_EQ(get(gateway.port(), "/app/x%20y.php?q").body, "app|x y");
  EXPECT_EQ(get(gateway.port(), "/i.Png").body, "image");
  EXPECT_EQ(get(gateway.port(), "/" + std::string(60, 'a') + "!").status, 500) << "not let through to another location";
}

TEST(Rewrite, ServerAndLocation) {
  Origin origin(ok("app"));
  Gateway gateway(
      {.server = "rewrite ^/old/(.*)$ /new/$1; rewrite ^/new/(.*)/chained$ /new/$1?c=1 last; rewrite ^ /unseen break;"
                 "location /new/ { " +
                 origin.pass() + " } location /unseen { return 200 unseen; }"});
  get(gateway.port(), "/old/a%20b%3Fc/chained?d=2");
  EXPECT_THAT(origin.last(), StartsWith("GET /new/a%20b%3Fc?c=1&d=2 HTTP/1.1\r\n"));
  EXPECT_EQ(get(gateway.port(), "/new/x").body, "unseen");
}

TEST(Rewrite, FlagsAndArguments) {
  Origin origin(ok("app"));
  const std::string port = std::to_string(origin.port());
  Gateway gateway({.server = "location /last/ { rewrite ^/last/(.*) /$1 last; return 404; }"
                             "location /next/ { rewrite ^/next/(.*) /$1; return 200 $uri; }"
                             "location /away/ { rewrite ^/away/(.*) /to/$1 redirect; }"
                             "location /moved/ { rewrite ^/moved/(.*) https://h.test/$1?x=1 permanent; }"
                             "location /bare/ { rewrite ^/bare/(.*) /b/$1? redirect; }"
                             "location /drop/ { rewrite ^/drop/(.*) /show?; }"
                             "location /arg/ { rewrite ^/arg/(.*) /show?a=$1; }"
                             "location /cycle { rewrite ^ /cycle; } location /empty { rewrite ^ $arg_to; }"
                             "location /break/ { rewrite ^/break/(.*) /changed/$1 break; proxy_pass http://127.0.0.1:" +
                             port +
                             "/prefix/; } location /alias/ { rewrite ^ /other break; alias html/; }"
                             "location /show { return 200 $uri?$args|$arg_a|$request_uri; }"
                             "location /deny { deny all; return 200 x; } location / { return 200 root:$uri; }"});
  const auto body = [&](const std::string& path) { return get(gateway.port(), path).body; };
  const auto to = [&](const std::string& path) { return get(gateway.port(), path).header("Location"); };
  EXPECT_EQ(body("/last/x"), "root:/x");
  EXPECT_EQ(get(gateway.port(), "/last/deny").status, 403);
  EXPECT_EQ(body("/next/x"), "/x");
  EXPECT_EQ(to("/away/x%20y?q=1"), "/to/x%20y?q=1");
  EXPECT_EQ(get(gateway.port(), "/away/x").status, 302);
  EXPECT_EQ(to("/moved/a%0dSet-Cookie:x?y=2"), "https://h.test/a%0DSet-Cookie:x?x=1&y=2");
  EXPECT_EQ(get(gateway.port(), "/moved/x").status, 301);
  EXPECT_EQ(to("/bare/x?q=1"), "/b/x");
  EXPECT_EQ(body("/drop/x?q=1"), "/show?||/drop/x?q=1");
  EXPECT_EQ(body("/arg/1%262?q=1"), "/show?a=1%262&q=1|1%262|/arg/1%262?q=1");
  EXPECT_EQ(get(gateway.port(), "/cycle").status, 500);
  EXPECT_EQ(get(gateway.port(), "/empty").status, 400);
  EXPECT_EQ(get(gateway.port(), "/empty?to=/../x").status, 400);
  EXPECT_EQ(get(gateway.port(), "/alias/x").status, 500);
  EXPECT_EQ(body("/break/a%20b?q"), "app");
  EXPECT_THAT(origin.last(), StartsWith("GET /changed/a%20b?q HTTP/1.1\r\n"));
}

TEST(Rewrite, BeforeTheReturnOfAServer) {
  Gateway gateway({.server = "rewrite ^/ok /fine last; return 403; location /fine { return 200 fine; }"});
  EXPECT_EQ(get(gateway.port(), "/ok").body, "fine");
  EXPECT_EQ(get(gateway.port(), "/fine").status, 403);
  Gateway files({.server = "root html; rewrite ^/ok /file last; return 403;", .files = {{"html/file", "file"}}});
  EXPECT_EQ(get(files.port(), "/ok").body, "file");
  EXPECT_EQ(get(files.port(), "/file").status, 403);
}

TEST(Rewrite, ToAModule) {
  std::mutex mutex;
  std::string seen;
  Handlers handlers;
  handlers["show"] = [&](Exchange& exchange, WorkerHost&) {
    const std::lock_guard lock(mutex);
    seen = std::string(exchange.request().target) + "|" + std::string(exchange.request().path) + "|" +
           std::string(exchange.request().query);
    exchange.reply({200, {}, "shown"});
  };
  Gateway gateway(
      {.server = "location / { rewrite ^/(.*)$ /m/$1 last; } location /m/ { show; }", .handlers = handlers});
  EXPECT_EQ(get(gateway.port(), "/a%20b?c").body, "shown");
  const std::lock_guard lock(mutex);
  EXPECT_EQ(seen, "/m/a%20b?c|/m/a%20b|c");
}

TEST(Map, IsLookedUpWhereverVariablesAre) {
  Origin origin(ok("app"));
  Gateway gateway({.server = "location / { return 200 $kind|$who; } location /p { proxy_set_header Kind $kind; " +
                             origin.pass() + " } location ~ ^/([a-z]+)/t { root html; try_files /$kind /$1 =404; }",
                   .http = "map $uri $kind { default other; ~^/(\\w+)/(\\w+)$ $2-$1-$arg_x; /exact exactly; }"
                           "map $http_user:$kind $who { hostnames; :exactly nobody; ~*^ME: me; include more.map; }",
                   .files = {{"html/files", "$1"}, {"html/t-other-", "mapped"}, {"more.map", "you:other you;"}}});
  EXPECT_EQ(get(gateway.port(), "/EXACT").body, "exactly|nobody");
  EXPECT_EQ(get(gateway.port(), "/a/b?x=1").body, "b-a-1|");
  EXPECT_EQ(get(gateway.port(), "/none", "User: me\r\n").body, "other|me");
  EXPECT_EQ(get(gateway.port(), "/none", "User: you\r\n").body, "other|you");
  get(gateway.port(), "/p/z?x=9");
  EXPECT_THAT(origin.last(), ::testing::HasSubstr("\r\nKind: z-p-9\r\n"));
  EXPECT_EQ(get(gateway.port(), "/other/t").body, "mapped");
  EXPECT_EQ(get(gateway.port(), "/files/t").body, "$1");
}

}  // namespace
}  // namespace hearth::test
