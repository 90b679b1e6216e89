#include <array>

#include "integration/orchestrator/database_fixture.h"

namespace hearth::orchestrator {
namespace {

using test::run_until;

class MigrationsTest : public DatabaseTest {
 protected:
  // Runs until done, or until the first failure, which is returned.
  std::optional<Error> run_steps(std::span<const Migration> steps) {
    bool done = false;
    std::optional<Error> failure;
    MigrationRun::Events events;
    events.done = [&] { done = true; };
    events.failed = [&](const Error& error) { failure = error; };
    const MigrationRun run(loop_, options(), std::move(events), steps);
    EXPECT_TRUE(run_until(loop_, [&] { return done || failure; }));
    return failure;
  }
};

TEST_F(MigrationsTest, MakeTheSchemaAndAreRecorded) {
  ASSERT_TRUE(migrate());
  EXPECT_EQ(sql("SELECT max(version) FROM schema_migrations"), std::to_string(migrations().size()));
  for (const char* table :
       {"users", "sessions", "api_tokens", "workspaces", "gc_candidates", "coordinator_epoch", "audit_log"}) {
    EXPECT_EQ(sql(std::string("SELECT count(*) FROM ") + table), "0");
  }
}

TEST_F(MigrationsTest, ASecondRunChangesNothing) {
  ASSERT_TRUE(migrate());
  const std::string before = sql("SELECT string_agg(applied_at::text, ' ' ORDER BY version) FROM schema_migrations");
  ASSERT_TRUE(migrate());
  EXPECT_EQ(sql("SELECT string_agg(applied_at::text, ' ' ORDER BY version) FROM schema_migrations"), before);
}

TEST_F(MigrationsTest, ManyNodesAtOnce) {
  int done = 0;
  std::vector<std::unique_ptr<MigrationRun>> runs;
  for (int i = 0; i < 4; ++i) {
    MigrationRun::Events events;
    events.done = [&] { ++done; };
    events.failed = [](const Error& error) { ADD_FAILURE() << error.message; };
    runs.push_back(std::make_unique<MigrationRun>(loop_, options(), std::move(events)));
  }
  ASSERT_TRUE(run_until(loop_, [&] { return done == 4; }));
  EXPECT_EQ(sql("SELECT count(*) FROM schema_migrations"), std::to_string(migrations().size()));
}

TEST_F(MigrationsTest, ALaterStepIsAddedToWhatIsThere) {
  const std::array two = {Migration{1, "one", "CREATE TABLE one (n int)"},
                          Migration{2, "two", "CREATE TABLE two (n int)"}};
  EXPECT_FALSE(run_steps(std::span(two).first(1)));
  EXPECT_EQ(sql("SELECT count(*) FROM schema_migrations"), "1");
  EXPECT_FALSE(run_steps(two));
  EXPECT_EQ(sql("SELECT count(*) FROM two"), "0");
}

TEST_F(MigrationsTest, AFailedStepLeavesNothingBehind) {
  const std::array bad = {Migration{1, "one", "CREATE TABLE one (n int)"},
                          Migration{2, "bad", "CREATE TABEL two (n int)"}};
  const auto failure = run_steps(bad);
  ASSERT_TRUE(failure);
  EXPECT_FALSE(failure->retryable);
  EXPECT_EQ(sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
}

TEST_F(MigrationsTest, ANewerDatabaseIsLeftAlone) {
  ASSERT_TRUE(migrate());
  sql("INSERT INTO schema_migrations (version, name) VALUES (9999, 'from the future')");
  const auto failure = run_steps(migrations());
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ErrorCode::conflict);
  EXPECT_FALSE(failure->retryable);
  EXPECT_NE(failure->message.find("9999"), std::string::npos) << failure->message;
  EXPECT_NE(failure->message.find("newer"), std::string::npos) << failure->message;
}

TEST_F(MigrationsTest, WaitForTheDatabase) {
  server().stop();
  int failures = 0;
  bool done = false;
  MigrationRun::Events events;
  events.done = [&] { done = true; };
  events.failed = [&](const Error& error) {
    ++failures;
    EXPECT_TRUE(error.retryable);
  };
  const MigrationRun run(loop_, options(), std::move(events));
  EXPECT_TRUE(run_until(loop_, [&] { return failures > 0; }));
  EXPECT_FALSE(done);
  server().start();
  EXPECT_TRUE(run_until(loop_, [&] { return done; }));
}

TEST_F(MigrationsTest, AreDoneOnceAlthoughTheDatabaseRestarts) {
  int done = 0;
  MigrationRun::Events events;
  events.done = [&] { ++done; };
  const MigrationRun run(loop_, options(), std::move(events));
  ASSERT_TRUE(run_until(loop_, [&] { return done == 1; }));
  server().stop();
  server().start();
  ASSERT_TRUE(migrate()) << "by another run, long after this one would have connected again";
  hearth::test::run_for(loop_, Milliseconds(300));
  EXPECT_EQ(done, 1);
  EXPECT_EQ(sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"),
            "0") << "the connection is given back";
}

TEST_F(MigrationsTest, DoneMayDestroyTheRun) {
  std::unique_ptr<MigrationRun> run;
  MigrationRun::Events events;
  events.done = [&] { run.reset(); };
  run = std::make_unique<MigrationRun>(loop_, options(), std::move(events));
  EXPECT_TRUE(run_until(loop_, [&] { return run == nullptr; }));
}

}  // namespace
}  // namespace hearth::orchestrator
