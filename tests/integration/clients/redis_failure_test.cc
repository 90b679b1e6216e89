#include "integration/clients/redis_fixture.h"
#include "support/scripted_server.h"

namespace hearth {
namespace {

using test::run_for;
using test::run_until;

class RedisFailure : public test::RedisTest {
 protected:
  RedisConnection::Events counting() {
    RedisConnection::Events events;
    events.connected = [this] { ++connected_; };
    events.lost = [this](const Error& error) {
      ++lost_;
      last_ = error;
    };
    events.message = [this](std::string_view, std::string_view payload) { heard_.emplace_back(payload); };
    return events;
  }

  int connected_ = 0;
  int lost_ = 0;
  Error last_;
  std::vector<std::string> heard_;
};

TEST_F(RedisFailure, ReconnectsAfterARestart) {
  RedisConnection redis(loop_, options(), counting());
  ASSERT_TRUE(run(redis, {"SET", "a", "b"}));
  server_.stop();
  ASSERT_TRUE(run_until(loop_, [&] { return lost_ > 0; })) << "an idle connection notices at once";
  EXPECT_FALSE(redis.connected());
  EXPECT_TRUE(last_.retryable);
  ASSERT_TRUE(run_until(loop_, [&] { return lost_ > 2; })) << "tries for ever";
  const auto queued = run(redis, {"GET", "a"});
  ASSERT_FALSE(queued) << "nobody answers in time";
  EXPECT_EQ(queued.error().code, ErrorCode::unavailable);
  server_.start();
  ASSERT_TRUE(wait_connected(redis));
  EXPECT_TRUE(run(redis, {"GET", "a"}));
  EXPECT_EQ(connected_, 2);
}

TEST_F(RedisFailure, ASubscriptionSurvivesARestart) {
  RedisConnection listener(loop_, options(), counting());
  listener.subscribe({"news"});
  ASSERT_TRUE(wait_connected(listener));
  server_.stop();
  ASSERT_TRUE(run_until(loop_, [&] { return !listener.connected(); }));
  server_.start();
  ASSERT_TRUE(wait_connected(listener));
  EXPECT_EQ(server_.command({"PUBLISH", "news", "again"}), "1");
  EXPECT_TRUE(run_until(loop_, [&] { return !heard_.empty(); }));
  EXPECT_EQ(heard_, std::vector<std::string>{"again"});
}

TEST_F(RedisFailure, AServerThatHangsIsTakenAsLost) {
  RedisConnection redis(loop_, options(), counting());
  RedisConnection listener(loop_, options(), {});
  listener.subscribe({"news"});
  ASSERT_TRUE(wait_connected(redis));
  ASSERT_TRUE(wait_connected(listener));
  server_.suspend();
  const auto asked = run(redis, {"SET", "a", "b"});
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().code, ErrorCode::timeout) << "it was sent: nobody knows";
  EXPECT_TRUE(asked.error().retryable);
  EXPECT_TRUE(run_until(loop_, [&] { return !listener.connected(); })) << "a silent listener is checked as well";
  server_.resume();
  EXPECT_TRUE(wait_connected(redis));
  EXPECT_TRUE(wait_connected(listener));
}

TEST_F(RedisFailure, AnIdleConnectionThatWorksIsKept) {
  RedisConnection redis(loop_, options(), counting());
  RedisConnection listener(loop_, options(), counting());
  listener.subscribe({"news", "more"});
  ASSERT_TRUE(run_until(loop_, [&] { return connected_ == 2; }));
  run_for(loop_, Milliseconds(1200));  // many ping intervals, several command timeouts
  EXPECT_EQ(lost_, 0) << last_.message;
  EXPECT_EQ(server_.command({"PUBLISH", "more", "x"}), "1");
  EXPECT_TRUE(run_until(loop_, [&] { return heard_.size() == 1; }));
}

TEST_F(RedisFailure, AWrongPasswordIsSaidAndTriedAgain) {
  test::RedisServer locked("right");
  RedisOptions wrong = options_of(locked.url());
  wrong.password = "wrong";
  RedisConnection redis(loop_, wrong, counting());
  ASSERT_TRUE(run_until(loop_, [&] { return lost_ >= 2; }));
  EXPECT_EQ(last_.code, ErrorCode::permission_denied) << last_.message;
  RedisOptions none = options_of(locked.url());
  none.password.clear();
  lost_ = 0;
  RedisConnection without(loop_, none, counting());
  without.subscribe({"x"});
  ASSERT_TRUE(run_until(loop_, [&] { return lost_ >= 1; }));
  EXPECT_EQ(last_.code, ErrorCode::permission_denied) << last_.message;
  EXPECT_EQ(connected_, 0);
  RedisConnection right(loop_, options_of(locked.url()), {});
  EXPECT_TRUE(wait_connected(right));
}

TEST_F(RedisFailure, APeerThatSaysNothingOrNonsenseIsGivenUp) {
  test::ScriptedServer silent([](test::ScriptedPeer& peer) { peer.wait_for_close(); });
  RedisOptions to_silent = options_of("redis://127.0.0.1:" + std::to_string(silent.port()));
  to_silent.connect_timeout = Milliseconds(100);
  RedisConnection first(loop_, to_silent, counting());
  ASSERT_TRUE(run_until(loop_, [&] { return silent.accepted() >= 2; }));
  EXPECT_EQ(last_.code, ErrorCode::timeout);
  test::ScriptedServer babbling([](test::ScriptedPeer& peer) {
    peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    peer.wait_for_close();
  });
  RedisConnection second(loop_, options_of("redis://127.0.0.1:" + std::to_string(babbling.port())), counting());
  EXPECT_TRUE(run_until(loop_, [&] { return babbling.accepted() >= 2; }));
  EXPECT_EQ(connected_, 0);
}

TEST_F(RedisFailure, NobodyThere) {
  RedisConnection no_name(loop_, options_of("redis://no-such-host.invalid"), counting());
  ASSERT_TRUE(run_until(loop_, [&] { return lost_ >= 1; }));
  EXPECT_NE(last_.message.find("no-such-host.invalid"), std::string::npos);
  RedisConnection no_socket(loop_, options_of("redis+unix:///nonexistent/redis.sock"), counting());
  lost_ = 0;
  EXPECT_TRUE(run_until(loop_, [&] { return lost_ >= 3; }));
}

TEST_F(RedisFailure, TheQueueHasALimit) {
  RedisOptions small = options();
  small.queue_limit = 2;
  RedisConnection redis(loop_, small, {});
  std::vector<std::optional<ErrorCode>> codes;
  for (int i = 0; i < 3; ++i) {
    redis.command({"PING"}, [&](Result<RedisReply> reply) {
      codes.push_back(reply ? std::nullopt : std::optional(reply.error().code));
    });
  }
  ASSERT_TRUE(run_until(loop_, [&] { return codes.size() == 3; }));
  EXPECT_EQ(codes[0], ErrorCode::limit);
  EXPECT_EQ(codes[1], std::nullopt);
  std::optional<ErrorCode> at_once;
  server_.stop();
  ASSERT_TRUE(run_until(loop_, [&] { return !redis.connected(); }));
  redis.command(
      {"PING"}, [&](Result<RedisReply> reply) { at_once = reply.error().code; }, true);
  EXPECT_TRUE(run_until(loop_, [&] { return at_once.has_value(); }));
  EXPECT_EQ(at_once, ErrorCode::unavailable);
}

TEST_F(RedisFailure, DestroyingCancelsAndIsSilent) {
  auto redis = std::make_unique<RedisConnection>(loop_, options(), counting());
  ASSERT_TRUE(wait_connected(*redis));
  std::vector<ErrorCode> codes;
  for (int i = 0; i < 3; ++i) {
    redis->command({"PING"}, [&](Result<RedisReply> reply) { codes.push_back(reply.error().code); });
  }
  redis.reset();
  EXPECT_EQ(codes, std::vector<ErrorCode>(3, ErrorCode::cancelled));
  run_for(loop_, Milliseconds(20));
  EXPECT_EQ(lost_, 0);
  for (int rounds = 0; rounds < 8; ++rounds) {
    RedisConnection early(loop_, options(), {});
    early.subscribe({"x"});
    for (int i = 0; i < rounds; ++i) uv_run(loop_.raw(), UV_RUN_NOWAIT);
  }
}

TEST_F(RedisFailure, ACallbackMayDestroyTheConnection) {
  std::unique_ptr<RedisConnection> redis =
      std::make_unique<RedisConnection>(loop_, options(), RedisConnection::Events{});
  std::optional<ErrorCode> second;
  redis->command({"PING"}, [&](Result<RedisReply> reply) {
    EXPECT_TRUE(reply);
    redis.reset();
  });
  redis->command({"PING"}, [&](Result<RedisReply> reply) { second = reply.error().code; });
  ASSERT_TRUE(run_until(loop_, [&] { return second.has_value(); }));
  EXPECT_EQ(second, ErrorCode::cancelled);
  std::unique_ptr<RedisConnection> listener;
  RedisConnection::Events events;
  events.message = [&](std::string_view, std::string_view) { listener.reset(); };
  listener = std::make_unique<RedisConnection>(loop_, options(), std::move(events));
  listener->subscribe({"end"});
  ASSERT_TRUE(wait_connected(*listener));
  server_.command({"PUBLISH", "end", ""});
  ASSERT_TRUE(run_until(loop_, [&] { return listener == nullptr; }));
  std::unique_ptr<RedisConnection> leaving;
  events = {};
  events.lost = [&](const Error&) { leaving.reset(); };
  leaving = std::make_unique<RedisConnection>(loop_, options(), std::move(events));
  ASSERT_TRUE(wait_connected(*leaving));
  server_.stop();
  EXPECT_TRUE(run_until(loop_, [&] { return leaving == nullptr; }));
}

}  // namespace
}  // namespace hearth
