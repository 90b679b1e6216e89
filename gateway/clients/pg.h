// PostgreSQL over libpq's asynchronous interface, on a Loop. This folder is the only one that includes <libpq-fe.h>.
//
// Thread: the loop's. Owner of a PgConnection or PgPool: whoever created it; destroying it cancels what is under way
// (callbacks get Error{cancelled} from the destructor, never afterwards). Lost connections are re-made with backoff
// (100 ms … 5 s, jitter) for ever. A statement whose connection broke after it was sent fails with Error{timeout},
// retryable: whether it took effect is unknown (SPEC rule 12); one that was never sent, or whose transaction was never
// told to commit, fails with Error{unavailable}. A statement waits for a connection at most as long as it may run
// (statement_timeout), then fails with Error{unavailable}. No callback runs inside query() and its likes.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_function.h"
#include "base/uuid.h"
#include "runtime/loop.h"

namespace hearth {

// A statement parameter in text format; nullopt is NULL. Build with the functions below.
using PgParam = std::optional<std::string>;
PgParam pg(std::string_view text);
template <std::integral Number>  // by exact type: a string literal would else become a bool
PgParam pg(Number value) {
  if constexpr (std::same_as<Number, bool>) return value ? "t" : "f";
  return std::to_string(value);
}
PgParam pg(const Uuid& id);
PgParam pg(WallTime time);                       // timestamptz, microseconds, UTC
PgParam pg_array(const std::vector<Uuid>& ids);  // uuid[]
PgParam pg_null();

// All rows of one statement. Values are text; column numbers start at 0.
class PgResult {
 public:
  PgResult();
  explicit PgResult(void* pg_result);  // takes a PGresult*
  PgResult(PgResult&&) noexcept;
  PgResult& operator=(PgResult&&) noexcept;
  ~PgResult();

  std::size_t rows() const;
  std::size_t affected() const;        // INSERT/UPDATE/DELETE count
  int column(const char* name) const;  // aborts on an unknown name: a mistake of ours
  bool is_null(std::size_t row, int column) const;
  std::string_view text(std::size_t row, int column) const;
  std::int64_t number(std::size_t row, int column) const;
  bool flag(std::size_t row, int column) const;
  Uuid uuid(std::size_t row, int column) const;
  WallTime time(std::size_t row, int column) const;
  std::optional<std::string> optional_text(std::size_t row, int column) const;
  std::optional<std::int64_t> optional_number(std::size_t row, int column) const;
  std::optional<Uuid> optional_uuid(std::size_t row, int column) const;
  std::optional<WallTime> optional_time(std::size_t row, int column) const;

 private:
  struct Free {
    void operator()(void* p) const;
  };
  std::unique_ptr<void, Free> result_;
};

using PgCallback = UniqueFunction<void(Result<PgResult>)>;

struct PgStatement {
  // $1, $2 …; prepared per connection and cached by text. Without parameters it may hold several commands, the last
  // one's rows are the result.
  std::string sql;
  std::vector<PgParam> params;
};

struct PgOptions {
  std::string conninfo;  // URL or keywords
  Milliseconds connect_timeout{5000};
  Milliseconds statement_timeout{10000};  // ours: past it the connection is dropped and the call fails with timeout
  bool fast_failure_detection = false;    // keepalives 2/1/3 s and tcp_user_timeout 5 s (SPEC section 5)
  std::size_t queue_limit = 10000;        // statements waiting; beyond it Error{limit}
};

// SQLSTATE of a failed statement is in Error::message as "… (SQLSTATE 23505)"; these classify it.
bool is_unique_violation(const Error& error);
bool is_check_violation(const Error& error);

// One connection; statements run in order, one at a time.
class PgConnection {
 public:
  struct Events {
    UniqueFunction<void()> connected = nullptr;  // also after each reconnection, before queued statements run
    // Also for each failed attempt. Comes before the callbacks of the statements that were lost with it.
    UniqueFunction<void(const Error&)> lost = nullptr;
    UniqueFunction<void(std::string_view channel, std::string_view payload)> notified = nullptr;
  };

  PgConnection(Loop& loop, PgOptions options, Events events);
  ~PgConnection();
  PgConnection(const PgConnection&) = delete;
  PgConnection& operator=(const PgConnection&) = delete;

  bool connected() const;
  // Queued until connected; fails at once with Error{unavailable} when `only_if_connected` and it is not.
  void query(PgStatement statement, PgCallback done, bool only_if_connected = false);
  // All statements in one transaction on this connection, in order, with nothing between; rolled back when one fails.
  // `done` gets the last statement's result after COMMIT was confirmed.
  void transaction(std::vector<PgStatement> statements, PgCallback done);
  // BEGIN, then `step` is called with each result and answers the next statement, or nullopt to COMMIT, or an Error to
  // ROLL BACK and hand to `done`. For decisions inside a transaction (running limits).
  using Step = UniqueFunction<Result<std::optional<PgStatement>>(const PgResult& previous)>;
  void interactive_transaction(PgStatement first, Step step, PgCallback done);

  // Ends the session now, as if the connection had broken, and connects again.
  void drop(const std::string& reason);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// A few connections, opened on demand; each call takes the first free one.
class PgPool {
 public:
  PgPool(Loop& loop, PgOptions options, std::size_t size);
  ~PgPool();
  PgPool(const PgPool&) = delete;
  PgPool& operator=(const PgPool&) = delete;

  void query(PgStatement statement, PgCallback done);
  void transaction(std::vector<PgStatement> statements, PgCallback done);
  void interactive_transaction(PgStatement first, PgConnection::Step step, PgCallback done);
  // Last connection state: nullopt when at least one connection is up, else why not (for /readyz).
  std::optional<std::string> unready_reason() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth
