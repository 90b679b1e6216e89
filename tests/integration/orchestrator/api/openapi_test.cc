// The OpenAPI document and the endpoints are the same list, and real answers have the documented shape.
#include <set>

#include "base/strings.h"
#include "integration/orchestrator/api/node.h"

namespace hearth::orchestrator {
namespace {

class OpenApiTest : public NodeTest {};

TEST_F(OpenApiTest, ListsExactlyTheEndpoints) {
  Loop loop;
  PgOptions options;
  options.conninfo = test::PostgresServer::shared().conninfo(database_);
  PgPool pool(loop, options, 1);
  AccountStore accounts(pool);
  WorkspaceStore workspaces(pool, {});
  Authenticator authenticator(accounts, {});
  PasswordPool passwords(loop);
  LoginGuard guard;
  EventBus events("test", {});
  const Api api({accounts, workspaces, authenticator, passwords, guard, events, nullptr, {}}, loop);

  const Json document = Json::parse(openapi_document());
  EXPECT_EQ(document["openapi"], "3.1.0");
  std::set<std::string> documented;
  for (const auto& path : document["paths"].items()) {
    for (const auto& operation : path.value().items()) documented.insert(operation.key() + " " + path.key());
  }
  std::set<std::string> served;
  for (const Endpoint& endpoint : api.endpoints()) {
    const std::string method = to_lower(endpoint.method);
    served.insert(method + " " + std::string(endpoint.pattern));
    const Json& operation = document["paths"][std::string(endpoint.pattern)][method];
    EXPECT_EQ(operation.contains("requestBody"), endpoint.body != BodyKind::none && endpoint.pattern != "/logout")
        << endpoint.pattern;
    EXPECT_EQ(operation["security"].empty(), endpoint.access == Access::open) << endpoint.pattern;
  }
  EXPECT_EQ(documented, served);
}

std::set<std::string> keys(const Json& object) {
  std::set<std::string> names;
  for (const auto& item : object.items()) names.insert(item.key());
  return names;
}

TEST_F(OpenApiTest, AnswersHaveTheDocumentedFields) {
  const Json document = Json::parse(openapi_document());
  const auto fields = [&](const char* schema) { return keys(document["components"]["schemas"][schema]["properties"]); };
  Node node(database_);
  Browser browser(node);
  ASSERT_EQ(browser.log_in(), 200);
  EXPECT_EQ(keys(browser.json), fields("Session"));
  ASSERT_EQ(browser.call("POST", "/workspaces", {{"name", "x"}}), 201);
  EXPECT_EQ(keys(browser.json), fields("Workspace"));
  ASSERT_EQ(browser.call("GET", "/users"), 200);
  EXPECT_EQ(keys(browser.json["items"][0]), fields("User"));
  ASSERT_EQ(browser.call("POST", "/tokens", {{"name", "x"}}), 201);
  browser.json.erase("token");
  EXPECT_EQ(keys(browser.json), fields("Token"));
  Browser stranger(node);
  EXPECT_EQ(stranger.call("GET", "/openapi.json"), 200);
}

}  // namespace
}  // namespace hearth::orchestrator
