#include <algorithm>

#include "integration/orchestrator/api/node.h"

namespace hearth::orchestrator {
namespace {

OrchestratorSettings limits(unsigned per_user, unsigned total) {
  OrchestratorSettings settings;
  settings.max_running_per_user = per_user;
  settings.max_running = total;
  return settings;
}

class WorkspacesTest : public NodeTest {
 protected:
  WorkspacesTest() { EXPECT_EQ(ann_.log_in(), 200); }

  std::string create(const std::string& name, const std::string& desired) {
    EXPECT_EQ(ann_.call("POST", "/workspaces", {{"name", name}, {"desired_state", desired}}), 201)
        << ann_.last->answer->body;
    return ann_.json["id"].get<std::string>();
  }
  // Somebody else, logged in.
  Browser other() {
    EXPECT_EQ(ann_.call("POST", "/users", {{"username", "bob"}, {"password", "bobs-password"}}), 201);
    Browser bob(node_, "192.0.2.2");
    EXPECT_EQ(bob.log_in("bob", "bobs-password"), 200);
    return bob;
  }

  Node node_{database_, limits(2, 3)};
  Browser ann_{node_};
};

TEST_F(WorkspacesTest, CreateGetChangeListDelete) {
  const std::string id = create("first", "STANDBY");
  EXPECT_EQ(ann_.json["url"], "/w/" + id + "/");
  EXPECT_EQ(ann_.json["phase"], "PENDING");
  EXPECT_EQ(ann_.json["error"], nullptr);
  EXPECT_FALSE(ann_.json["waiting_for"].get<std::string>().empty());
  EXPECT_EQ(ann_.call("PATCH", "/workspaces/" + id, {{"description", "of\nlines"}, {"standby_ttl_seconds", 60}}), 200);
  EXPECT_EQ(ann_.json["standby_ttl_seconds"], 60);
  EXPECT_EQ(ann_.call("PATCH", "/workspaces/" + id, {{"standby_ttl_seconds", nullptr}}), 200);
  EXPECT_EQ(ann_.json["standby_ttl_seconds"], nullptr);
  EXPECT_EQ(ann_.json["description"], "of\nlines");
  create("second", "STANDBY");
  EXPECT_EQ(ann_.call("GET", "/workspaces?limit=1&offset=1"), 200);
  EXPECT_EQ(ann_.json["total"], 2);
  EXPECT_EQ(ann_.json["items"].size(), 1u);
  EXPECT_EQ(ann_.json["items"][0]["id"], id) << "newest first";
  EXPECT_EQ(ann_.call("GET", "/workspaces?offset=10"), 200);
  EXPECT_EQ(ann_.json["total"], 2);
  EXPECT_EQ(ann_.call("DELETE", "/workspaces/" + id), 204);
  EXPECT_EQ(ann_.call("GET", "/workspaces/" + id), 404);
  EXPECT_EQ(ann_.code(), "WORKSPACE_NOT_FOUND");
  EXPECT_EQ(ann_.call("DELETE", "/workspaces/" + id), 404);
  auto& page = ann_.open("/w/" + id + "/", true);
  ASSERT_TRUE(node_.until([&] { return page.over(); }));
  EXPECT_EQ(page.status(), 404);
}

TEST_F(WorkspacesTest, RefusesBadFieldsByName) {
  const std::vector<std::pair<Json, std::string>> bad = {
      {Json::object(), "name"},
      {{{"name", ""}}, "name"},
      {{{"name", std::string(256, 'x')}}, "name"},
      {{{"name", 7}}, "name"},
      {{{"name", "a\nb"}}, "name"},
      {{{"name", "a"}, {"phase", "RUNNING"}}, "phase"},
      {{{"name", "a"}, {"desired_state", "FLYING"}}, "desired_state"},
      {{{"name", "a"}, {"desired_state", "DELETED"}}, "desired_state"},
      {{{"name", "a"}, {"image", "has space"}}, "image"},
      {{{"name", "a"}, {"standby_ttl_seconds", -1}}, "standby_ttl_seconds"},
      {{{"name", "a"}, {"description", std::string(501, 'x')}}, "description"},
  };
  for (const auto& [body, field] : bad) {
    EXPECT_EQ(ann_.call("POST", "/workspaces", body), 400) << body;
    EXPECT_EQ(ann_.code(), "INVALID_REQUEST");
    EXPECT_NE(ann_.json["error"]["message"].get<std::string>().find('"' + field + '"'), std::string::npos) << ann_.json;
  }
  EXPECT_EQ(ann_.call("GET", "/workspaces?limit=101"), 400);
  EXPECT_EQ(ann_.call("GET", "/workspaces?page=1"), 400);
  std::string umlauts;
  for (int i = 0; i < 255; ++i) umlauts += "ü";
  EXPECT_EQ(ann_.call("POST", "/workspaces", {{"name", umlauts}, {"desired_state", "STANDBY"}}), 201)
      << "characters, not bytes";
  EXPECT_EQ(ann_.call("POST", "/workspaces", {{"name", "a"}, {"desired_state", "ARCHIVED"}}), 201);
  EXPECT_EQ(ann_.json["desired_state"], "ARCHIVED");
}

TEST_F(WorkspacesTest, ANameIsTakenOncePerOwner) {
  const std::string id = create("mine", "STANDBY");
  EXPECT_EQ(ann_.call("POST", "/workspaces", {{"name", "mine"}, {"desired_state", "STANDBY"}}), 409);
  EXPECT_EQ(ann_.code(), "NAME_TAKEN");
  Browser bob = other();
  EXPECT_EQ(bob.call("POST", "/workspaces", {{"name", "mine"}, {"desired_state", "STANDBY"}}), 201);
  EXPECT_EQ(ann_.call("DELETE", "/workspaces/" + id), 204);
  create("mine", "STANDBY");
}

TEST_F(WorkspacesTest, OthersMayNotTouchIt) {
  const std::string id = create("mine", "STANDBY");
  Browser bob = other();
  EXPECT_EQ(bob.call("GET", "/workspaces/" + id), 403);
  EXPECT_EQ(bob.code(), "FORBIDDEN");
  EXPECT_EQ(bob.call("PATCH", "/workspaces/" + id, {{"name", "his"}}), 403);
  EXPECT_EQ(bob.call("DELETE", "/workspaces/" + id), 403);
  EXPECT_EQ(bob.call("GET", "/workspaces"), 200);
  EXPECT_EQ(bob.json["total"], 0);
  auto& page = bob.open("/w/" + id + "/", true);
  ASSERT_TRUE(node_.until([&] { return page.over(); }));
  EXPECT_EQ(page.status(), 403);
}

TEST_F(WorkspacesTest, ConcurrentCreatesStopExactlyAtTheLimit) {
  std::vector<test::FakeExchange*> calls;
  for (int i = 0; i < 6; ++i) calls.push_back(&ann_.start("POST", "/workspaces", {{"name", "w" + std::to_string(i)}}));
  ASSERT_TRUE(node_.until([&] { return std::all_of(calls.begin(), calls.end(), [](auto* c) { return c->over(); }); }));
  int created = 0;
  for (auto* call : calls) {
    if (call->status() == 201) {
      ++created;
      continue;
    }
    EXPECT_EQ(call->status(), 429);
    const Json error = Json::parse(call->answer->body)["error"];
    EXPECT_EQ(error["code"], "RUNNING_LIMIT_EXCEEDED");
    EXPECT_EQ(error["details"]["limit"], "per_user");
    EXPECT_EQ(error["details"]["running"].size(), 2u);
  }
  EXPECT_EQ(created, 2);
  EXPECT_EQ(sql("SELECT count(*) FROM workspaces"), "2");
}

TEST_F(WorkspacesTest, TheTotalCountsEverybodyAndNamesOnlyOnesOwn) {
  create("a1", "RUNNING");
  create("a2", "RUNNING");
  Browser bob = other();
  EXPECT_EQ(bob.call("POST", "/workspaces", {{"name", "b1"}}), 201);
  EXPECT_EQ(bob.call("POST", "/workspaces", {{"name", "b2"}}), 429);
  EXPECT_EQ(bob.json["error"]["details"]["limit"], "total");
  EXPECT_EQ(bob.json["error"]["details"]["running"].size(), 1u);
}

TEST_F(WorkspacesTest, StartingCountsAndWhatStillRunsCountsAndItselfDoesNot) {
  const std::string first = create("a1", "RUNNING");
  create("a2", "RUNNING");
  const std::string asleep = create("a3", "STANDBY");
  EXPECT_EQ(ann_.call("PATCH", "/workspaces/" + asleep, {{"desired_state", "RUNNING"}}), 429);
  EXPECT_EQ(ann_.call("PATCH", "/workspaces/" + first, {{"desired_state", "RUNNING"}}), 200);
  sql("UPDATE workspaces SET phase = 'RUNNING' WHERE name = 'a1'");
  EXPECT_EQ(ann_.call("PATCH", "/workspaces/" + first, {{"desired_state", "STANDBY"}}), 200);
  EXPECT_EQ(ann_.call("PATCH", "/workspaces/" + asleep, {{"desired_state", "RUNNING"}}), 429)
      << "a1 has not stopped yet";
  sql("UPDATE workspaces SET phase = 'STANDBY' WHERE name = 'a1'");
  EXPECT_EQ(ann_.call("PATCH", "/workspaces/" + asleep, {{"desired_state", "RUNNING"}}), 200);
}

TEST_F(WorkspacesTest, ANavigationWakesWithinTheLimits) {
  const std::string id = create("box", "STANDBY");
  sql("UPDATE workspaces SET phase = 'STANDBY'");
  // The gate hears of the phase through the change feed.
  int status = 0;
  ASSERT_TRUE(node_.until([&] {
    auto& script = ann_.open("/w/" + id + "/x.js", false);
    node_.until([&] { return script.over(); });
    status = script.status();
    return status == 503;
  })) << status;
  EXPECT_EQ(sql("SELECT desired_state FROM workspaces"), "STANDBY") << "a script does not wake";
  auto& page = ann_.open("/w/" + id + "/", true);
  ASSERT_TRUE(node_.until([&] { return page.over(); }));
  EXPECT_EQ(page.status(), 202);
  EXPECT_EQ(sql("SELECT desired_state FROM workspaces"), "RUNNING");
}

TEST_F(WorkspacesTest, RecoverEndsAnErrorAndAsksBeforeGivingUpData) {
  const std::string id = create("box", "STANDBY");
  EXPECT_EQ(ann_.call("POST", "/workspaces/" + id + "/recover"), 409);
  EXPECT_EQ(ann_.code(), "INVALID_STATE");
  sql("UPDATE workspaces SET phase = 'ERROR', error_reason = 'Timeout', error_message = 'slow', error_count = 1");
  EXPECT_EQ(ann_.call("POST", "/workspaces/" + id + "/recover", {{"start_empty", true}}), 409);
  EXPECT_EQ(ann_.call("POST", "/workspaces/" + id + "/recover"), 200);
  EXPECT_EQ(ann_.json["error"], nullptr);
  sql("UPDATE workspaces SET phase = 'ERROR', error_reason = 'DataLost', error_count = 1, volume_name = 'v'");
  EXPECT_EQ(ann_.call("POST", "/workspaces/" + id + "/recover"), 409);
  EXPECT_EQ(sql("SELECT volume_name FROM workspaces"), "v");
  EXPECT_EQ(ann_.call("POST", "/workspaces/" + id + "/recover", {{"start_empty", true}}), 200);
  EXPECT_EQ(sql("SELECT volume_name || error_reason FROM workspaces"), "");
}

}  // namespace
}  // namespace hearth::orchestrator
