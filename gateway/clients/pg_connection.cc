#include <algorithm>
#include <deque>

#include "base/check.h"
#include "base/random.h"
#include "clients/pg_session.h"

namespace hearth {

namespace {

constexpr Milliseconds kFirstRetry{100};
constexpr Milliseconds kLastRetry{5000};
constexpr Milliseconds kGoodSession{2000};

// One query or one transaction, from the queue to its callback.
struct Job {
  enum class At { statement, begin, inside, commit, rollback };

  bool transactional = false;
  PgStatement next;
  PgConnection::Step step;  // transactions only
  PgCallback done;
  SteadyTime deadline;  // to be sent by then

  At at = At::statement;
  PgResult last;  // of the last statement inside the transaction
  Error failure;  // why it is being rolled back
};

PgStatement command(const char* sql) { return {sql, {}}; }

Error cancelled() { return {ErrorCode::cancelled, ErrorSource::database, false, 0, "the database call was dropped"}; }

// Error of a job whose connection is gone. `why` is unavailable, or timeout when we ended the session ourselves.
Error lost_job(const Job& job, Error why) {
  const bool known_without_effect = job.at == Job::At::begin || job.at == Job::At::inside;
  if (job.at == Job::At::rollback) return job.failure;
  if (why.code == ErrorCode::unavailable && !known_without_effect) {
    why.code = ErrorCode::timeout;
    why.message += "; whether the statement took effect is unknown";
  }
  why.retryable = true;
  return why;
}

}  // namespace

class PgConnection::Impl final : public PgSession::Listener {
 public:
  Impl(Loop& loop, PgOptions options, Events events)
      : loop_(loop), options_(std::move(options)), events_(std::move(events)), retry_(loop), expiry_(loop) {
    connect();
  }
  Loop& loop() { return loop_; }

  bool connected() const { return ready_; }
  void submit(Job job, bool only_if_connected);
  void drop(const std::string& reason);
  void shutdown();

  void session_ready() override;
  void session_broken(const Error& error) override;
  void session_result(Result<PgResult> result) override;
  void session_notified(std::string_view channel, std::string_view payload) override;

 private:
  void connect();
  void connect_later();
  void pump();
  void send(PgStatement statement, Job::At at);
  void advance(Job& job, PgResult result);
  void roll_back(Job& job, Error why);
  void finish(Result<PgResult> result);
  void refuse(PgCallback done, Error error);
  void deliver_refused();
  void expire();

  Loop& loop_;
  PgOptions options_;
  Events events_;
  Timer retry_;
  Timer expiry_;
  std::unique_ptr<PgSession> session_;
  Milliseconds backoff_ = kFirstRetry;
  bool ready_ = false;
  SteadyTime ready_since_{};
  bool greeting_ = false;  // inside Events::connected: what is asked now goes first
  bool closed_ = false;
  std::deque<Job> queue_;
  std::unique_ptr<Job> running_;
  std::vector<std::pair<PgCallback, Error>> refused_;  // to be told from the loop, not from inside query()
};

void PgConnection::Impl::connect() { session_ = std::make_unique<PgSession>(loop_, options_, *this); }

void PgConnection::Impl::connect_later() {
  const auto half = backoff_.count() / 2;
  const Milliseconds wait(half + static_cast<std::int64_t>(fast_random() % static_cast<std::uint64_t>(half + 1)));
  backoff_ = std::min(backoff_ * 2, kLastRetry);
  retry_.start(wait, [this] { connect(); });
}

void PgConnection::Impl::session_ready() {
  ready_ = true;
  ready_since_ = SteadyClock::now();
  std::deque<Job> waiting;
  waiting.swap(queue_);
  greeting_ = true;
  if (events_.connected) events_.connected();
  greeting_ = false;
  for (Job& job : waiting) queue_.push_back(std::move(job));
  if (closed_) {
    shutdown();
  } else {
    pump();
  }
}

void PgConnection::Impl::session_broken(const Error& error) {
  // A server that takes connections only to end them is not knocked at ten times a second.
  if (ready_ && SteadyClock::now() - ready_since_ > kGoodSession) backoff_ = kFirstRetry;
  ready_ = false;
  session_->close();
  loop_.defer_delete(std::move(session_));
  connect_later();
  std::unique_ptr<Job> lost = std::move(running_);
  if (events_.lost) events_.lost(error);
  if (lost) lost->done(fail(closed_ ? cancelled() : lost_job(*lost, error)));
  loop_.defer_delete(std::move(lost));  // its step may be on the call stack
}

void PgConnection::Impl::drop(const std::string& reason) {
  if (!session_) return;  // between two attempts
  session_broken({ErrorCode::unavailable, ErrorSource::database, true, 0, reason});
}

void PgConnection::Impl::session_notified(std::string_view channel, std::string_view payload) {
  if (events_.notified) events_.notified(channel, payload);
}

void PgConnection::Impl::submit(Job job, bool only_if_connected) {
  if (closed_) return refuse(std::move(job.done), cancelled());
  if (only_if_connected && !ready_) {
    return refuse(std::move(job.done),
                  {ErrorCode::unavailable, ErrorSource::database, true, 0, "not connected to the database"});
  }
  if (queue_.size() >= options_.queue_limit) {
    return refuse(std::move(job.done), {ErrorCode::limit, ErrorSource::database, true, 0,
                                        std::to_string(options_.queue_limit) + " statements wait for the database"});
  }
  job.deadline = loop_.now() + options_.statement_timeout;
  queue_.push_back(std::move(job));
  if (!expiry_.active()) expire();
  pump();
}

// Statements that no connection was found for in time. All have the same patience, so the queue is in order of
// deadline.
void PgConnection::Impl::expire() {
  while (!queue_.empty() && queue_.front().deadline <= loop_.now()) {
    refuse(std::move(queue_.front().done), {ErrorCode::unavailable, ErrorSource::database, true, 0,
                                            ready_ ? "the database is too slow" : "not connected to the database"});
    queue_.pop_front();
  }
  if (queue_.empty()) return;
  const auto wait = std::chrono::duration_cast<Milliseconds>(queue_.front().deadline - loop_.now());
  expiry_.start(wait + Milliseconds(1), [this] { expire(); });
}

void PgConnection::Impl::pump() {
  if (!ready_ || greeting_ || running_ || queue_.empty() || closed_) return;
  running_ = std::make_unique<Job>(std::move(queue_.front()));
  queue_.pop_front();
  if (running_->transactional) {
    send(command("BEGIN"), Job::At::begin);
  } else {
    send(std::move(running_->next), Job::At::statement);
  }
}

void PgConnection::Impl::send(PgStatement statement, Job::At at) {
  running_->at = at;
  session_->send(std::move(statement));
}

void PgConnection::Impl::session_result(Result<PgResult> result) {
  HEARTH_CHECK(running_ != nullptr);
  Job& job = *running_;
  switch (job.at) {
    case Job::At::statement:
      return finish(std::move(result));
    case Job::At::begin:
      if (!result) return finish(std::move(result));
      return send(std::move(job.next), Job::At::inside);
    case Job::At::inside:
      if (!result) return roll_back(job, std::move(result.error()));
      return advance(job, std::move(*result));
    case Job::At::commit:
      if (!result) return finish(std::move(result));
      return finish(std::move(job.last));
    case Job::At::rollback:
      return finish(fail(std::move(job.failure)));
  }
}

void PgConnection::Impl::advance(Job& job, PgResult result) {
  job.last = std::move(result);
  Result<std::optional<PgStatement>> next = job.step(job.last);
  if (closed_ || running_.get() != &job) return;  // the step destroyed or dropped the connection
  if (!next) return roll_back(job, std::move(next.error()));
  if (*next) return send(std::move(**next), Job::At::inside);
  send(command("COMMIT"), Job::At::commit);
}

void PgConnection::Impl::roll_back(Job& job, Error why) {
  job.failure = std::move(why);
  send(command("ROLLBACK"), Job::At::rollback);
}

void PgConnection::Impl::finish(Result<PgResult> result) {
  const std::unique_ptr<Job> job = std::move(running_);
  job->done(std::move(result));
  pump();
}

void PgConnection::Impl::refuse(PgCallback done, Error error) {
  refused_.emplace_back(std::move(done), std::move(error));
  if (refused_.size() == 1 && !closed_) loop_.defer([this] { deliver_refused(); });
}

void PgConnection::Impl::deliver_refused() {
  std::vector<std::pair<PgCallback, Error>> refused;
  refused.swap(refused_);
  for (auto& [done, error] : refused) done(fail(closed_ ? cancelled() : std::move(error)));
}

void PgConnection::Impl::shutdown() {
  closed_ = true;
  ready_ = false;
  retry_.stop();
  expiry_.stop();
  if (session_) {
    session_->close();
    loop_.defer_delete(std::move(session_));
  }
  std::unique_ptr<Job> running = std::move(running_);
  std::deque<Job> queue;
  queue.swap(queue_);
  if (running) running->done(fail(cancelled()));
  loop_.defer_delete(std::move(running));
  for (Job& job : queue) job.done(fail(cancelled()));
  deliver_refused();
}

PgConnection::PgConnection(Loop& loop, PgOptions options, Events events)
    : impl_(std::make_unique<Impl>(loop, std::move(options), std::move(events))) {}

PgConnection::~PgConnection() {
  impl_->shutdown();
  Loop& loop = impl_->loop();
  loop.defer_delete(std::move(impl_));  // it may be on the call stack
}

bool PgConnection::connected() const { return impl_->connected(); }

void PgConnection::query(PgStatement statement, PgCallback done, bool only_if_connected) {
  Job job;
  job.next = std::move(statement);
  job.done = std::move(done);
  impl_->submit(std::move(job), only_if_connected);
}

void PgConnection::transaction(std::vector<PgStatement> statements, PgCallback done) {
  HEARTH_CHECK(!statements.empty());
  PgStatement first = std::move(statements.front());
  auto step = [rest = std::move(statements),
               at = std::size_t{1}](const PgResult&) mutable -> Result<std::optional<PgStatement>> {
    if (at == rest.size()) return std::nullopt;
    return std::move(rest[at++]);
  };
  interactive_transaction(std::move(first), std::move(step), std::move(done));
}

void PgConnection::interactive_transaction(PgStatement first, Step step, PgCallback done) {
  Job job;
  job.transactional = true;
  job.next = std::move(first);
  job.step = std::move(step);
  job.done = std::move(done);
  impl_->submit(std::move(job), false);
}

void PgConnection::drop(const std::string& reason) { impl_->drop(reason); }

}  // namespace hearth
