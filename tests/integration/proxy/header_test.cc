// Header fields on their way through, both ways, and the log line.
#include <gmock/gmock.h>

#include "support/gateway/gateway.h"

namespace hearth::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

struct Through {
  std::string seen;  // by the origin
  Response response;
};

Through through(const std::string& location, const std::string& request_fields, const std::string& response_fields = {},
                const std::string& target = "/") {
  Origin origin(ok("x", response_fields));
  Gateway gateway({.server = "location / { " + origin.pass() + location + " }"});
  Through out;
  out.response = fetch(gateway.port(), "GET " + target + " HTTP/1.1\r\nHost: h.test:81\r\n" + request_fields + "\r\n");
  out.seen = origin.last();
  return out;
}

TEST(Headers, HopByHopFieldsStay) {
  const Through t = through("",
                            "Connection: keep-alive, X-Gone\r\nX-Gone: 1\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\n"
                            "TE: gzip\r\nUpgrade: h2c\r\nX-Kept: 1\r\n",
                            "Connection: X-Private\r\nX-Private: 1\r\nKeep-Alive: timeout=5\r\nX-Public: 1\r\n");
  EXPECT_THAT(t.seen, HasSubstr("X-Kept: 1\r\n"));
  for (const char* gone : {"X-Gone", "Keep-Alive", "Proxy-Connection", "TE:", "Upgrade"}) {
    EXPECT_THAT(t.seen, Not(HasSubstr(gone)));
  }
  EXPECT_EQ(t.response.header("X-Public"), "1");
  EXPECT_EQ(t.response.header("X-Private"), "");
  EXPECT_EQ(t.response.header("Keep-Alive"), "");
}

TEST(Headers, DuplicatesSurvive) {
  const Through t = through("", "X-A: 1\r\nX-A: 2\r\n", "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nVary: x\r\nVary: y\r\n");
  EXPECT_THAT(t.seen, HasSubstr("X-A: 1\r\nX-A: 2\r\n"));
  EXPECT_THAT(t.response.all("Set-Cookie"), ElementsAre("a=1", "b=2"));
  EXPECT_THAT(t.response.all("Vary"), ElementsAre("x", "y"));
}

TEST(Headers, ForgedIdentityIsReplaced) {
  const Through t = through("",
                            "X-Forwarded-For: 6.6.6.6\r\nx_forwarded_for: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n"
                            "X-Real-IP: 6.6.6.6\r\nX-Forwarded-User: root\r\nRemote-User: root\r\n"
                            "X-Request-Id: 666\r\nX-Hearth-Owner: root\r\n");
  EXPECT_THAT(t.seen, Not(HasSubstr("6.6.6.6")));
  EXPECT_THAT(t.seen, Not(HasSubstr("666")));
  EXPECT_THAT(t.seen, Not(HasSubstr("root")));
  EXPECT_THAT(t.seen, AllOf(HasSubstr("X-Forwarded-For: 127.0.0.1\r\n"), HasSubstr("X-Forwarded-Proto: http\r\n"),
                            HasSubstr("X-Forwarded-Host: h.test:81\r\n"), HasSubstr("X-Request-Id: ")));
}

TEST(Headers, ConnectionCannotNameAwayWhatWeRelyOn) {
  const Through t =
      through("", "Connection: Host, X-Forwarded-For, X-Request-Id, Authorization\r\nAuthorization: a\r\n");
  EXPECT_THAT(t.seen, AllOf(HasSubstr("Host: "), HasSubstr("X-Forwarded-For: 127.0.0.1"), HasSubstr("X-Request-Id: "),
                            HasSubstr("Authorization: a")));
}

TEST(Headers, ProxySetAndHideAndAdd) {
  const Through t = through(
      "proxy_set_header Host $host; proxy_set_header X-Uri $request_uri; proxy_set_header X-Arg $arg_q;"
      "proxy_set_header X-Gone ''; proxy_set_header X-C $cookie_k; proxy_set_header X-H $http_x_in;"
      "proxy_hide_header Server; proxy_hide_header X-Secret; add_header X-Added \"$request_method $uri\";",
      "X-Gone: 1\r\nCookie: a=b; k=v\r\nX-In: yes\r\nX-Uri: forged\r\n", "Server: o\r\nX-Secret: s\r\n", "/a%20b?q=1");
  EXPECT_THAT(t.seen, AllOf(HasSubstr("Host: h.test\r\n"), HasSubstr("X-Uri: /a%20b?q=1\r\n"),
                            HasSubstr("X-Arg: 1\r\n"), HasSubstr("X-C: v\r\n"), HasSubstr("X-H: yes\r\n")));
  EXPECT_THAT(t.seen, Not(HasSubstr("forged")));
  EXPECT_THAT(t.seen, Not(HasSubstr("X-Gone")));
  EXPECT_EQ(t.response.header("Server"), "");
  EXPECT_EQ(t.response.header("X-Secret"), "");
  EXPECT_EQ(t.response.header("X-Added"), "GET /a b");
}

TEST(Headers, AddHeaderOnErrorsOnlyWithAlways) {
  Gateway gateway({.server = "add_header X-Some 1; add_header X-All 1 always; location / { return 404; }"
                             "location /ok { return 200 x; } location /gone/ { root none; }"
                             "location /dead { proxy_pass http://127.0.0.1:1; }"});
  EXPECT_EQ(get(gateway.port(), "/ok").header("X-Some"), "1");
  EXPECT_EQ(get(gateway.port(), "/ok").header("X-All"), "1");
  for (const char* path : {"/", "/gone/x", "/dead"}) {
    EXPECT_EQ(get(gateway.port(), path).header("X-Some"), "") << path;
    EXPECT_EQ(get(gateway.port(), path).header("X-All"), "1") << path;
  }
  Origin origin("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
  Gateway proxy({.server = "add_header X-Some 1; add_header X-All 1 always; location / { " + origin.pass() + " }"});
  EXPECT_EQ(get(proxy.port(), "/").header("X-Some"), "");
  EXPECT_EQ(get(proxy.port(), "/").header("X-All"), "1");
}

TEST(Headers, ProxyPassWithAndWithoutUri) {
  Origin origin(ok("x"));
  const std::string to = "proxy_pass http://127.0.0.1:" + std::to_string(origin.port());
  Gateway gateway({.server = "location /raw/ { " + to + "; } location /cut/ { " + to + "/base/; } location /root/ { " +
                             to + "/; }"});
  const auto target = [&](const std::string& path) {
    get(gateway.port(), path);
    const std::string last = origin.last();
    return last.substr(4, last.find(" HTTP") - 4);
  };
  EXPECT_EQ(target("/raw/a%2Fb?x=%20"), "/raw/a%2Fb?x=%20");
  EXPECT_EQ(target("/cut/a/b?x=1"), "/base/a/b?x=1");
  EXPECT_EQ(target("/cut/a%20b?"), "/base/a%20b?");
  EXPECT_EQ(target("/root/a"), "/a");
  EXPECT_EQ(target("/cut/../root/./z"), "/z");
}

TEST(Headers, AbsoluteFormAndOptionsStar) {
  Origin origin(ok("x"));
  Gateway gateway({.server = "location / { " + origin.pass() + " }"});
  EXPECT_EQ(fetch(gateway.port(), "GET http://h/p?q HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
  EXPECT_THAT(origin.last(), HasSubstr("GET /p?q HTTP/1.1\r\n"));
  EXPECT_EQ(fetch(gateway.port(), "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").status, 204);
}

TEST(Headers, DateIsAddedWhenMissing) {
  EXPECT_NE(through("", "").response.header("Date"), "");
  EXPECT_THAT(through("", "", "Date: then\r\n").response.all("Date"), ElementsAre("then"));
}

TEST(AccessLog, OneLinePerRequest) {
  Origin origin(ok("body"));
  Gateway gateway({.server = "location / { " + origin.pass() + " } location /no { access_log off; return 200; }"});
  get(gateway.port(), "/a?b=c", "User-Agent: t\r\n");
  get(gateway.port(), "/no");
  fetch(gateway.port(), "BAD\r\n\r\n");
  const std::string log = gateway.access_log();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 2) << log;
  const std::string id = origin.last().substr(origin.last().find("X-Request-Id: ") + 14, 32);
  EXPECT_THAT(log, AllOf(HasSubstr("/a?b=c"), HasSubstr("\"status\":200"), HasSubstr(id), HasSubstr("\"status\":400"),
                         HasSubstr(std::to_string(origin.port()))));
}

}  // namespace
}  // namespace hearth::test
