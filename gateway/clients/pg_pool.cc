#include <algorithm>
#include <deque>

#include "clients/pg.h"
#include "runtime/timer.h"

namespace hearth {

namespace {

struct Waiting {
  UniqueFunction<void(PgConnection&, PgCallback)> run;
  PgCallback done;
  SteadyTime deadline;
};

Error pool_error(ErrorCode code, std::string message) {
  return {code, ErrorSource::database, true, 0, std::move(message)};
}

}  // namespace

class PgPool::Impl {
 public:
  Impl(Loop& loop, PgOptions options, std::size_t size)
      : loop_(loop), options_(std::move(options)), size_(size), expiry_(loop) {
    open_one();
  }

  Loop& loop() { return loop_; }
  void submit(UniqueFunction<void(PgConnection&, PgCallback)> run, PgCallback done);
  std::optional<std::string> unready_reason() const;
  void shutdown();

 private:
  struct Slot {
    std::unique_ptr<PgConnection> connection;
    bool busy = false;
  };

  void open_one();
  void pump();
  void expire();
  void refuse(PgCallback done, Error error);
  void deliver_refused();
  Slot* free_slot();
  bool all_connected() const;

  Loop& loop_;
  PgOptions options_;
  std::size_t size_;
  Timer expiry_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::deque<Waiting> waiting_;
  std::vector<std::pair<PgCallback, Error>> refused_;
  std::string last_failure_ = "connecting to the database";
  bool closed_ = false;
};

void PgPool::Impl::open_one() {
  slots_.push_back(std::make_unique<Slot>());
  PgConnection::Events events;
  events.connected = [this] { loop_.defer([this] { pump(); }); };  // it counts as connected, but is still greeting
  events.lost = [this](const Error& error) { last_failure_ = error.message; };
  slots_.back()->connection = std::make_unique<PgConnection>(loop_, options_, std::move(events));
}

PgPool::Impl::Slot* PgPool::Impl::free_slot() {
  for (const auto& slot : slots_) {
    if (!slot->busy && slot->connection->connected()) return slot.get();
  }
  return nullptr;
}

bool PgPool::Impl::all_connected() const {
  return std::all_of(slots_.begin(), slots_.end(), [](const auto& slot) { return slot->connection->connected(); });
}

void PgPool::Impl::submit(UniqueFunction<void(PgConnection&, PgCallback)> run, PgCallback done) {
  if (closed_) return refuse(std::move(done), pool_error(ErrorCode::cancelled, "the database pool is closed"));
  if (waiting_.size() >= options_.queue_limit) {
    return refuse(std::move(done), pool_error(ErrorCode::limit, std::to_string(options_.queue_limit) +
                                                                    " statements wait for the database"));
  }
  waiting_.push_back({std::move(run), std::move(done), loop_.now() + options_.statement_timeout});
  if (!expiry_.active()) expire();
  pump();
}

void PgPool::Impl::pump() {
  while (!closed_ && !waiting_.empty()) {
    Slot* slot = free_slot();
    if (slot == nullptr) {
      // One more at a time, and none while another is still being made: a database that is away gets one knock.
      if (slots_.size() < size_ && all_connected()) open_one();
      return;
    }
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    slot->busy = true;
    next.run(*slot->connection, [this, slot, done = std::move(next.done)](Result<PgResult> result) mutable {
      slot->busy = false;
      done(std::move(result));
      pump();
    });
  }
}

void PgPool::Impl::expire() {
  while (!waiting_.empty() && waiting_.front().deadline <= loop_.now()) {
    std::string why = unready_reason().value_or("every database connection is busy");
    refuse(std::move(waiting_.front().done), pool_error(ErrorCode::unavailable, std::move(why)));
    waiting_.pop_front();
  }
  if (waiting_.empty()) return;
  const auto wait = std::chrono::duration_cast<Milliseconds>(waiting_.front().deadline - loop_.now());
  expiry_.start(wait + Milliseconds(1), [this] { expire(); });
}

void PgPool::Impl::refuse(PgCallback done, Error error) {
  refused_.emplace_back(std::move(done), std::move(error));
  if (refused_.size() == 1 && !closed_) loop_.defer([this] { deliver_refused(); });
}

void PgPool::Impl::deliver_refused() {
  std::vector<std::pair<PgCallback, Error>> refused;
  refused.swap(refused_);
  for (auto& [done, error] : refused) {
    if (closed_) error.code = ErrorCode::cancelled;
    done(fail(std::move(error)));
  }
}

std::optional<std::string> PgPool::Impl::unready_reason() const {
  for (const auto& slot : slots_) {
    if (slot->connection && slot->connection->connected()) return std::nullopt;
  }
  return last_failure_;
}

void PgPool::Impl::shutdown() {
  closed_ = true;
  expiry_.stop();
  for (const auto& slot : slots_) slot->connection.reset();  // cancels what runs on it
  std::deque<Waiting> waiting;
  waiting.swap(waiting_);
  for (Waiting& one : waiting) one.done(fail(pool_error(ErrorCode::cancelled, "the database call was dropped")));
  deliver_refused();
}

PgPool::PgPool(Loop& loop, PgOptions options, std::size_t size)
    : impl_(std::make_unique<Impl>(loop, std::move(options), size)) {}

PgPool::~PgPool() {
  impl_->shutdown();
  Loop& loop = impl_->loop();
  loop.defer_delete(std::move(impl_));  // it may be on the call stack
}

void PgPool::query(PgStatement statement, PgCallback done) {
  impl_->submit(
      [statement = std::move(statement)](PgConnection& connection, PgCallback then) mutable {
        connection.query(std::move(statement), std::move(then));
      },
      std::move(done));
}

void PgPool::transaction(std::vector<PgStatement> statements, PgCallback done) {
  impl_->submit(
      [statements = std::move(statements)](PgConnection& connection, PgCallback then) mutable {
        connection.transaction(std::move(statements), std::move(then));
      },
      std::move(done));
}

void PgPool::interactive_transaction(PgStatement first, PgConnection::Step step, PgCallback done) {
  impl_->submit(
      [first = std::move(first), step = std::move(step)](PgConnection& connection, PgCallback then) mutable {
        connection.interactive_transaction(std::move(first), std::move(step), std::move(then));
      },
      std::move(done));
}

std::optional<std::string> PgPool::unready_reason() const { return impl_->unready_reason(); }

}  // namespace hearth
