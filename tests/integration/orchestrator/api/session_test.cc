#include "integration/orchestrator/api/node.h"
#include "orchestrator/auth/token.h"

namespace hearth::orchestrator {
namespace {

class SessionTest : public NodeTest {
 protected:
  Node node_{database_};
  Browser browser_{node_};
};

TEST_F(SessionTest, LogInShowLogOut) {
  EXPECT_EQ(browser_.call("GET", "/session"), 401);
  EXPECT_EQ(browser_.code(), "UNAUTHORIZED");
  ASSERT_EQ(browser_.log_in(), 200);
  EXPECT_EQ(browser_.json["username"], "admin");
  EXPECT_EQ(browser_.json["is_admin"], true);
  const std::string secret = browser_.cookie.substr(browser_.cookie.find('=') + 1);
  EXPECT_EQ(sql("SELECT token_hash FROM sessions"), secret_hash(secret));
  EXPECT_EQ(browser_.call("GET", "/session"), 200);
  EXPECT_EQ(browser_.call("POST", "/logout"), 204);
  EXPECT_NE(browser_.last->header("Set-Cookie").find("Max-Age=0"), std::string::npos);
  EXPECT_EQ(browser_.call("GET", "/session"), 401);
  EXPECT_EQ(sql("SELECT count(*) FROM sessions"), "0");
}

TEST_F(SessionTest, LoggingInAgainEndsTheOldSession) {
  ASSERT_EQ(browser_.log_in(), 200);
  Browser old(node_);
  old.cookie = browser_.cookie;
  ASSERT_EQ(browser_.log_in(), 200);
  EXPECT_NE(browser_.cookie, old.cookie);
  EXPECT_TRUE(node_.until([&] { return sql("SELECT count(*) FROM sessions") == "1"; }));
  EXPECT_EQ(old.call("GET", "/session"), 401);
}

TEST_F(SessionTest, WrongPasswordAndUnknownUserLookAlikeAndLockOut) {
  EXPECT_EQ(browser_.log_in("admin", "wrong"), 401);
  const std::string wrong = browser_.last->answer->body;
  EXPECT_EQ(browser_.log_in("nobody", "wrong"), 401);
  EXPECT_EQ(browser_.last->answer->body, wrong);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(browser_.log_in("admin", "wrong"), 401);
  EXPECT_EQ(browser_.log_in(), 429) << "the right password as well";
  EXPECT_EQ(browser_.code(), "TOO_MANY_REQUESTS");
  EXPECT_EQ(browser_.last->header("Retry-After"), "30");
  Browser elsewhere(node_, "192.0.2.77");
  EXPECT_EQ(elsewhere.log_in(), 200);
}

TEST_F(SessionTest, LogoutIsSeenByTheGateAtOnce) {
  ASSERT_EQ(browser_.log_in(), 200);
  const std::string path = "/w/" + Uuid::random().text() + "/x";
  auto& before = browser_.open(path, false);
  ASSERT_TRUE(node_.until([&] { return before.over(); }));
  EXPECT_EQ(before.status(), 404) << "known, and cached";
  ASSERT_EQ(browser_.call("POST", "/logout"), 204);
  auto& after = browser_.open(path, false);
  ASSERT_TRUE(node_.until([&] { return after.over(); }));
  EXPECT_EQ(after.status(), 401);
}

TEST_F(SessionTest, WhileTheDatabaseIsAwayAnyWorkerBelievesWhatOneKnew) {
  ASSERT_EQ(browser_.log_in(), 200);
  const auto opened = [this] {
    auto& exchange = browser_.open("/w/" + Uuid::random().text() + "/x", false);
    EXPECT_TRUE(node_.until([&] { return exchange.over(); }));
    return exchange.status();
  };
  ASSERT_EQ(opened(), 404) << "known, and cached";
  node_.renew_worker();
  sql("ALTER TABLE sessions RENAME TO sessions_away");
  EXPECT_EQ(opened(), 404);
  sql("ALTER TABLE sessions_away RENAME TO sessions");
  ASSERT_EQ(browser_.call("POST", "/logout"), 204);
  node_.renew_worker();
  sql("ALTER TABLE sessions RENAME TO sessions_away");
  EXPECT_EQ(opened(), 503) << "a logout counts";
  sql("ALTER TABLE sessions_away RENAME TO sessions");
}

TEST_F(SessionTest, AnExpiredSessionIsNone) {
  ASSERT_EQ(browser_.log_in(), 200);
  sql("UPDATE sessions SET expires_at = now() - interval '1 second'");
  EXPECT_EQ(browser_.call("GET", "/session"), 401);
}

TEST_F(SessionTest, UseRenewsIt) {
  ASSERT_EQ(browser_.log_in(), 200);
  sql("UPDATE sessions SET expires_at = now() + interval '1 hour', last_seen_at = now() - interval '23 hours'");
  EXPECT_EQ(browser_.call("GET", "/session"), 200);
  EXPECT_EQ(sql("SELECT expires_at > now() + interval '23 hours' FROM sessions"), "t");
}

TEST_F(SessionTest, StateChangesNeedASameOriginWord) {
  ASSERT_EQ(browser_.log_in(), 200);
  EXPECT_EQ(browser_.call("POST", "/workspaces", {{"name", "x"}}, {{"Sec-Fetch-Site", "cross-site"}}), 403);
  EXPECT_EQ(browser_.code(), "FORBIDDEN");
  EXPECT_EQ(browser_.call("POST", "/workspaces", {{"name", "x"}}, {{"Sec-Fetch-Site", ""}}), 403);
  EXPECT_EQ(browser_.call("POST", "/workspaces", {{"name", "x"}}, {{"Sec-Fetch-Site", ""}, {"Origin", "http://evil"}}),
            403);
  EXPECT_EQ(browser_.call("POST", "/workspaces", {{"name", "x"}},
                          {{"Sec-Fetch-Site", ""}, {"Origin", "http://hearth.example"}}),
            201);
  EXPECT_EQ(browser_.call("POST", "/login", {{"username", "a"}, {"password", "b"}}, {{"Sec-Fetch-Site", "cross-site"}}),
            403);
}

TEST_F(SessionTest, BodiesMustBeSmallJsonObjects) {
  EXPECT_EQ(browser_.call("POST", "/login", Json::array()), 400);
  EXPECT_EQ(browser_.call("POST", "/login", {{"username", std::string(70000, 'x')}}), 413);
  test::FakeExchange::Wanted wanted;
  wanted.method = "POST";
  wanted.target = "/api/v1/login";
  wanted.body = "{}";
  auto& no_type = node_.begin("api", wanted);
  wanted.headers = {{"Content-Type", "application/json"}};
  wanted.body = "{";
  auto& broken = node_.begin("api", wanted);
  ASSERT_TRUE(node_.until([&] { return no_type.over() && broken.over(); }));
  EXPECT_EQ(no_type.status(), 415);
  EXPECT_EQ(broken.status(), 400);
  EXPECT_EQ(browser_.call("GET", "/nowhere"), 404);
  EXPECT_EQ(browser_.call("PUT", "/session"), 405);
  EXPECT_EQ(browser_.last->header("Allow"), "GET");
}

TEST_F(SessionTest, ReadinessAndHealthNeedNoSession) {
  test::FakeExchange::Wanted wanted;
  wanted.target = "/healthz";
  EXPECT_EQ(node_.begin("dashboard", wanted).answer->body, "ok");
  wanted.target = "/readyz";
  EXPECT_TRUE(node_.until([&] { return node_.begin("dashboard", wanted).status() == 200; }));
  wanted.target = "/";
  auto& page = node_.begin("dashboard", wanted);
  EXPECT_EQ(page.status(), 302);
  EXPECT_EQ(page.header("Location").find("/login"), 0u);
  node_.control().drain();
  wanted.target = "/readyz";
  EXPECT_TRUE(node_.until([&] { return node_.begin("dashboard", wanted).status() == 503; }));
}

}  // namespace
}  // namespace hearth::orchestrator
