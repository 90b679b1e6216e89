#include <chrono>

#include "integration/clients/pg_fixture.h"
#include "support/scripted_server.h"

namespace hearth {
namespace {

using test::PgTest;
using test::run_until;

class PgFailure : public PgTest {};

TEST_F(PgFailure, ReconnectsAfterTheServerRestarted) {
  int connected = 0;
  int lost = 0;
  PgConnection::Events events;
  events.connected = [&] { ++connected; };
  events.lost = [&](const Error& error) {
    ++lost;
    EXPECT_TRUE(error.retryable);
    EXPECT_FALSE(error.message.empty());
  };
  PgConnection connection(loop_, options(), std::move(events));
  ASSERT_TRUE(run(connection, "SELECT $1::int", {pg("1")}));
  server().stop();
  ASSERT_TRUE(run_until(loop_, [&] { return lost > 0; })) << "an idle connection notices at once";
  EXPECT_FALSE(connection.connected());
  server().start();
  const auto after = run(connection, "SELECT $1::int", {pg("2")});
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(connected, 2);
}

TEST_F(PgFailure, AStatementLostInFlightTimesOut) {
  std::vector<std::string> order;
  PgConnection::Events events;
  events.lost = [&](const Error&) { order.emplace_back("lost"); };
  PgConnection connection(loop_, options(), std::move(events));
  ASSERT_TRUE(wait_connected(connection));
  std::optional<Result<PgResult>> answer;
  connection.query({"SELECT pg_sleep(30)", {}}, [&](Result<PgResult> result) {
    order.emplace_back("answer");
    answer = std::move(result);
  });
  ASSERT_TRUE(run_until(loop_, [&] {
    return server().sql("postgres",
                        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                        " WHERE datname = '" +
                            database() + "' AND query = 'SELECT pg_sleep(30)'") == "1";
  }));
  ASSERT_TRUE(run_until(loop_, [&] { return answer.has_value(); }));
  ASSERT_FALSE(*answer);
  EXPECT_EQ(answer->error().code, ErrorCode::timeout);
  EXPECT_TRUE(answer->error().retryable);
  EXPECT_EQ(order, (std::vector<std::string>{"lost", "answer"}));
  EXPECT_TRUE(run(connection, "SELECT 1"));
}

TEST_F(PgFailure, OurStatementTimeoutDropsTheConnection) {
  PgOptions impatient = options();
  impatient.statement_timeout = Milliseconds(100);
  PgConnection connection(loop_, impatient, {});
  ASSERT_TRUE(wait_connected(connection));
  const std::int64_t session = run(connection, "SELECT pg_backend_pid()")->number(0, 0);
  const auto slow = run(connection, "SELECT pg_sleep(30)");
  ASSERT_FALSE(slow);
  EXPECT_EQ(slow.error().code, ErrorCode::timeout);
  ASSERT_TRUE(wait_connected(connection));
  EXPECT_NE(run(connection, "SELECT pg_backend_pid()")->number(0, 0), session);
}

TEST_F(PgFailure, WithoutAServerStatementsFailAsUnavailable) {
  PgOptions nowhere;
  nowhere.conninfo = "host=/nonexistent user=x dbname=y";
  nowhere.statement_timeout = Milliseconds(150);
  int attempts = 0;
  PgConnection::Events events;
  events.lost = [&](const Error& error) {
    ++attempts;
    EXPECT_EQ(error.code, ErrorCode::unavailable);
  };
  PgConnection connection(loop_, nowhere, std::move(events));
  bool inside_call = true;
  std::optional<Error> at_once;
  connection.query(
      {"SELECT 1", {}},
      [&](Result<PgResult> result) {
        EXPECT_FALSE(inside_call);
        at_once = result.error();
      },
      true);
  inside_call = false;
  ASSERT_TRUE(run_until(loop_, [&] { return at_once.has_value(); }));
  EXPECT_EQ(at_once->code, ErrorCode::unavailable);
  const auto waited = run(connection, "SELECT 1");
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code, ErrorCode::unavailable);
  EXPECT_TRUE(run_until(loop_, [&] { return attempts >= 3; })) << "tries for ever";
}

TEST_F(PgFailure, APeerThatSaysNothingIsGivenUp) {
  test::ScriptedServer silent([](test::ScriptedPeer& peer) { peer.wait_for_close(); });
  PgOptions to_silent;
  to_silent.conninfo = "host=127.0.0.1 port=" + std::to_string(silent.port()) + " user=x dbname=y sslmode=disable";
  to_silent.connect_timeout = Milliseconds(100);
  std::optional<Error> failure;
  PgConnection::Events events;
  events.lost = [&](const Error& error) {
    if (!failure) failure = error;
  };
  PgConnection connection(loop_, to_silent, std::move(events));
  ASSERT_TRUE(run_until(loop_, [&] { return silent.accepted() >= 2; })) << "gives up and tries again";
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ErrorCode::timeout);
}

TEST_F(PgFailure, DestroyingCancelsWhatRunsAndWhatWaits) {
  auto connection = std::make_unique<PgConnection>(loop_, options(), PgConnection::Events{});
  ASSERT_TRUE(wait_connected(*connection));
  std::vector<ErrorCode> codes;
  for (int i = 0; i < 3; ++i) {
    connection->query({"SELECT pg_sleep(30)", {}},
                      [&](Result<PgResult> result) { codes.push_back(result.error().code); });
  }
  test::run_for(loop_, Milliseconds(20));
  connection.reset();
  EXPECT_EQ(codes, std::vector<ErrorCode>(3, ErrorCode::cancelled));
  test::run_for(loop_, Milliseconds(20));
  EXPECT_EQ(codes.size(), 3u);
}

TEST_F(PgFailure, ACallbackMayDestroyTheConnection) {
  auto connection = std::make_unique<PgConnection>(loop_, options(), PgConnection::Events{});
  bool second = false;
  connection->query({"SELECT 1", {}}, [&](Result<PgResult> result) {
    EXPECT_TRUE(result);
    connection.reset();
  });
  connection->query({"SELECT 1", {}}, [&](Result<PgResult> result) {
    second = true;
    EXPECT_EQ(result.error().code, ErrorCode::cancelled);
  });
  ASSERT_TRUE(run_until(loop_, [&] { return connection == nullptr; }));
  EXPECT_TRUE(second);
}

TEST_F(PgFailure, DestroyedWhileConnecting) {
  for (int rounds = 0; rounds < 8; ++rounds) {
    PgConnection connection(loop_, options(), {});
    for (int i = 0; i < rounds; ++i) uv_run(loop_.raw(), UV_RUN_NOWAIT);
  }
}

TEST_F(PgFailure, TheQueueHasALimit) {
  PgOptions small = options();
  small.queue_limit = 2;
  PgConnection connection(loop_, small, {});
  std::vector<std::optional<ErrorCode>> codes;
  for (int i = 0; i < 3; ++i) {
    connection.query({"SELECT 1", {}}, [&](Result<PgResult> result) {
      codes.push_back(result ? std::nullopt : std::optional(result.error().code));
    });
  }
  ASSERT_TRUE(run_until(loop_, [&] { return codes.size() == 3; }));
  EXPECT_EQ(codes[0], ErrorCode::limit);
  EXPECT_EQ(codes[1], std::nullopt);
  EXPECT_EQ(codes[2], std::nullopt);
}

}  // namespace
}  // namespace hearth
