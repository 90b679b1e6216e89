#include "integration/clients/pg_fixture.h"

namespace hearth {
namespace {

using test::PgTest;
using test::run_until;

class PgQuery : public PgTest {
 protected:
  PgConnection connection_{loop_, options(), {}};
};

TEST_F(PgQuery, ValuesComeBackAsTheyWentIn) {
  const Uuid id = Uuid::random();
  const WallTime now = wall_now();
  const auto result =
      run(connection_,
          "SELECT $1::text AS t, $2::bigint AS n, $3::boolean AS b, $4::uuid AS u, $5::timestamptz AS w,"
          " $6::text AS nothing",
          {pg("häßlich 'quoted'"), pg(std::int64_t{-42}), pg(true), pg(id), pg(now), pg_null()});
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_EQ(result->rows(), 1u);
  EXPECT_EQ(result->text(0, result->column("t")), "häßlich 'quoted'");
  EXPECT_EQ(result->number(0, 1), -42);
  EXPECT_TRUE(result->flag(0, 2));
  EXPECT_EQ(result->uuid(0, 3), id);
  EXPECT_EQ(result->time(0, 4), now);
  EXPECT_TRUE(result->is_null(0, 5));
  EXPECT_EQ(result->optional_text(0, 5), std::nullopt);
  EXPECT_EQ(result->optional_time(0, 5), std::nullopt);
  EXPECT_EQ(result->optional_number(0, 1), -42);
}

TEST_F(PgQuery, EveryKindOfParameterKeepsItsType) {
  EXPECT_EQ(*pg("text"), "text");
  EXPECT_EQ(*pg(std::string("text")), "text");
  EXPECT_EQ(*pg(7), "7");
  EXPECT_EQ(*pg(std::size_t{8}), "8");
  EXPECT_EQ(*pg(false), "f");
}

TEST_F(PgQuery, TimesKeepMicrosecondsInAnyServerTimeZone) {
  test::PostgresServer::shared().sql(database(), "ALTER DATABASE " + database() + " SET TimeZone = 'Asia/Kathmandu'");
  PgConnection other(loop_, options(), {});
  const auto result =
      run(other, "SELECT '2024-02-29 23:59:59.000007+00'::timestamptz, '1999-12-31 00:00:00+00'::timestamptz");
  ASSERT_TRUE(result);
  using namespace std::chrono;
  EXPECT_EQ(result->time(0, 0), WallTime(sys_days(year(2024) / 2 / 29)) + 23h + 59min + 59s + 7us);
  EXPECT_EQ(result->time(0, 1), WallTime(sys_days(year(1999) / 12 / 31)));
  EXPECT_EQ(*pg(result->time(0, 0)), "2024-02-29 23:59:59.000007+00");
}

TEST_F(PgQuery, AffectedRowsAreCounted) {
  ASSERT_TRUE(run(connection_, "CREATE TABLE t (n int)"));
  EXPECT_EQ(run(connection_, "INSERT INTO t SELECT generate_series(1, $1::int)", {pg(std::int64_t{3})})->affected(),
            3u);
  EXPECT_EQ(run(connection_, "UPDATE t SET n = 0 WHERE n > $1", {pg(std::int64_t{9})})->affected(), 0u);
}

TEST_F(PgQuery, SeveralCommandsWithoutParameters) {
  const auto result = run(connection_, "CREATE TABLE t (n int); INSERT INTO t VALUES (7); SELECT n FROM t");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->number(0, 0), 7);
}

TEST_F(PgQuery, StatementsArePreparedOnce) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(run(connection_, "SELECT $1::int", {pg(std::int64_t{i})}));
  const auto result =
      run(connection_, "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT $1::int'");
  EXPECT_EQ(result->number(0, 0), 1);
}

TEST_F(PgQuery, AStatementOutdatedByDdlWorksTheSecondTime) {
  ASSERT_TRUE(run(connection_, "CREATE TABLE t (n int); INSERT INTO t VALUES (1)"));
  ASSERT_TRUE(run(connection_, "SELECT * FROM t WHERE n = $1", {pg("1")}));
  ASSERT_TRUE(run(connection_, "ALTER TABLE t ADD COLUMN extra text"));
  EXPECT_FALSE(run(connection_, "SELECT * FROM t WHERE n = $1", {pg("1")}));
  EXPECT_TRUE(run(connection_, "SELECT * FROM t WHERE n = $1", {pg("1")}));
}

TEST_F(PgQuery, ErrorsAreClassified) {
  ASSERT_TRUE(run(connection_, "CREATE TABLE t (n int PRIMARY KEY CHECK (n > 0)); INSERT INTO t VALUES (1)"));
  const auto twice = run(connection_, "INSERT INTO t VALUES ($1)", {pg("1")});
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, ErrorCode::already_exists);
  EXPECT_TRUE(is_unique_violation(twice.error()));
  EXPECT_NE(twice.error().message.find("t_pkey"), std::string::npos) << twice.error().message;
  const auto negative = run(connection_, "INSERT INTO t VALUES ($1)", {pg("-1")});
  ASSERT_FALSE(negative);
  EXPECT_TRUE(is_check_violation(negative.error()));
  EXPECT_EQ(negative.error().code, ErrorCode::invalid_argument);
  const auto syntax = run(connection_, "SELEKT 1");
  ASSERT_FALSE(syntax);
  EXPECT_EQ(syntax.error().code, ErrorCode::internal);
  EXPECT_TRUE(run(connection_, "SELECT 1")) << "the connection is still good";
}

TEST_F(PgQuery, NotificationsArrive) {
  std::vector<std::string> heard;
  PgConnection* self = nullptr;
  PgConnection::Events events;
  events.connected = [&] { self->query({"LISTEN news", {}}, [](Result<PgResult> result) { EXPECT_TRUE(result); }); };
  events.notified = [&](std::string_view channel, std::string_view payload) {
    heard.push_back(std::string(channel) + "=" + std::string(payload));
  };
  PgConnection listener(loop_, options(), std::move(events));
  self = &listener;
  ASSERT_TRUE(run(listener, "SELECT 1"));
  ASSERT_TRUE(run(connection_, "SELECT pg_notify('news', $1)", {pg("one")}));
  ASSERT_TRUE(run_until(loop_, [&] { return !heard.empty(); }));
  ASSERT_TRUE(run(listener, "NOTIFY news, 'two'"));
  ASSERT_TRUE(run_until(loop_, [&] { return heard.size() == 2; }));
  EXPECT_EQ(heard, (std::vector<std::string>{"news=one", "news=two"}));
}

TEST_F(PgQuery, WhatConnectedAsksForRunsBeforeWhatWaited) {
  std::vector<std::string> order;
  PgConnection* self = nullptr;
  PgConnection::Events events;
  events.connected = [&] { self->query({"SELECT 1", {}}, [&](Result<PgResult>) { order.emplace_back("greeting"); }); };
  PgConnection connection(loop_, options(), std::move(events));
  self = &connection;
  connection.query({"SELECT 2", {}}, [&](Result<PgResult>) { order.emplace_back("waited"); });
  ASSERT_TRUE(run_until(loop_, [&] { return order.size() == 2; }));
  EXPECT_EQ(order, (std::vector<std::string>{"greeting", "waited"}));
}

TEST_F(PgQuery, LargeValuesPassBothWays) {
  const std::string large(5u << 20, 'x');
  const auto result = run(connection_, "SELECT $1::text, length($1::text)", {pg(large)});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->text(0, 0), large);
}

}  // namespace
}  // namespace hearth
