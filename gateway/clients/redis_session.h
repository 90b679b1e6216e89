// RedisSession: one hiredis connection from its start to its first failure. Private to this folder: RedisConnection
// makes a new session after each failure.
//
// Owner: RedisConnection::Impl. Any method of the listener may call close(); the object itself is then deleted through
// Loop::defer_delete, since it is on the call stack.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "clients/redis.h"
#include "runtime/poll.h"
#include "runtime/timer.h"

struct redisAsyncContext;

namespace hearth {

class RedisSession {
 public:
  class Listener {
   public:
    virtual void session_ready() = 0;
    virtual void session_broken(const Error& error) = 0;       // terminal
    virtual void session_reply(Result<RedisReply> reply) = 0;  // one per send(), in order, unless broken comes first
    virtual void session_message(std::string_view channel, std::string_view payload) = 0;

   protected:
    ~Listener() = default;
  };

  // With channels it only listens. `attempt` chooses among the addresses of a name that has several.
  RedisSession(Loop& loop, const RedisOptions& options, std::vector<std::string> channels, unsigned attempt,
               Listener& listener);
  ~RedisSession();
  RedisSession(const RedisSession&) = delete;
  RedisSession& operator=(const RedisSession&) = delete;

  void send(const std::vector<std::string>& words);  // only when ready
  void close();                                      // silences, and ends the connection

 private:
  enum class State { resolving, greeting, subscribing, ready, closed };
  enum class Asked { greeting, ping, command };
  struct Unanswered {
    Asked what;
    SteadyTime since;
  };
  struct Lookup;
  struct Hooks;  // what hiredis calls

  void connect(const std::string& host, const std::string& failure);
  void adopt(redisAsyncContext* context);
  void greet();
  bool submit(const std::vector<std::string>& words, Asked what);
  void ask_channels(const std::vector<std::string>& channels);
  void replied(Result<RedisReply> reply);
  void heard(const RedisReply& reply);
  void become_ready();
  void on_ready(int events);
  void want(int events, bool on);
  void tick();
  void keep_alive();
  void context_gone(Error error);
  void break_off(Error error);

  Loop& loop_;
  RedisOptions options_;
  std::vector<std::string> channels_;
  unsigned attempt_;
  Listener* listener_;
  State state_ = State::resolving;
  Lookup* lookup_ = nullptr;  // while the thread pool looks the name up
  redisAsyncContext* context_ = nullptr;
  std::unique_ptr<Poll> poll_;
  int interest_ = 0;
  Timer timer_;
  Milliseconds tick_every_;
  SteadyTime began_;
  SteadyTime last_tick_;
  SteadyTime last_heard_;
  std::deque<Unanswered> unanswered_;
  std::size_t acknowledged_ = 0;  // channels, while subscribing
  bool proving_ = false;          // a listener has asked for its first channel again, to see an answer
  SteadyTime proving_since_;
};

}  // namespace hearth
