#include "integration/orchestrator/api/node.h"

namespace hearth::orchestrator {
namespace {

class AccountsTest : public NodeTest {
 protected:
  AccountsTest() { EXPECT_EQ(admin_.log_in(), 200); }
  std::string make_user(const std::string& name) {
    EXPECT_EQ(admin_.call("POST", "/users", {{"username", name}, {"password", "a-password"}}), 201);
    return admin_.json["id"].get<std::string>();
  }
  Node node_{database_};
  Browser admin_{node_};
  Browser user_{node_, "192.0.2.2"};
};

TEST_F(AccountsTest, AdministratorsKeepTheUsers) {
  const std::string id = make_user("bob");
  EXPECT_EQ(admin_.call("POST", "/users", {{"username", "BOB"}, {"password", "a-password"}}), 409);
  EXPECT_EQ(admin_.code(), "NAME_TAKEN");
  EXPECT_EQ(admin_.call("POST", "/users", {{"username", "has space"}, {"password", "a-password"}}), 400);
  EXPECT_EQ(admin_.call("POST", "/users", {{"username", "x"}, {"password", "short"}}), 400);
  EXPECT_EQ(admin_.call("GET", "/users"), 200);
  EXPECT_EQ(admin_.json["total"], 2);
  ASSERT_EQ(user_.log_in("bob", "a-password"), 200);
  EXPECT_EQ(user_.call("GET", "/users"), 403);
  EXPECT_EQ(admin_.call("PATCH", "/users/" + id, {{"disabled", true}}), 200);
  EXPECT_EQ(user_.call("GET", "/session"), 401);
  EXPECT_EQ(user_.log_in("bob", "a-password"), 401);
  EXPECT_EQ(admin_.call("DELETE", "/users/" + id), 204);
  EXPECT_EQ(admin_.call("DELETE", "/users/" + id), 404);
}

TEST_F(AccountsTest, NobodyTakesTheirOwnRightsAway) {
  EXPECT_EQ(admin_.call("GET", "/session"), 200);
  const std::string self = "/users/" + admin_.json["user_id"].get<std::string>();
  EXPECT_EQ(admin_.call("DELETE", self), 409);
  EXPECT_EQ(admin_.call("PATCH", self, {{"is_admin", false}}), 409);
  EXPECT_EQ(admin_.call("PATCH", self, {{"disabled", true}}), 409);
}

TEST_F(AccountsTest, EverybodyChangesTheirOwnPasswordAndNothingElse) {
  const std::string id = make_user("bob");
  ASSERT_EQ(user_.log_in("bob", "a-password"), 200);
  Browser second(node_, "192.0.2.3");
  ASSERT_EQ(second.log_in("bob", "a-password"), 200);
  EXPECT_EQ(user_.call("PATCH", "/users/" + id, {{"is_admin", true}}), 403);
  EXPECT_EQ(user_.call("PATCH", "/users/" + Uuid::random().text(), {{"password", "other-password"}}), 403);
  EXPECT_EQ(user_.call("PATCH", "/users/" + id, {{"password", "other-password"}}), 200);
  EXPECT_EQ(user_.call("GET", "/session"), 200) << "this session stays";
  EXPECT_EQ(second.call("GET", "/session"), 401) << "the others end";
  EXPECT_EQ(second.log_in("bob", "a-password"), 401);
  EXPECT_EQ(second.log_in("bob", "other-password"), 200);
}

TEST_F(AccountsTest, AUserWithWorkspacesStays) {
  const std::string id = make_user("bob");
  ASSERT_EQ(user_.log_in("bob", "a-password"), 200);
  ASSERT_EQ(user_.call("POST", "/workspaces", {{"name", "x"}, {"desired_state", "STANDBY"}}), 201);
  EXPECT_EQ(admin_.call("DELETE", "/users/" + id), 409);
  EXPECT_EQ(admin_.code(), "INVALID_STATE");
}

TEST_F(AccountsTest, TokensStandForTheirUserUntilDeleted) {
  ASSERT_EQ(admin_.call("POST", "/tokens", {{"name", "ci"}}), 201);
  const std::string id = admin_.json["id"].get<std::string>();
  const std::string token = admin_.json["token"].get<std::string>();
  EXPECT_TRUE(token.starts_with("hearth_"));
  Browser program(node_);
  const std::vector<std::pair<std::string, std::string>> bearer = {{"Authorization", "Bearer " + token}};
  EXPECT_EQ(program.call("POST", "/workspaces", {{"name", "x"}, {"desired_state", "STANDBY"}}, bearer), 201)
      << "no Origin needed";
  EXPECT_EQ(admin_.call("GET", "/tokens"), 200);
  EXPECT_EQ(admin_.json["items"][0]["name"], "ci");
  EXPECT_FALSE(admin_.json["items"][0].contains("token"));
  EXPECT_EQ(sql("SELECT count(*) FROM api_tokens WHERE token_hash = '" + token + "'"), "0");
  make_user("bob");
  ASSERT_EQ(user_.log_in("bob", "a-password"), 200);
  EXPECT_EQ(user_.call("DELETE", "/tokens/" + id), 404);
  EXPECT_EQ(admin_.call("DELETE", "/tokens/" + id), 204);
  EXPECT_EQ(program.call("GET", "/session", nullptr, bearer), 401);
}

TEST_F(AccountsTest, TheFirstUserIsMadeOnce) {
  { Node second(database_); }
  EXPECT_EQ(sql("SELECT count(*) FROM users"), "1");
}

}  // namespace
}  // namespace hearth::orchestrator
