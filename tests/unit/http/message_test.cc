#include <gtest/gtest.h>

#include "http/cookie.h"
#include "http/forwarded.h"
#include "http/media.h"
#include "http/message.h"
#include "http/validate.h"

namespace hearth::http {
namespace {

HeaderList list(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  HeaderList headers;
  for (const auto& [name, value] : fields) headers.add(name, value);
  return headers;
}

TEST(KnownHeader, IsFoundInAnyCase) {
  EXPECT_EQ(known_header("Host"), KnownHeader::host);
  EXPECT_EQ(known_header("CONTENT-LENGTH"), KnownHeader::content_length);
  EXPECT_EQ(known_header("sec-websocket-extensions"), KnownHeader::sec_websocket_extensions);
  EXPECT_EQ(known_header("te"), KnownHeader::te);
  EXPECT_EQ(known_header("via"), KnownHeader::via);
  EXPECT_EQ(known_header("Content_Length"), KnownHeader::other);
  EXPECT_EQ(known_header("hos"), KnownHeader::other);
  EXPECT_EQ(known_header(""), KnownHeader::other);
  EXPECT_EQ(known_header(std::string(500, 'a')), KnownHeader::other);
}

TEST(HeaderList, FindsAndCounts) {
  const HeaderList headers = list({{"A", "1"}, {"Connection", "x, Upgrade"}, {"a", "2"}, {"connection", "y"}});
  EXPECT_EQ(headers.find("a")->value, "1");
  EXPECT_EQ(headers.count(KnownHeader::connection), 2u);
  EXPECT_TRUE(headers.lists(KnownHeader::connection, "upgrade"));
  EXPECT_TRUE(headers.lists(KnownHeader::connection, "Y"));
  EXPECT_FALSE(headers.lists(KnownHeader::connection, "up"));
  EXPECT_EQ(headers.find("b"), nullptr);
  EXPECT_EQ(headers.value("b"), "");
  int seen = 0;
  headers.find_all(KnownHeader::connection, [&](const Header&) { ++seen; });
  EXPECT_EQ(seen, 2);
}

TEST(Method, NamesGoBothWays) {
  for (int i = 1; i <= static_cast<int>(Method::unsubscribe); ++i) {
    EXPECT_EQ(parse_method(name(static_cast<Method>(i))), static_cast<Method>(i));
  }
  EXPECT_EQ(name(Method::del), "DELETE");
  EXPECT_EQ(name(Method::m_search), "M-SEARCH");
  EXPECT_EQ(parse_method(""), Method::unknown);
  EXPECT_TRUE(is_idempotent(Method::del));
  EXPECT_FALSE(is_idempotent(Method::post));
  EXPECT_FALSE(is_idempotent(Method::patch));
}

// RFC 6265 4.2.1
TEST(Cookie, IsFoundOverSeveralLines) {
  const HeaderList headers = list({{"Cookie", "a=1; b=2"}, {"X", "s=0"}, {"cookie", "sess=x=y"}});
  EXPECT_EQ(find_cookie(headers, "b"), "2");
  EXPECT_EQ(find_cookie(headers, "sess"), "x=y");
  EXPECT_EQ(find_cookie(headers, "s"), std::nullopt);
  EXPECT_EQ(find_cookie(headers, "SESS"), std::nullopt);
  EXPECT_EQ(find_cookie("a;b=2", "a"), std::nullopt);
  EXPECT_EQ(find_cookie("a=; b=2", "a"), "");
  EXPECT_EQ(find_cookie("a=\"q\"", "a"), "\"q\"");
  EXPECT_EQ(find_cookie("  a = 1 ", "a"), "1");
  EXPECT_EQ(find_cookie("", "a"), std::nullopt);
}

TEST(Cookie, IsRemovedAndTheRestKeepsItsBytes) {
  const auto without = [](std::string_view cookies, std::string_view name) {
    std::string out;
    remove_cookie(cookies, name, out);
    return out;
  };
  EXPECT_EQ(without("a=1; s=2; b=3", "s"), "a=1; b=3");
  EXPECT_EQ(without("s=2; b=3", "s"), "b=3");
  EXPECT_EQ(without("a=1; s=2", "s"), "a=1");
  EXPECT_EQ(without("s=2", "s"), "");
  EXPECT_EQ(without("s=2; s=3", "s"), "");
  EXPECT_EQ(without("s", "s"), "");
  EXPECT_EQ(without("a=1;s=2;b=3", "s"), "a=1;b=3");
  EXPECT_EQ(without("a=1;  b=\"x y\" ;c=%3B", "s"), "a=1;  b=\"x y\" ;c=%3B");
  EXPECT_EQ(without("a=1; s =2; b", "s"), "a=1; b") << "a server trims names, so must we";
  EXPECT_EQ(without("ss=1; s2=2", "s"), "ss=1; s2=2");
  EXPECT_EQ(without("; a=1;", "s"), "; a=1;");
  EXPECT_EQ(without("s=2;  b=3 ; c", "s"), "b=3 ; c");
  EXPECT_TRUE(has_cookie("a=1; s", "s"));
  EXPECT_FALSE(has_cookie("a=s", "s"));
}

// facts 4.4
TEST(Forwarded, IdentityFieldsInEverySpelling) {
  for (const char* name :
       {"X-Forwarded-For", "x_forwarded_for", "X.Forwarded.Proto", "X-Forwarded-User", "X-FORWARDED-PREFIX",
        "Forwarded", "X-Forwarded", "X-Real-IP", "x_real_ip", "X-Hearth-User", "X_Hearth.User", "Remote-User",
        "Remote_User", "Remote.User", "REMOTE-GROUPS", "X-Remote-User", "X-Auth-Request-Email", "x-auth_user"}) {
    EXPECT_TRUE(is_client_identity_header(name)) << name;
  }
  for (const char* name : {"Authorization", "X-Request-Id", "X-Requested-With", "Referer", "Range", "From", "X-Author",
                           "Remote", "XForwardedFor", "X-Real-IPs", ""}) {
    EXPECT_FALSE(is_client_identity_header(name)) << name;
  }
}

TEST(Forwarded, LookalikesOfWhatWeDecideBy) {
  const auto is = [](std::string_view name) {
    HeaderList list;
    list.add(name, "x");
    return is_lookalike(list[0]);
  };
  for (const char* name : {"Content_Length", "TRANSFER_ENCODING", "Transfer.Encoding", "x_request.id", "Keep_Alive"}) {
    EXPECT_TRUE(is(name)) << name;
  }
  for (const char* name : {"Content-Length", "Host", "my_field", "_", "Content__Length", "Content_Length_",
                           "a_name_longer_than_every_name_that_is_known"}) {
    EXPECT_FALSE(is(name)) << name;
  }
  EXPECT_TRUE(is_same_folded("X-User", "x_user"));
  EXPECT_FALSE(is_same_folded("X-User", "x_users"));
}

TEST(Forwarded, ConnectionNominatesButNotWhatWeRelyOn) {
  ConnectionNominated nominated;
  nominated.collect(
      list({{"Connection", "close, X-Drop"},
            {"Connection", "Host,Cookie, authorization, x-forwarded-for, X_Hearth_User, content-length"}}));
  EXPECT_TRUE(nominated.contains("x-drop"));
  for (const char* kept : {"host", "cookie", "Authorization", "X-Forwarded-For", "x_hearth_user", "Content-Length"}) {
    EXPECT_FALSE(nominated.contains(kept)) << kept;
  }
  nominated.collect(list({{"Connection", "Upgrade, Sec-WebSocket-Key, sec-websocket-version, Sec-WebSocket-Accept"}}));
  EXPECT_TRUE(nominated.empty()) << "a handshake stays one";
  nominated.collect(list({{"Connection", "keep-alive"}}));
  EXPECT_TRUE(nominated.empty());
}

TEST(Authority, ComparesWithDefaultPorts) {
  EXPECT_TRUE(same_authority("h", "H:80", 80));
  EXPECT_TRUE(same_authority("[::1]:443", "[::1]", 443));
  EXPECT_TRUE(same_authority("h:", "h", 80));
  EXPECT_FALSE(same_authority("h", "h:8080", 80));
  EXPECT_FALSE(same_authority("[::1]", "[::2]", 80));
}

TEST(Media, NamesAndWeights) {
  EXPECT_EQ(media_type_for_path("/a/b.HTML"), "text/html; charset=utf-8");
  EXPECT_EQ(media_type_for_path("x.min.js"), "text/javascript; charset=utf-8");
  EXPECT_EQ(media_type_for_path("/a.js/b"), "application/octet-stream");
  EXPECT_EQ(media_type_for_path("noext"), "application/octet-stream");
  EXPECT_EQ(media_type_essence("text/html ; charset=x"), "text/html");
  EXPECT_TRUE(accept_names("application/xml;q=0.9, text/html", "text/html"));
  EXPECT_TRUE(accept_names("TEXT/HTML;q=0.1", "text/html"));
  EXPECT_FALSE(accept_names("text/html;q=0.0, */*", "text/html"));
  EXPECT_FALSE(accept_names("*/*", "text/html"));
}

// SPEC section 7
TEST(Media, NavigationIsWhatABrowserSaysItIs) {
  RequestHead head;
  head.method = Method::get;
  EXPECT_FALSE(is_navigation(head));
  head.headers = list({{"Accept", "text/html,*/*;q=0.8"}});
  EXPECT_TRUE(is_navigation(head));
  head.headers = list({{"Accept", "text/html"}, {"Sec-Fetch-Mode", "cors"}});
  EXPECT_FALSE(is_navigation(head));
  head.headers = list({{"Sec-Fetch-Mode", "navigate"}});
  EXPECT_TRUE(is_navigation(head));
  head.method = Method::post;
  EXPECT_FALSE(is_navigation(head));
}

}  // namespace
}  // namespace hearth::http
