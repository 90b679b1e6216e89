#include "integration/clients/pg_fixture.h"

namespace hearth {
namespace {

using test::PgTest;
using test::run_until;

class PgTransaction : public PgTest {
 protected:
  void SetUp() override { ASSERT_TRUE(run(connection_, "CREATE TABLE t (n int PRIMARY KEY)")); }
  std::string rows() { return server().sql(database(), "SELECT count(*) FROM t"); }
  PgCallback keep() {
    return [this](Result<PgResult> result) { answer_ = std::move(result); };
  }
  void wait() {
    ASSERT_TRUE(run_until(loop_, [&] { return answer_.has_value(); }));
  }

  PgConnection connection_{loop_, options(), {}};
  std::optional<Result<PgResult>> answer_;
};

TEST_F(PgTransaction, CommitsAllAndAnswersTheLast) {
  connection_.transaction({{"INSERT INTO t VALUES ($1)", {pg("1")}}, {"SELECT count(*) FROM t", {}}}, keep());
  wait();
  ASSERT_TRUE(*answer_) << answer_->error().message;
  EXPECT_EQ((*answer_)->number(0, 0), 1);
  EXPECT_EQ(rows(), "1");
}

TEST_F(PgTransaction, RollsBackAllWhenOneFails) {
  connection_.transaction({{"INSERT INTO t VALUES (1)", {}}, {"INSERT INTO t VALUES (1)", {}}, {"SELECT 1", {}}},
                          keep());
  wait();
  ASSERT_FALSE(*answer_);
  EXPECT_TRUE(is_unique_violation(answer_->error()));
  EXPECT_EQ(rows(), "0");
  EXPECT_TRUE(run(connection_, "INSERT INTO t VALUES (2)")) << "no transaction is left open";
  EXPECT_EQ(rows(), "1");
}

TEST_F(PgTransaction, NothingComesBetween) {
  connection_.transaction({{"INSERT INTO t VALUES (1)", {}}, {"SELECT pg_sleep(0.05)", {}}, {"DELETE FROM t", {}}},
                          keep());
  const auto seen = run(connection_, "SELECT count(*) FROM t");
  EXPECT_EQ(seen->number(0, 0), 0);
}

TEST_F(PgTransaction, InteractiveDecidesBetweenStatements) {
  int steps = 0;
  connection_.interactive_transaction(
      {"SELECT count(*) FROM t", {}},
      [&](const PgResult& previous) -> Result<std::optional<PgStatement>> {
        if (++steps == 1) return PgStatement{"INSERT INTO t VALUES ($1) RETURNING n", {pg(previous.number(0, 0) + 10)}};
        return std::nullopt;
      },
      keep());
  wait();
  ASSERT_TRUE(*answer_);
  EXPECT_EQ((*answer_)->number(0, 0), 10);
  EXPECT_EQ(rows(), "1");
}

TEST_F(PgTransaction, InteractiveErrorRollsBack) {
  connection_.interactive_transaction(
      {"INSERT INTO t VALUES (1)", {}},
      [&](const PgResult&) -> Result<std::optional<PgStatement>> {
        return fail(ErrorCode::limit, ErrorSource::us, "enough");
      },
      keep());
  wait();
  ASSERT_FALSE(*answer_);
  EXPECT_EQ(answer_->error().code, ErrorCode::limit);
  EXPECT_EQ(rows(), "0");
}

TEST_F(PgTransaction, AStepMayDestroyTheConnection) {
  auto connection = std::make_unique<PgConnection>(loop_, options(), PgConnection::Events{});
  connection->interactive_transaction(
      {"INSERT INTO t VALUES (1)", {}},
      [&, kept = std::string(100, 'k')](const PgResult&) -> Result<std::optional<PgStatement>> {
        connection.reset();
        EXPECT_EQ(kept.size(), 100u);
        return std::nullopt;
      },
      keep());
  wait();
  ASSERT_FALSE(*answer_);
  EXPECT_EQ(answer_->error().code, ErrorCode::cancelled);
  EXPECT_EQ(rows(), "0");
}

TEST_F(PgTransaction, BrokenBeforeCommitTookNoEffectAndSaysSo) {
  connection_.interactive_transaction(
      {"INSERT INTO t VALUES (1)", {}},
      [&](const PgResult&) -> Result<std::optional<PgStatement>> {
        connection_.drop("test");
        return std::nullopt;
      },
      keep());
  wait();
  ASSERT_FALSE(*answer_);
  EXPECT_EQ(answer_->error().code, ErrorCode::unavailable);
  EXPECT_TRUE(answer_->error().retryable);
  EXPECT_EQ(rows(), "0");
}

}  // namespace
}  // namespace hearth
