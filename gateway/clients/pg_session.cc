#include "clients/pg_session.h"

#include <array>
#include <vector>

#include "base/check.h"
#include "clients/pg_errors.h"

namespace hearth {

namespace {

constexpr std::size_t kPreparedLimit = 500;  // per session; what comes later is sent unprepared

// Keywords for PQconnectStartParams; later ones override what `conninfo` says.
struct ConnectWords {
  std::vector<const char*> names{"dbname", "fallback_application_name", "client_encoding"};
  std::vector<const char*> values;

  explicit ConnectWords(const PgOptions& options) : values{options.conninfo.c_str(), "hearth", "UTF8"} {
    if (options.fast_failure_detection) {
      const auto add = [this](const char* name, const char* value) {
        names.push_back(name);
        values.push_back(value);
      };
      add("keepalives", "1");
      add("keepalives_idle", "2");
      add("keepalives_interval", "1");
      add("keepalives_count", "3");
      add("tcp_user_timeout", "5000");
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
  }
};

// What every session of ours relies on. The server's own limits are a second line: they end what we have given up.
std::string session_settings(const PgOptions& options) {
  const std::string limit = std::to_string(options.statement_timeout.count() + 1000);
  std::string sql =
      "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET client_min_messages = 'warning';"
      " SET standard_conforming_strings = on; SET statement_timeout = " +
      limit + "; SET idle_in_transaction_session_timeout = " + limit + ";";
  if (options.fast_failure_detection) {
    sql +=
        " SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3;"
        " SET tcp_user_timeout = 5000;";
  }
  return sql;
}

}  // namespace

// PQconnectStartParams may look up a host name, which blocks: it runs on libuv's pool. Outlives a closed session.
struct PgSession::Start {
  PgOptions options;
  PgSession* session;
  PGconn* connection = nullptr;
};

PgSession::PgSession(Loop& loop, const PgOptions& options, Listener& listener)
    : loop_(loop), options_(options), listener_(&listener), timer_(loop) {
  begin();
}

PgSession::~PgSession() { close(); }

void PgSession::close() {
  state_ = State::closed;
  listener_ = nullptr;
  timer_.stop();
  poll_.reset();  // before the descriptor is closed
  if (start_ != nullptr) start_->session = nullptr;
  start_ = nullptr;
  if (connection_ != nullptr) PQfinish(connection_);
  connection_ = nullptr;
}

void PgSession::begin() {
  auto start = std::make_unique<Start>(Start{options_, this});
  start_ = start.get();
  deadline(options_.connect_timeout, "connecting to the database took longer than ");
  loop_.queue_work(
      [start = start_] {
        const ConnectWords words(start->options);
        start->connection = PQconnectStartParams(words.names.data(), words.values.data(), 1);
      },
      [start = std::move(start)] {
        if (start->session == nullptr) {
          PQfinish(start->connection);
        } else {
          start->session->started(start->connection);
        }
      });
}

void PgSession::started(PGconn* connection) {
  start_ = nullptr;
  connection_ = connection;
  if (connection == nullptr || PQstatus(connection) == CONNECTION_BAD) {
    break_off(pg_connection_error(connection, "cannot connect to the database"));
    return;
  }
  PQsetNoticeProcessor(
      connection, [](void*, const char*) {}, nullptr);
  state_ = State::connecting;
  wait_for(Poll::kWritable);  // as if PQconnectPoll had said PGRES_POLLING_WRITING
}

void PgSession::step_connect() {
  poll_.reset();  // PQconnectPoll may close the descriptor and open another
  switch (PQconnectPoll(connection_)) {
    case PGRES_POLLING_READING:
      wait_for(Poll::kReadable);
      return;
    case PGRES_POLLING_WRITING:
      wait_for(Poll::kWritable);
      return;
    case PGRES_POLLING_OK:
      settle();
      return;
    default:
      break_off(pg_connection_error(connection_, "cannot connect to the database"));
      return;
  }
}

void PgSession::settle() {
  if (PQsetnonblocking(connection_, 1) != 0) {
    break_off(pg_connection_error(connection_, "cannot set up the database session"));
    return;
  }
  state_ = State::settling;
  send_query(session_settings(options_).c_str());
}

void PgSession::send(PgStatement statement) {
  HEARTH_CHECK(state_ == State::idle);
  statement_ = std::move(statement);
  deadline(options_.statement_timeout, "the database did not answer within ");
  send_statement();
}

void PgSession::send_query(const char* sql) { sent(PQsendQuery(connection_, sql)); }

void PgSession::send_statement() {
  if (statement_.params.empty()) {
    state_ = State::running;
    send_query(statement_.sql.c_str());
    return;
  }
  if (const auto found = prepared_.find(statement_.sql); found != prepared_.end()) {
    execute(found->second);
    return;
  }
  if (prepared_.size() >= kPreparedLimit) {
    execute({});
    return;
  }
  state_ = State::preparing;
  preparing_ = "s" + std::to_string(++names_given_);
  sent(PQsendPrepare(connection_, preparing_.c_str(), statement_.sql.c_str(), 0, nullptr));
}

void PgSession::execute(const std::string& name) {
  std::vector<const char*> values;
  values.reserve(statement_.params.size());
  for (const PgParam& param : statement_.params) values.push_back(param ? param->c_str() : nullptr);
  const int count = static_cast<int>(values.size());
  state_ = State::running;
  if (name.empty()) {
    sent(PQsendQueryParams(connection_, statement_.sql.c_str(), count, nullptr, values.data(), nullptr, nullptr, 0));
  } else {
    sent(PQsendQueryPrepared(connection_, name.c_str(), count, values.data(), nullptr, nullptr, 0));
  }
}

void PgSession::sent(int accepted) {
  if (accepted == 0) {
    break_off(pg_connection_error(connection_, "the database connection broke"));
    return;
  }
  flush();
}

void PgSession::flush() {
  // A failed write is not the end: the server may have said why before it went, and reading tells.
  const bool more = PQflush(connection_) > 0;
  wait_for(more ? Poll::kReadable | Poll::kWritable : Poll::kReadable);
}

void PgSession::on_ready(int events) {
  if (state_ == State::connecting) {
    step_connect();
    return;
  }
  if ((events & Poll::kReadable) != 0 && PQconsumeInput(connection_) == 0) {
    take_results();  // an error the server sent before it closed
    if (state_ != State::closed) break_off(pg_connection_error(connection_, "the database connection broke"));
    return;
  }
  flush();
  take_results();
  if (state_ != State::closed) take_notices();
}

void PgSession::take_results() {
  while (state_ == State::settling || state_ == State::preparing || state_ == State::running) {
    if (PQisBusy(connection_) != 0) return;
    PGresult* result = PQgetResult(connection_);
    if (result == nullptr) {
      finish_statement();
      continue;
    }
    PgResult owned(result);
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY) {
      result_ = std::move(owned);
      continue;
    }
    if (status != PGRES_FATAL_ERROR) {  // COPY: nothing of ours asks for it
      break_off({ErrorCode::protocol, ErrorSource::database, false, 0, "unexpected answer from the database"});
      return;
    }
    session_ended_ = session_ended_ || pg_ends_session(result);
    outdated_ = outdated_ || pg_outdated_statement(result);
    if (!error_) error_ = std::make_unique<Error>(pg_statement_error(result));
  }
}

void PgSession::finish_statement() {
  if (session_ended_ || PQstatus(connection_) == CONNECTION_BAD) {
    Error error = error_ ? std::move(*error_) : pg_connection_error(connection_, "the database connection broke");
    error.code = ErrorCode::unavailable;
    error.retryable = true;
    break_off(std::move(error));
    return;
  }
  if (state_ == State::settling) {
    if (error_) {
      break_off(std::move(*error_));
      return;
    }
    timer_.stop();
    state_ = State::idle;
    listener_->session_ready();
    return;
  }
  if (state_ == State::preparing && !error_) {
    prepared_.emplace(statement_.sql, preparing_);
    execute(preparing_);
    return;
  }
  statement_done();
}

void PgSession::statement_done() {
  timer_.stop();
  if (outdated_) prepared_.erase(statement_.sql);
  outdated_ = false;
  state_ = State::idle;
  Result<PgResult> result = error_ ? Result<PgResult>(fail(std::move(*error_))) : Result<PgResult>(std::move(result_));
  error_.reset();
  result_ = PgResult();
  listener_->session_result(std::move(result));
}

void PgSession::take_notices() {
  while (PGnotify* notice = PQnotifies(connection_)) {
    const std::unique_ptr<PGnotify, void (*)(void*)> owned(notice, PQfreemem);
    listener_->session_notified(notice->relname, notice->extra);
    if (state_ == State::closed) return;
  }
}

void PgSession::wait_for(int events) {
  if (poll_) {
    poll_->set_events(events);
    return;
  }
  poll_ = std::make_unique<Poll>(loop_, PQsocket(connection_));
  poll_->start(events, [this](int ready) { on_ready(ready); });
}

void PgSession::break_off(Error error) {
  Listener* listener = listener_;
  close();
  if (listener != nullptr) listener->session_broken(error);
}

void PgSession::deadline(Milliseconds after, const char* what) {
  timer_.start(after, [this, after, what] {
    break_off({ErrorCode::timeout, ErrorSource::database, true, 0, what + std::to_string(after.count()) + " ms"});
  });
}

}  // namespace hearth
