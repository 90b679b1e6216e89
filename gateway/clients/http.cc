#include <list>
#include <unordered_map>

#include "base/check.h"
#include "clients/http_transfer.h"
#include "runtime/poll.h"
#include "runtime/timer.h"

namespace hearth {

namespace {

constexpr long kIdleConnections = 64;  // kept open for reuse, all destinations together

int poll_events(int curl_events) {
  switch (curl_events) {
    case CURL_POLL_IN:
      return Poll::kReadable;
    case CURL_POLL_OUT:
      return Poll::kWritable;
    case CURL_POLL_INOUT:
      return Poll::kReadable | Poll::kWritable;
    default:
      return 0;
  }
}

}  // namespace

// libcurl forbids removing a handle from inside its own callbacks, so while `depth_` is not 0 a dropped call is only
// silenced and is removed when libcurl has returned.
class HttpClient::Impl {
 public:
  explicit Impl(Loop& loop);
  ~Impl();

  Loop& loop() { return loop_; }
  std::unique_ptr<HttpCall> start(HttpRequest request, Chunk chunk, Done done);
  void shutdown();

 private:
  class Call;
  struct Entry {
    std::unique_ptr<HttpTransfer> transfer;
    Call* call;  // null when dropped
  };
  using Entries = std::list<Entry>;

  void drop(Entries::iterator entry);
  void act(curl_socket_t fd, int events);
  void after_curl();
  void take_finished();
  void remove(Entries::iterator entry);
  void watch(curl_socket_t fd, int what);
  void wake_after(long timeout_ms);

  Loop& loop_;
  CURLM* multi_;
  Timer timer_;
  std::unordered_map<curl_socket_t, std::unique_ptr<Poll>> polls_;
  Entries entries_;
  int depth_ = 0;
  bool closed_ = false;
};

class HttpClient::Impl::Call final : public HttpCall {
 public:
  ~Call() override {
    if (impl_ != nullptr) impl_->drop(entry_);
  }
  void attach(Impl* impl, Entries::iterator entry) {
    impl_ = impl;
    entry_ = entry;
  }
  void detach() { impl_ = nullptr; }

 private:
  Impl* impl_ = nullptr;
  Entries::iterator entry_;
};

HttpClient::Impl::Impl(Loop& loop) : loop_(loop), timer_(loop) {
  curl_global_init(CURL_GLOBAL_DEFAULT);  // counted; thread-safe since 7.84
  multi_ = curl_multi_init();
  HEARTH_CHECK(multi_ != nullptr);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kIdleConnections);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(
      multi_, CURLMOPT_SOCKETFUNCTION, +[](CURL*, curl_socket_t fd, int what, void* self, void*) -> int {
        static_cast<Impl*>(self)->watch(fd, what);
        return 0;
      });
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(
      multi_, CURLMOPT_TIMERFUNCTION, +[](CURLM*, long timeout_ms, void* self) -> int {
        static_cast<Impl*>(self)->wake_after(timeout_ms);
        return 0;
      });
}

HttpClient::Impl::~Impl() {
  // By now nothing of libcurl is on the call stack.
  for (Entry& entry : entries_) curl_multi_remove_handle(multi_, entry.transfer->easy());
  entries_.clear();
  curl_multi_cleanup(multi_);
  curl_global_cleanup();
}

std::unique_ptr<HttpCall> HttpClient::Impl::start(HttpRequest request, Chunk chunk, Done done) {
  auto call = std::make_unique<Call>();
  entries_.push_back(
      {std::make_unique<HttpTransfer>(std::move(request), std::move(chunk), std::move(done)), call.get()});
  const auto entry = std::prev(entries_.end());
  call->attach(this, entry);
  if (depth_ == 0) {
    curl_multi_add_handle(multi_, entry->transfer->easy());  // only arms the timer: nothing happens inside start()
  } else {
    loop_.defer([this, call = call.get(), transfer = entry->transfer.get()] {
      for (const Entry& one : entries_) {
        if (one.transfer.get() == transfer && one.call == call) curl_multi_add_handle(multi_, transfer->easy());
      }
    });
  }
  return call;
}

void HttpClient::Impl::drop(Entries::iterator entry) {
  entry->call = nullptr;
  entry->transfer->silence();
  if (depth_ == 0) remove(entry);
}

void HttpClient::Impl::remove(Entries::iterator entry) {
  if (entry->call != nullptr) entry->call->detach();
  ++depth_;  // libcurl may call back to forget a socket
  curl_multi_remove_handle(multi_, entry->transfer->easy());
  --depth_;
  entries_.erase(entry);
}

void HttpClient::Impl::act(curl_socket_t fd, int events) {
  int mask = 0;
  if ((events & Poll::kReadable) != 0) mask |= CURL_CSELECT_IN;
  if ((events & Poll::kWritable) != 0) mask |= CURL_CSELECT_OUT;
  int running = 0;
  ++depth_;
  curl_multi_socket_action(multi_, fd, mask, &running);
  --depth_;
  after_curl();
}

void HttpClient::Impl::after_curl() {
  if (closed_) return;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (entry->transfer->silenced()) remove(entry);
    entry = next;
  }
  take_finished();
}

void HttpClient::Impl::take_finished() {
  int left = 0;
  while (!closed_) {
    const CURLMsg* message = curl_multi_info_read(multi_, &left);
    if (message == nullptr) return;
    if (message->msg != CURLMSG_DONE) continue;
    HttpTransfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    const CURLcode outcome = message->data.result;
    auto entry = entries_.begin();
    while (entry->transfer.get() != transfer) ++entry;
    // Out of the books first: `done` may drop the call, start others, or destroy the client.
    const std::unique_ptr<HttpTransfer> finished = std::move(entry->transfer);
    if (entry->call != nullptr) entry->call->detach();
    entries_.erase(entry);
    curl_multi_remove_handle(multi_, finished->easy());
    finished->finish(outcome);
  }
}

void HttpClient::Impl::watch(curl_socket_t fd, int what) {
  if (what == CURL_POLL_REMOVE) {
    polls_.erase(fd);
    return;
  }
  if (closed_) return;
  std::unique_ptr<Poll>& poll = polls_[fd];
  if (poll) {
    poll->set_events(poll_events(what));
    return;
  }
  poll = std::make_unique<Poll>(loop_, fd);
  poll->start(poll_events(what), [this, fd](int events) { act(fd, events); });
}

void HttpClient::Impl::wake_after(long timeout_ms) {
  if (timeout_ms < 0 || closed_) {
    timer_.stop();
    return;
  }
  timer_.start(Milliseconds(timeout_ms), [this] { act(CURL_SOCKET_TIMEOUT, 0); });
}

void HttpClient::Impl::shutdown() {
  closed_ = true;
  timer_.stop();
  for (Entry& entry : entries_) {
    if (entry.call != nullptr) entry.call->detach();
    entry.call = nullptr;
    entry.transfer->silence();
  }
  polls_.clear();
}

HttpClient::HttpClient(Loop& loop) : impl_(std::make_unique<Impl>(loop)) {}

HttpClient::~HttpClient() {
  impl_->shutdown();
  Loop& loop = impl_->loop();
  loop.defer_delete(std::move(impl_));  // libcurl may be on the call stack
}

std::unique_ptr<HttpCall> HttpClient::start(HttpRequest request, Done done) {
  return impl_->start(std::move(request), nullptr, std::move(done));
}

std::unique_ptr<HttpCall> HttpClient::stream(HttpRequest request, Chunk chunk, Done done) {
  return impl_->start(std::move(request), std::move(chunk), std::move(done));
}

}  // namespace hearth
