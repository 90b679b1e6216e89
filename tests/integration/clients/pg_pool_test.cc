#include "integration/clients/pg_fixture.h"

namespace hearth {
namespace {

using test::PgTest;
using test::run_until;

class PgPoolTest : public PgTest {};

TEST_F(PgPoolTest, WorksSideBySideUpToItsSize) {
  PgPool pool(loop_, options(), 3);
  int running_at_once = 0;
  int done = 0;
  // Each statement waits until it sees three sessions at work, so it passes only when three really are.
  const char* wait_for_three =
      "DO $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); FOR i IN 1..500 LOOP"
      " IF (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory') >= 3 THEN PERFORM pg_sleep(0.2); RETURN; END IF;"
      " PERFORM pg_sleep(0.01); END LOOP; RAISE EXCEPTION 'alone'; END $$";
  for (int i = 0; i < 3; ++i) {
    pool.query({wait_for_three, {}}, [&](Result<PgResult> result) {
      ++done;
      if (result) ++running_at_once;
    });
  }
  ASSERT_TRUE(run_until(loop_, [&] { return done == 3; }));
  EXPECT_EQ(running_at_once, 3);
}

TEST_F(PgPoolTest, NeverOpensMoreThanItsSizeAndLosesNothing) {
  PgPool pool(loop_, options(), 2);
  int good = 0;
  for (int i = 0; i < 200; ++i) {
    pool.query({"SELECT $1::int", {pg(std::int64_t{i})}}, [&, i](Result<PgResult> result) {
      if (result && result->number(0, 0) == i) ++good;
    });
  }
  ASSERT_TRUE(run_until(loop_, [&] { return good == 200; }));
  EXPECT_EQ(server().sql("postgres", "SELECT count(*) FROM pg_stat_activity WHERE datname = '" + database() + "'"),
            "2");
  EXPECT_EQ(pool.unready_reason(), std::nullopt);
}

TEST_F(PgPoolTest, TransactionsStayOnOneConnection) {
  PgPool pool(loop_, options(), 4);
  ASSERT_TRUE(run(pool, "CREATE TABLE t (n int)"));
  int done = 0;
  for (int i = 0; i < 20; ++i) {
    pool.transaction({{"CREATE TEMP TABLE mine (n int) ON COMMIT DROP", {}},
                      {"INSERT INTO mine VALUES ($1)", {pg(std::int64_t{i})}},
                      {"INSERT INTO t SELECT n FROM mine", {}}},
                     [&](Result<PgResult> result) {
                       EXPECT_TRUE(result);
                       ++done;
                     });
  }
  ASSERT_TRUE(run_until(loop_, [&] { return done == 20; }));
  EXPECT_EQ(server().sql(database(), "SELECT count(DISTINCT n) FROM t"), "20");
}

TEST_F(PgPoolTest, SaysWhyItIsNotReady) {
  PgOptions nowhere;
  nowhere.conninfo = "host=/nonexistent user=x dbname=y";
  nowhere.statement_timeout = Milliseconds(100);
  PgPool pool(loop_, nowhere, 2);
  EXPECT_TRUE(pool.unready_reason().has_value());
  const auto result = run(pool, "SELECT 1");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::unavailable);
  EXPECT_NE(pool.unready_reason()->find("/nonexistent"), std::string::npos) << *pool.unready_reason();
}

TEST_F(PgPoolTest, RidesThroughARestart) {
  PgPool pool(loop_, options(), 2);
  ASSERT_TRUE(run(pool, "SELECT 1"));
  server().stop();
  ASSERT_TRUE(run_until(loop_, [&] { return pool.unready_reason().has_value(); }));
  server().start();
  EXPECT_TRUE(run(pool, "SELECT 1"));
  EXPECT_EQ(pool.unready_reason(), std::nullopt);
}

TEST_F(PgPoolTest, DestroyingCancelsEverything) {
  auto pool = std::make_unique<PgPool>(loop_, options(), 2);
  ASSERT_TRUE(run(*pool, "SELECT 1"));
  int cancelled = 0;
  for (int i = 0; i < 5; ++i) {
    pool->query({"SELECT pg_sleep(30)", {}}, [&](Result<PgResult> result) {
      if (!result && result.error().code == ErrorCode::cancelled) ++cancelled;
    });
  }
  test::run_for(loop_, Milliseconds(50));
  pool.reset();
  EXPECT_EQ(cancelled, 5);
}

TEST_F(PgPoolTest, ACallbackMayDestroyThePool) {
  auto pool = std::make_unique<PgPool>(loop_, options(), 2);
  bool done = false;
  pool->query({"SELECT 1", {}}, [&](Result<PgResult>) {
    pool.reset();
    done = true;
  });
  ASSERT_TRUE(run_until(loop_, [&] { return done; }));
}

}  // namespace
}  // namespace hearth
