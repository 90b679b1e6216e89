#include "clients/redis.h"

#include <algorithm>
#include <deque>

#include "base/random.h"
#include "base/strings.h"
#include "clients/redis_session.h"

namespace hearth {

namespace {

constexpr Milliseconds kFirstRetry{100};
constexpr Milliseconds kLastRetry{5000};
constexpr Milliseconds kGoodSession{2000};

Error failure(ErrorCode code, std::string message, bool retryable = true) {
  return {code, ErrorSource::upstream, retryable, 0, std::move(message)};
}
Error cancelled() { return failure(ErrorCode::cancelled, "the Redis call was dropped", false); }

bool changes_the_connection(const std::string& word) {
  static constexpr std::string_view kWords[] = {"subscribe",  "unsubscribe", "psubscribe", "punsubscribe",
                                                "ssubscribe", "monitor",     "quit",       "hello"};
  return std::any_of(std::begin(kWords), std::end(kWords), [&word](std::string_view w) { return iequals(w, word); });
}

}  // namespace

class RedisConnection::Impl final : public RedisSession::Listener {
 public:
  Impl(Loop& loop, RedisOptions options, Events events)
      : loop_(loop), options_(std::move(options)), events_(std::move(events)), retry_(loop), expiry_(loop) {
    retry_.start(Milliseconds(0), [this] { connect(); });
  }
  Loop& loop() { return loop_; }

  bool connected() const { return ready_; }
  void submit(std::vector<std::string> words, RedisCallback done, bool only_if_connected);
  void subscribe(std::vector<std::string> channels);
  void shutdown();

  void session_ready() override;
  void session_broken(const Error& error) override;
  void session_reply(Result<RedisReply> reply) override;
  void session_message(std::string_view channel, std::string_view payload) override {
    if (events_.message) events_.message(channel, payload);
  }

 private:
  struct Waiting {
    std::vector<std::string> words;
    RedisCallback done;
    SteadyTime deadline;
  };

  void connect() { session_ = std::make_unique<RedisSession>(loop_, options_, channels_, attempts_++, *this); }
  void connect_later();
  void pump();
  void expire();
  void refuse(RedisCallback done, Error error);
  void deliver_refused();

  Loop& loop_;
  RedisOptions options_;
  Events events_;
  Timer retry_;
  Timer expiry_;
  std::vector<std::string> channels_;
  std::unique_ptr<RedisSession> session_;
  unsigned attempts_ = 0;
  Milliseconds backoff_ = kFirstRetry;
  bool ready_ = false;
  bool greeting_ = false;  // inside Events::connected: what is asked now goes first
  bool closed_ = false;
  SteadyTime ready_since_{};
  std::deque<Waiting> queue_;
  std::deque<RedisCallback> sent_;
  std::vector<std::pair<RedisCallback, Error>> refused_;  // to be told from the loop, not from inside command()
};

void RedisConnection::Impl::connect_later() {
  const auto half = backoff_.count() / 2;
  const Milliseconds wait(half + static_cast<std::int64_t>(fast_random() % static_cast<std::uint64_t>(half + 1)));
  backoff_ = std::min(backoff_ * 2, kLastRetry);
  retry_.start(wait, [this] { connect(); });
}

void RedisConnection::Impl::subscribe(std::vector<std::string> channels) {
  channels_ = std::move(channels);
  if (session_) session_broken(failure(ErrorCode::cancelled, "connecting again, to subscribe"));
}

void RedisConnection::Impl::session_ready() {
  ready_ = true;
  ready_since_ = SteadyClock::now();
  std::deque<Waiting> waiting;
  waiting.swap(queue_);
  greeting_ = true;
  if (events_.connected) events_.connected();
  greeting_ = false;
  for (Waiting& one : waiting) queue_.push_back(std::move(one));
  if (closed_) return shutdown();
  pump();
}

void RedisConnection::Impl::session_broken(const Error& error) {
  // A server that takes connections only to end them is not knocked at ten times a second.
  if (ready_ && SteadyClock::now() - ready_since_ > kGoodSession) backoff_ = kFirstRetry;
  ready_ = false;
  session_->close();
  loop_.defer_delete(std::move(session_));
  connect_later();
  std::deque<RedisCallback> lost;
  lost.swap(sent_);
  if (events_.lost) events_.lost(error);
  for (RedisCallback& done : lost) {
    done(fail(closed_ ? cancelled()
                      : failure(ErrorCode::timeout, error.message + "; whether the command took effect is unknown")));
  }
}

void RedisConnection::Impl::session_reply(Result<RedisReply> reply) {
  RedisCallback done = std::move(sent_.front());
  sent_.pop_front();
  done(std::move(reply));
}

void RedisConnection::Impl::submit(std::vector<std::string> words, RedisCallback done, bool only_if_connected) {
  if (closed_) return refuse(std::move(done), cancelled());
  if (words.empty() || !channels_.empty() || changes_the_connection(words.front())) {
    return refuse(std::move(done), failure(ErrorCode::invalid_argument, "not on this connection to Redis", false));
  }
  if (only_if_connected && !ready_) {
    return refuse(std::move(done), failure(ErrorCode::unavailable, "not connected to Redis"));
  }
  if (queue_.size() + sent_.size() >= options_.queue_limit) {
    return refuse(std::move(done),
                  failure(ErrorCode::limit, std::to_string(options_.queue_limit) + " commands wait for Redis"));
  }
  queue_.push_back({std::move(words), std::move(done), loop_.now() + options_.command_timeout});
  pump();
  if (!queue_.empty() && !expiry_.active()) expire();
}

void RedisConnection::Impl::pump() {
  while (ready_ && !greeting_ && !queue_.empty()) {
    Waiting next = std::move(queue_.front());
    queue_.pop_front();
    sent_.push_back(std::move(next.done));
    session_->send(next.words);
  }
}

// Commands that no connection was found for in time. All have the same patience, so the queue is in order of deadline.
void RedisConnection::Impl::expire() {
  while (!queue_.empty() && queue_.front().deadline <= loop_.now()) {
    refuse(std::move(queue_.front().done), failure(ErrorCode::unavailable, "not connected to Redis"));
    queue_.pop_front();
  }
  if (queue_.empty()) return;
  const auto wait = std::chrono::duration_cast<Milliseconds>(queue_.front().deadline - loop_.now());
  expiry_.start(wait + Milliseconds(1), [this] { expire(); });
}

void RedisConnection::Impl::refuse(RedisCallback done, Error error) {
  refused_.emplace_back(std::move(done), std::move(error));
  if (refused_.size() == 1 && !closed_) loop_.defer([this] { deliver_refused(); });
}

void RedisConnection::Impl::deliver_refused() {
  std::vector<std::pair<RedisCallback, Error>> refused;
  refused.swap(refused_);
  for (auto& [done, error] : refused) done(fail(closed_ ? cancelled() : std::move(error)));
}

void RedisConnection::Impl::shutdown() {
  closed_ = true;
  ready_ = false;
  retry_.stop();
  expiry_.stop();
  if (session_) {
    session_->close();
    loop_.defer_delete(std::move(session_));
  }
  std::deque<RedisCallback> sent;
  sent.swap(sent_);
  std::deque<Waiting> queue;
  queue.swap(queue_);
  for (RedisCallback& done : sent) done(fail(cancelled()));
  for (Waiting& one : queue) one.done(fail(cancelled()));
  deliver_refused();
}

RedisConnection::RedisConnection(Loop& loop, RedisOptions options, Events events)
    : impl_(std::make_unique<Impl>(loop, std::move(options), std::move(events))) {}

RedisConnection::~RedisConnection() {
  impl_->shutdown();
  Loop& loop = impl_->loop();
  loop.defer_delete(std::move(impl_));  // it may be on the call stack
}

bool RedisConnection::connected() const { return impl_->connected(); }

void RedisConnection::command(std::vector<std::string> words, RedisCallback done, bool only_if_connected) {
  impl_->submit(std::move(words), std::move(done), only_if_connected);
}

void RedisConnection::subscribe(std::vector<std::string> channels) { impl_->subscribe(std::move(channels)); }

}  // namespace hearth
