// A loop and a fresh database with the schema, or without.
#pragma once

#include "integration/clients/pg_fixture.h"
#include "orchestrator/store/migrations.h"

namespace hearth::orchestrator {

class DatabaseTest : public test::PgTest {
 protected:
  bool migrate() {
    bool done = false;
    MigrationRun::Events events;
    events.done = [&] { done = true; };
    events.failed = [](const Error& error) { ADD_FAILURE() << error.message; };
    MigrationRun run(loop_, options(), std::move(events));
    return test::run_until(loop_, [&] { return done; });
  }

  std::string sql(const std::string& text) { return server().sql(database(), text); }

  Uuid add_user(const std::string& name = "ada") {
    return *Uuid::parse(sql("INSERT INTO users (username, password_hash) VALUES ('" + name + "', 'x') RETURNING id"));
  }
  Uuid add_workspace(const Uuid& owner, const std::string& name = "home") {
    return *Uuid::parse(sql("INSERT INTO workspaces (owner_user_id, name) VALUES ('" + owner.text() + "', '" + name +
                            "') RETURNING id"));
  }
};

class SchemaTest : public DatabaseTest {
 protected:
  void SetUp() override { ASSERT_TRUE(migrate()); }
};

}  // namespace hearth::orchestrator
