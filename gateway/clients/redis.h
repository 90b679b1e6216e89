// Redis over hiredis' asynchronous interface, on a Loop. This folder is the only one that includes hiredis headers.
//
// Thread: the loop's. Owner: whoever created it; destroying it cancels what is under way (callbacks get
// Error{cancelled} from the destructor, never afterwards). A lost connection is made again with backoff (100 ms … 5 s,
// jitter) for ever. A server that leaves anything unanswered for command_timeout is taken as lost; an idle connection
// asks it every ping_interval. A command whose connection broke after it was sent fails with Error{timeout}, retryable:
// whether it took effect is unknown; one that was never sent fails with Error{unavailable}. An error reply is an Error
// whose message is Redis' own ("WRONGTYPE Operation against …"). No callback runs inside a call. Protocol: RESP2.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_function.h"
#include "runtime/loop.h"

namespace hearth {

struct RedisOptions {
  std::string unix_path;  // empty: TCP
  std::string host;
  std::uint16_t port = 6379;
  std::string user;      // Redis 6 and later; empty: the default user
  std::string password;  // empty: none is sent
  unsigned database = 0;
  Milliseconds connect_timeout{5000};  // name, connection and greeting together
  Milliseconds command_timeout{2000};
  Milliseconds ping_interval{1000};
  std::size_t queue_limit = 1000;  // commands waiting or unanswered; beyond it Error{limit}
};

// redis://[[user]:password@]host[:port][/database] or redis+unix://[[user]:password@]/path[?db=database]; user and
// password may be percent-encoded. What is wrong: Error{invalid_argument}, which never holds the password.
Result<RedisOptions> parse_redis_url(std::string_view url);
// "host:port" or "unix:/path": for messages.
std::string redis_place(const RedisOptions& options);

struct RedisReply {
  enum class Kind { nil, text, integer, array } kind = Kind::nil;
  std::string text;  // bulk and status replies
  std::int64_t integer = 0;
  std::vector<RedisReply> elements;  // an error inside an array is a text
};

using RedisCallback = UniqueFunction<void(Result<RedisReply>)>;

class RedisConnection {
 public:
  struct Events {
    // Also after each reconnection; the channels are subscribed by then. Before queued commands are sent.
    UniqueFunction<void()> connected = nullptr;
    // Also for each failed attempt. Comes before the callbacks of the commands that were lost with it.
    UniqueFunction<void(const Error&)> lost = nullptr;
    UniqueFunction<void(std::string_view channel, std::string_view payload)> message = nullptr;
  };

  RedisConnection(Loop& loop, RedisOptions options, Events events);
  ~RedisConnection();
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  bool connected() const;
  // Queued until connected, at most command_timeout; fails at once with Error{unavailable} when `only_if_connected` and
  // it is not. Not for commands that change what the connection is (SUBSCRIBE, MONITOR).
  void command(std::vector<std::string> words, RedisCallback done, bool only_if_connected = false);
  // From now on the connection only listens to these channels, across reconnections, and takes no commands. Messages
  // published while it was away are lost. At least one channel.
  void subscribe(std::vector<std::string> channels);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth
