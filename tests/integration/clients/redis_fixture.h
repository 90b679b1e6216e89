// A loop, and a redis-server that the test may stop.
#pragma once

#include <gtest/gtest.h>

#include <optional>

#include "clients/redis.h"
#include "support/loop_until.h"
#include "support/redis.h"

namespace hearth::test {

class RedisTest : public testing::Test {
 protected:
  static RedisOptions options_of(const std::string& url) {
    RedisOptions options = *parse_redis_url(url);
    options.command_timeout = Milliseconds(400);
    options.ping_interval = Milliseconds(50);
    return options;
  }
  RedisOptions options() { return options_of(server_.url()); }

  Result<RedisReply> run(RedisConnection& connection, std::vector<std::string> words) {
    std::optional<Result<RedisReply>> answer;
    connection.command(std::move(words), [&](Result<RedisReply> reply) { answer = std::move(reply); });
    EXPECT_FALSE(answer) << "no callback inside the call";
    EXPECT_TRUE(run_until(loop_, [&] { return answer.has_value(); })) << "no answer";
    if (!answer) return fail(ErrorCode::internal, ErrorSource::us, "no answer");
    return std::move(*answer);
  }
  bool wait_connected(RedisConnection& connection) {
    return run_until(loop_, [&] { return connection.connected(); });
  }

  RedisServer server_;
  Loop loop_;
};

}  // namespace hearth::test
