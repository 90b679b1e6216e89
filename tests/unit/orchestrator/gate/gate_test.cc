// The gate on a fake worker: sessions asked for once, holding and releasing, wakes, and what the upstream gets.
#include "orchestrator/gate/gate.h"

#include <gtest/gtest.h>

#include "orchestrator/auth/token.h"
#include "support/fake_worker.h"
#include "support/loop_until.h"

namespace hearth::orchestrator::gate {
namespace {

using test::FakeExchange;

class FakeControl : public ControlLink {
 public:
  void worker_started(unsigned) override {}
  void find_session(unsigned, std::string hash) override { asked.push_back(std::move(hash)); }
  void wake(ExchangeId exchange, const Uuid& workspace, const Uuid&) override {
    woken.emplace_back(exchange, workspace);
  }
  void call_api(ApiRequest) override {}
  void stream_ended(ExchangeId) override {}

  std::vector<std::string> asked;
  std::vector<std::pair<ExchangeId, Uuid>> woken;
};

class GateTest : public testing::Test {
 protected:
  GateTest() {
    settings_.wake_hold = Milliseconds(80);
    identity_.user = Uuid::random();
    identity_.username = "ann";
    identity_.expires_at = WallTime::max();
    set(Phase::standby);
  }

  void set(Phase phase, bool up = false) {
    Route route;
    route.workspace = id_;
    route.owner = identity_.user;
    route.name = "box";
    route.phase = phase;
    route.on_its_way_up = up;
    if (phase == Phase::running) route.address = *SocketAddress::parse("127.0.0.1:4321");
    gate_.apply({{route}, {}, true});
  }
  void sign_in() { sessions_.answered(secret_hash("secret"), std::optional(identity_)); }

  FakeExchange& request(std::string rest, std::vector<std::pair<std::string, std::string>> headers = {},
                        bool websocket = false) {
    headers.emplace_back("Cookie", "a=b; hearth_session=secret");
    FakeExchange::Wanted wanted;
    wanted.target = "/w/" + id_.text() + rest;
    wanted.headers = std::move(headers);
    wanted.websocket = websocket;
    FakeExchange& exchange = worker_.begin(std::move(wanted));
    gate_.handle(exchange);
    return exchange;
  }
  FakeExchange& navigate(std::string rest) { return request(std::move(rest), {{"Sec-Fetch-Mode", "navigate"}}); }

  Loop loop_;
  test::FakeWorker worker_{loop_};
  FakeControl control_;
  OrchestratorSettings settings_;
  SessionLookup sessions_{worker_, control_};
  Gate gate_{worker_, control_, sessions_, settings_};
  Identity identity_;
  const Uuid id_ = Uuid::random();
};

TEST_F(GateTest, RedirectsToTheSlashWithTheQueryBeforeAnyQuestion) {
  FakeExchange& exchange = request("?a=1&b=%20");
  EXPECT_EQ(exchange.status(), 308);
  EXPECT_EQ(exchange.header("Location"), "/w/" + id_.text() + "/?a=1&b=%20");
  EXPECT_TRUE(control_.asked.empty());
}

TEST_F(GateTest, RefusesBadIdsAndClimbingPathsWithoutAQuestion) {
  for (const auto& [target, status] : std::vector<std::pair<std::string, int>>{
           {"/w/nonsense/", 404}, {"/w/" + id_.text() + "/..%2fx", 400}, {"/w/", 404}}) {
    FakeExchange::Wanted wanted;
    wanted.target = target;
    FakeExchange& exchange = worker_.begin(wanted);
    gate_.handle(exchange);
    EXPECT_EQ(exchange.status(), status) << target;
  }
  EXPECT_TRUE(control_.asked.empty());
}

TEST_F(GateTest, AsksOnceForTheSessionOfManyRequestsAndRemembersTheAnswer) {
  set(Phase::running);
  FakeExchange& first = request("/a");
  FakeExchange& second = request("/b");
  EXPECT_FALSE(first.over());
  EXPECT_EQ(control_.asked, std::vector<std::string>{secret_hash("secret")});
  sign_in();
  EXPECT_TRUE(first.plan && second.plan);
  EXPECT_TRUE(request("/c").plan);
  EXPECT_EQ(control_.asked.size(), 1u);
  sessions_.forget_session(secret_hash("secret"));
  EXPECT_FALSE(request("/d").over());
  EXPECT_EQ(control_.asked.size(), 2u);
}

TEST_F(GateTest, WithoutADatabaseItSaysTryAgain) {
  FakeExchange& exchange = request("/");
  sessions_.answered(secret_hash("secret"), fail(ErrorCode::unavailable, ErrorSource::database, "away", true));
  EXPECT_EQ(exchange.status(), 503);
  EXPECT_FALSE(exchange.header("Retry-After").empty());
}

TEST_F(GateTest, SendsPeopleToTheLoginPageAndBack) {
  FakeExchange& page = navigate("/x?y=1");
  FakeExchange& script = request("/x.js");
  sessions_.answered(secret_hash("secret"), std::optional<Identity>());
  EXPECT_EQ(page.status(), 302);
  EXPECT_EQ(page.header("Location").find("/login?next="), 0u);
  EXPECT_EQ(script.status(), 401);
}

TEST_F(GateTest, CarriesTheRestOfThePathAndHidesTheSession) {
  set(Phase::running);
  sign_in();
  FakeExchange& exchange = request("/a%20b/../c?q=1");
  ASSERT_TRUE(exchange.plan);
  EXPECT_EQ(exchange.plan->target, "/a%20b/../c?q=1");
  EXPECT_EQ(exchange.plan->forwarded_prefix, "/w/" + id_.text());
  EXPECT_EQ(exchange.plan->hidden_cookie, "hearth_session");
  EXPECT_EQ(exchange.plan->address.text(), "127.0.0.1:4321");
  EXPECT_EQ(exchange.plan->route, id_.text());
  EXPECT_EQ(exchange.plan->user, "ann");
}

TEST_F(GateTest, AnUpstreamThatDoesNotAnswerIsAPageForPeopleAndJsonForPrograms) {
  sign_in();
  set(Phase::running);
  FakeExchange& person = navigate("/");
  ASSERT_TRUE(person.plan && person.plan->failed);
  const Reply page = person.plan->failed(502);
  EXPECT_EQ(page.status, 502);
  EXPECT_NE(page.body.find("The workspace does not answer"), std::string::npos);
  FakeExchange& program = request("/x.js");
  ASSERT_TRUE(program.plan && program.plan->failed);
  const Reply json = program.plan->failed(504);
  EXPECT_EQ(json.status, 504);
  EXPECT_NE(json.body.find("\"UPSTREAM_UNAVAILABLE\""), std::string::npos);
}

TEST_F(GateTest, OnlyANavigationWakes) {
  sign_in();
  EXPECT_EQ(request("/x.js").status(), 503);
  EXPECT_EQ(request("/", {}, true).status(), 503);
  EXPECT_TRUE(control_.woken.empty());
  FakeExchange& page = navigate("/");
  ASSERT_EQ(control_.woken.size(), 1u);
  EXPECT_EQ(control_.woken[0].second, id_);
  EXPECT_FALSE(page.over());
  set(Phase::standby, true);
  gate_.wake_decided(page.id(), RunOutcome{Workspace{}, std::nullopt});
  EXPECT_EQ(page.status(), 202);
  EXPECT_EQ(navigate("/").status(), 202) << "it is coming up already";
  EXPECT_EQ(control_.woken.size(), 1u);
}

TEST_F(GateTest, AWakeOverTheLimitShowsWhatRuns) {
  sign_in();
  FakeExchange& page = navigate("/");
  gate_.wake_decided(
      page.id(), RunOutcome{std::nullopt, LimitHit{true, 1, 1, {{Uuid::random(), "the other one", Phase::running}}}});
  EXPECT_EQ(page.status(), 429);
  EXPECT_NE(page.answer->body.find("the other one"), std::string::npos);
}

TEST_F(GateTest, HoldsUntilTheWorkspaceRuns) {
  sign_in();
  set(Phase::standby, true);
  FakeExchange& script = request("/x.js");
  FakeExchange& socket = request("/ws", {{"Origin", "http://hearth.example"}}, true);
  EXPECT_EQ(gate_.held(), 2u);
  set(Phase::standby, true);
  EXPECT_FALSE(script.over());
  set(Phase::running);
  EXPECT_TRUE(script.plan && socket.plan);
  EXPECT_EQ(gate_.held(), 0u);
}

TEST_F(GateTest, HoldsNoLongerThanWakeHold) {
  sign_in();
  set(Phase::standby, true);
  FakeExchange& script = request("/x.js");
  ASSERT_TRUE(test::run_until(loop_, [&] { return script.over(); }));
  EXPECT_EQ(script.status(), 503);
  EXPECT_FALSE(script.header("Retry-After").empty());
  EXPECT_EQ(gate_.held(), 0u);
}

TEST_F(GateTest, AProcessThatHasJustBegunHoldsUntilItKnowsTheWorkspaces) {
  sign_in();
  Gate fresh{worker_, control_, sessions_, settings_};
  const auto begin = [&](const Uuid& id) -> FakeExchange& {
    FakeExchange::Wanted wanted;
    wanted.target = "/w/" + id.text() + "/x";
    wanted.headers = {{"Cookie", "hearth_session=secret"}};
    FakeExchange& exchange = worker_.begin(std::move(wanted));
    fresh.handle(exchange);
    return exchange;
  };
  FakeExchange& mine = begin(id_);
  FakeExchange& nobodys = begin(Uuid::random());
  EXPECT_EQ(fresh.held(), 2u);
  Route route;
  route.workspace = id_;
  route.owner = identity_.user;
  route.phase = Phase::running;
  route.address = *SocketAddress::parse("127.0.0.1:4321");
  fresh.apply({{route}, {}, true});
  EXPECT_TRUE(mine.plan);
  EXPECT_EQ(nobodys.status(), 404);
  EXPECT_EQ(fresh.held(), 0u);

  Gate never{worker_, control_, sessions_, settings_};
  FakeExchange::Wanted wanted;
  wanted.target = "/w/" + id_.text() + "/x";
  wanted.headers = {{"Cookie", "hearth_session=secret"}};
  FakeExchange& late = worker_.begin(std::move(wanted));
  never.handle(late);
  ASSERT_TRUE(test::run_until(loop_, [&] { return late.over(); }));
  EXPECT_EQ(late.status(), 503);
}

TEST_F(GateTest, TellsHeldRequestsWhenItFails) {
  sign_in();
  set(Phase::standby, true);
  FakeExchange& script = request("/x.js");
  set(Phase::error);
  EXPECT_EQ(script.status(), 502);
}

TEST_F(GateTest, HoldsABoundedNumberAndForgetsClientsThatLeft) {
  sign_in();
  set(Phase::standby, true);
  FakeExchange& first = request("/x.js");
  for (std::size_t i = 1; i < Gate::kMaxHeldPerWorkspace; ++i) request("/x.js");
  EXPECT_EQ(request("/x.js").status(), 503);
  first.end();
  EXPECT_FALSE(request("/x.js").over());
}

TEST_F(GateTest, RefusesAWebSocketOfAnotherSite) {
  sign_in();
  set(Phase::running);
  EXPECT_EQ(request("/ws", {{"Origin", "http://evil.example"}}, true).status(), 403);
  EXPECT_TRUE(request("/ws", {{"Origin", "http://hearth.example"}}, true).plan);
}

}  // namespace
}  // namespace hearth::orchestrator::gate
