#include "integration/clients/redis_fixture.h"

namespace hearth {
namespace {

using test::RedisTest;
using test::run_until;
using Kind = RedisReply::Kind;

class RedisCommands : public RedisTest {};

TEST_F(RedisCommands, AnswersOfEveryKind) {
  RedisConnection redis(loop_, options(), {});
  const std::string binary("a\0\r\n\xff", 5);
  EXPECT_EQ(run(redis, {"SET", "key", binary})->text, "OK");
  EXPECT_EQ(run(redis, {"GET", "key"})->text, binary);
  EXPECT_EQ(run(redis, {"GET", "none"})->kind, Kind::nil);
  EXPECT_EQ(run(redis, {"ZADD", "set", "GT", "2", "x", "1", "y"})->integer, 2);
  const auto range = run(redis, {"ZRANGE", "set", "0", "-1"});
  ASSERT_EQ(range->kind, Kind::array);
  ASSERT_EQ(range->elements.size(), 2u);
  EXPECT_EQ(range->elements[0].text, "y");
  const auto wrong = run(redis, {"GET", "set"});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message.substr(0, 9), "WRONGTYPE");
  EXPECT_EQ(wrong.error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(run(redis, {"GET", "key"})) << "an error reply ends nothing";
}

TEST_F(RedisCommands, ManyAtOnceAreAnsweredInOrder) {
  RedisConnection redis(loop_, options(), {});
  std::vector<std::int64_t> answers;
  for (int i = 0; i < 500; ++i) {
    redis.command({"INCR", "n"}, [&](Result<RedisReply> reply) { answers.push_back(reply ? reply->integer : -1); });
  }
  ASSERT_TRUE(run_until(loop_, [&] { return answers.size() == 500; }));
  for (int i = 0; i < 500; ++i) EXPECT_EQ(answers[static_cast<std::size_t>(i)], i + 1);
}

TEST_F(RedisCommands, OverTcpByNameAndInTheNamedDatabase) {
  RedisOptions tcp = options_of(server_.tcp_url());
  tcp.host = "localhost";
  tcp.database = 3;
  RedisConnection redis(loop_, tcp, {});
  ASSERT_TRUE(wait_connected(redis));
  EXPECT_EQ(run(redis, {"SET", "where", "three"})->text, "OK");
  EXPECT_EQ(server_.command({"GET", "where"}), "(nil)");
}

TEST_F(RedisCommands, WhatChangesTheConnectionIsRefused) {
  RedisConnection redis(loop_, options(), {});
  for (const char* word : {"SUBSCRIBE", "monitor", "QUIT"}) {
    const auto reply = run(redis, {word, "x"});
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::invalid_argument);
  }
  EXPECT_TRUE(run(redis, {"PING"}));
}

TEST_F(RedisCommands, HearsItsChannelsOnly) {
  std::vector<std::string> heard;
  RedisConnection::Events events;
  events.message = [&](std::string_view channel, std::string_view payload) {
    heard.push_back(std::string(channel) + "=" + std::string(payload));
  };
  RedisConnection listener(loop_, options(), std::move(events));
  listener.subscribe({"one", "two"});
  ASSERT_TRUE(wait_connected(listener));
  RedisConnection speaker(loop_, options(), {});
  EXPECT_EQ(run(speaker, {"PUBLISH", "one", "a"})->integer, 1) << "subscribed when it says connected";
  EXPECT_EQ(run(speaker, {"PUBLISH", "three", "b"})->integer, 0);
  EXPECT_EQ(run(speaker, {"PUBLISH", "two", ""})->integer, 1);
  EXPECT_TRUE(run_until(loop_, [&] { return heard.size() == 2; }));
  EXPECT_EQ(heard, (std::vector<std::string>{"one=a", "two="}));
  const auto refused = run(listener, {"PING"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
}

TEST_F(RedisCommands, AFloodIsHeardWhole) {
  std::size_t heard = 0;
  RedisConnection::Events events;
  events.message = [&](std::string_view, std::string_view) { ++heard; };
  RedisConnection listener(loop_, options(), std::move(events));
  listener.subscribe({"flood"});
  ASSERT_TRUE(wait_connected(listener));
  RedisConnection speaker(loop_, options(), {});
  std::size_t told = 0;
  for (int i = 0; i < 10000; ++i) {
    speaker.command({"PUBLISH", "flood", std::string(100, 'x')},
                    [&](Result<RedisReply> reply) { told += reply ? 1 : 0; });
    if (i % 500 == 499) {
      ASSERT_TRUE(run_until(loop_, [&] { return told == static_cast<std::size_t>(i) + 1; }));
    }
  }
  EXPECT_TRUE(run_until(loop_, [&] { return heard == 10000; }));
}

}  // namespace
}  // namespace hearth
