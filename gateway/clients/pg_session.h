// PgSession: one libpq connection from its start to its first failure; one statement at a time. Private to this folder:
// PgConnection makes a new session after each failure.
//
// Owner: PgConnection::Impl. Any method of the listener may call close(); the object itself is then deleted through
// Loop::defer_delete, since it is on the call stack.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "clients/pg.h"
#include "runtime/poll.h"
#include "runtime/timer.h"

namespace hearth {

class PgSession {
 public:
  class Listener {
   public:
    virtual void session_ready() = 0;
    // Terminal: could not be made, broke, or exceeded a deadline (Error{timeout}).
    virtual void session_broken(const Error& error) = 0;
    virtual void session_result(Result<PgResult> result) = 0;  // exactly one per send(), unless broken comes first
    virtual void session_notified(std::string_view channel, std::string_view payload) = 0;

   protected:
    ~Listener() = default;
  };

  PgSession(Loop& loop, const PgOptions& options, Listener& listener);
  ~PgSession();
  PgSession(const PgSession&) = delete;
  PgSession& operator=(const PgSession&) = delete;

  void send(PgStatement statement);  // only when ready and idle
  void close();                      // silences, and ends the server's session

 private:
  enum class State { starting, connecting, settling, idle, preparing, running, closed };
  struct Start;

  void begin();
  void started(PGconn* connection);
  void step_connect();
  void settle();
  void send_query(const char* sql);
  void send_statement();
  void execute(const std::string& name);
  void sent(int accepted);
  void on_ready(int events);
  void flush();
  void take_results();
  void finish_statement();
  void statement_done();
  void take_notices();
  void wait_for(int events);
  void break_off(Error error);
  void deadline(Milliseconds after, const char* what);

  Loop& loop_;
  PgOptions options_;
  Listener* listener_;
  State state_ = State::starting;
  Start* start_ = nullptr;  // while the thread pool opens the connection
  PGconn* connection_ = nullptr;
  std::unique_ptr<Poll> poll_;
  Timer timer_;

  PgStatement statement_;
  std::unordered_map<std::string, std::string> prepared_;  // text → name
  std::string preparing_;
  unsigned names_given_ = 0;
  PgResult result_;
  std::unique_ptr<Error> error_;
  bool session_ended_ = false;
  bool outdated_ = false;
};

}  // namespace hearth
