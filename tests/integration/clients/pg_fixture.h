// A loop, a fresh database, and a connection to it.
#pragma once

#include <gtest/gtest.h>

#include <optional>

#include "clients/pg.h"
#include "support/loop_until.h"
#include "support/postgres.h"

namespace hearth::test {

class PgTest : public testing::Test {
 protected:
  PostgresServer& server() { return PostgresServer::shared(); }
  const std::string& database() const { return database_; }

  PgOptions options() {
    PgOptions options;
    options.conninfo = server().conninfo(database_);
    return options;
  }

  // Waits for the answer.
  template <class Client>
  Result<PgResult> run(Client& client, std::string sql, std::vector<PgParam> params = {}) {
    std::optional<Result<PgResult>> answer;
    client.query({std::move(sql), std::move(params)}, [&](Result<PgResult> result) { answer = std::move(result); });
    EXPECT_TRUE(run_until(loop_, [&] { return answer.has_value(); })) << "no answer";
    if (!answer) return fail(ErrorCode::internal, ErrorSource::us, "no answer");
    return std::move(*answer);
  }

  bool wait_connected(PgConnection& connection) {
    return run_until(loop_, [&] { return connection.connected(); });
  }

  Loop loop_;

 private:
  std::string database_ = PostgresServer::shared().create_database();
};

}  // namespace hearth::test
