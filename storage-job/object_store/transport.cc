#include "object_store/transport.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <future>
#include <list>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/strings.h"

namespace hearth::object_store {
namespace {

constexpr auto kTick = std::chrono::milliseconds(200);  // how late a cancel may be noticed

Error translate(CURLcode code, const char* detail) {
  const std::string text = fmt::format("object storage: {}", *detail != '\0' ? detail : curl_easy_strerror(code));
  const auto unavailable = [&](ErrorCode what, bool retryable) {
    return Error{what, ErrorSource::storage, retryable, 0, text};
  };
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return unavailable(ErrorCode::timeout, true);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return unavailable(ErrorCode::unavailable, false);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return unavailable(ErrorCode::invalid_argument, false);
    case CURLE_FILESIZE_EXCEEDED:
      return unavailable(ErrorCode::protocol, false);
    default:
      return unavailable(ErrorCode::unavailable, true);
  }
}

// One attempt of one call on one curl handle.
struct Transfer {
  Call call;
  HttpRequest request;
  HttpReply reply;
  std::size_t sent = 0;
  bool too_long = false;
  unsigned attempt = 0;
  SteadyTime began{};
  SteadyTime due{};
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  char detail[CURL_ERROR_SIZE] = "";
};

std::size_t on_read(char* out, std::size_t unit, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::size_t size = std::min(unit * count, transfer.request.body.size() - transfer.sent);
  std::memcpy(out, transfer.request.body.data() + transfer.sent, size);
  transfer.sent += size;
  return size;
}

int on_seek(void* self, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<Transfer*>(self)->sent = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

std::size_t on_body(char* data, std::size_t unit, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::size_t size = unit * count;
  if (transfer.reply.body.size() + size > transfer.request.reply_limit) {
    transfer.too_long = true;
    return 0;
  }
  transfer.reply.body.append(data, size);
  return size;
}

std::size_t on_header(char* data, std::size_t unit, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  std::string_view line(data, unit * count);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (line.substr(0, 5) == "HTTP/") transfer.reply.headers.clear();  // an interim answer came before this one
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos)
    transfer.reply.headers[to_lower(line.substr(0, colon))] = std::string(trim(line.substr(colon + 1)));
  return unit * count;
}

}  // namespace

std::chrono::milliseconds backoff(unsigned attempt, std::chrono::milliseconds first, std::chrono::milliseconds limit,
                                  std::uint64_t random) {
  const auto cap = std::min<std::chrono::milliseconds>(limit, first * (1ll << std::min(attempt, 20u)));
  return std::chrono::milliseconds(static_cast<std::int64_t>(random % static_cast<std::uint64_t>(cap.count() + 1)));
}

class Transport::Engine {
 public:
  explicit Engine(TransportOptions options) : options_(std::move(options)) {
    static const CURLcode initialised = curl_global_init(CURL_GLOBAL_ALL);
    HEARTH_CHECK(initialised == CURLE_OK);
    multi_ = curl_multi_init();
    HEARTH_CHECK(multi_ != nullptr);
    thread_ = std::thread([this] { run(); });
  }

  ~Engine() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    curl_multi_wakeup(multi_);
    thread_.join();
    for (CURL* easy : idle_) curl_easy_cleanup(easy);
    curl_multi_cleanup(multi_);
  }

  void submit(Call call) {
    {
      const std::lock_guard lock(mutex_);
      fresh_.push_back(std::move(call));
    }
    curl_multi_wakeup(multi_);
  }

  std::uint64_t retries() const { return retries_; }

 private:
  void run() {
    while (true) {
      if (!take_fresh()) return;
      start_due();
      drop_cancelled();
      int running = 0;
      curl_multi_perform(multi_, &running);
      if (finish_ready()) continue;
      curl_multi_poll(multi_, nullptr, 0, static_cast<int>(pause().count()), nullptr);
    }
  }

  bool take_fresh() {
    const std::lock_guard lock(mutex_);
    for (Call& call : fresh_) {
      auto transfer = std::make_unique<Transfer>();
      transfer->call = std::move(call);
      transfer->began = transfer->due = SteadyClock::now();
      waiting_.push_back(std::move(transfer));
    }
    fresh_.clear();
    return !stopping_;
  }

  std::chrono::milliseconds pause() const {
    auto wait = kTick;
    const auto now = SteadyClock::now();
    for (const auto& transfer : waiting_) {
      const auto until = std::chrono::ceil<std::chrono::milliseconds>(transfer->due - now);
      wait = std::clamp(until, std::chrono::milliseconds(0), wait);
    }
    return wait;
  }

  void start_due() {
    const auto now = SteadyClock::now();
    for (auto it = waiting_.begin(); it != waiting_.end();) {
      if ((*it)->due > now) {
        ++it;
        continue;
      }
      start(**it);
      active_.push_back(std::move(*it));
      it = waiting_.erase(it);
    }
  }

  void start(Transfer& transfer) {
    transfer.request = transfer.call.build();
    transfer.reply = {};
    transfer.sent = 0;
    transfer.too_long = false;
    transfer.detail[0] = '\0';
    if (idle_.empty()) {
      transfer.easy = curl_easy_init();
      HEARTH_CHECK(transfer.easy != nullptr);
    } else {
      transfer.easy = idle_.back();
      idle_.pop_back();
      curl_easy_reset(transfer.easy);
    }
    configure(transfer);
    HEARTH_CHECK(curl_multi_add_handle(multi_, transfer.easy) == CURLM_OK);
  }

  void configure(Transfer& transfer) {
    CURL* easy = transfer.easy;
    const HttpRequest& request = transfer.request;
    for (const std::string& header : request.headers)
      transfer.headers = curl_slist_append(transfer.headers, header.c_str());
    transfer.headers = curl_slist_append(transfer.headers, "Expect:");
    curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);  // a key may hold ".."
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L << 10);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.headers);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.detail);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1024L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(stall_of(transfer).count()));
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
    if (!options_.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
    if (request.method == "HEAD") {
      curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (request.method == "PUT" || request.method == "POST") {
      curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
      curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
      curl_easy_setopt(easy, CURLOPT_READDATA, &transfer);
      curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
      curl_easy_setopt(easy, CURLOPT_SEEKDATA, &transfer);
      curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    }
    if (request.method != "GET" && request.method != "HEAD")
      curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  std::chrono::seconds stall_of(const Transfer& transfer) const {
    return transfer.call.stall.count() >= 0 ? transfer.call.stall : options_.stall_timeout;
  }

  void release(Transfer& transfer) {
    curl_multi_remove_handle(multi_, transfer.easy);
    curl_slist_free_all(transfer.headers);
    transfer.headers = nullptr;
    idle_.push_back(std::exchange(transfer.easy, nullptr));
  }

  bool finish_ready() {
    bool any = false;
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      any = true;
      Transfer* transfer = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      const CURLcode code = message->data.result;
      curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &transfer->reply.status);
      const auto it = std::find_if(active_.begin(), active_.end(), [&](auto& held) { return held.get() == transfer; });
      std::unique_ptr<Transfer> held = std::move(*it);
      active_.erase(it);
      release(*held);
      ended(std::move(held), code);
    }
    return any;
  }

  void ended(std::unique_ptr<Transfer> transfer, CURLcode code) {
    Result<void> verdict;
    if (transfer->too_long)
      verdict = fail(ErrorCode::limit, ErrorSource::storage, "object storage sent more than was asked for");
    else if (code != CURLE_OK && !(transfer->reply.status >= 400 && code == CURLE_SEND_ERROR))
      verdict = fail(translate(code, transfer->detail));
    else
      verdict = transfer->call.judge(transfer->reply);
    if (verdict) return transfer->call.done(std::move(transfer->reply));

    const auto budget = transfer->call.budget.count() >= 0 ? transfer->call.budget : options_.retry_budget;
    auto wait = backoff(transfer->attempt, options_.backoff_first, options_.backoff_limit, fast_random());
    const auto now = SteadyClock::now();
    if (!verdict.error().retryable || cancelled(*transfer) || now + wait > transfer->began + budget)
      return transfer->call.done(fail(verdict.error()));
    ++transfer->attempt;
    ++retries_;
    transfer->due = now + wait;
    waiting_.push_back(std::move(transfer));
  }

  bool cancelled(const Transfer& transfer) const {
    return options_.cancel != nullptr && *options_.cancel && !transfer.call.ignore_cancel;
  }

  void drop_cancelled() {
    if (options_.cancel == nullptr || !*options_.cancel) return;
    std::list<std::unique_ptr<Transfer>> dropped;
    for (auto* from : {&active_, &waiting_})
      for (auto it = from->begin(); it != from->end();) {
        const auto next = std::next(it);
        if (cancelled(**it)) dropped.splice(dropped.end(), *from, it);
        it = next;
      }
    for (auto& transfer : dropped) {
      if (transfer->easy != nullptr) release(*transfer);
      transfer->call.done(fail(ErrorCode::cancelled, ErrorSource::us, "cancelled"));
    }
  }

  const TransportOptions options_;
  CURLM* multi_ = nullptr;
  std::mutex mutex_;
  std::vector<Call> fresh_;  // guarded by mutex_, as is stopping_
  bool stopping_ = false;
  std::list<std::unique_ptr<Transfer>> waiting_, active_;  // the thread's own from here on
  std::vector<CURL*> idle_;
  std::atomic<std::uint64_t> retries_{0};
  std::thread thread_;
};

Transport::Transport(TransportOptions options) : engine_(std::make_unique<Engine>(std::move(options))) {}
Transport::~Transport() = default;
void Transport::submit(Call call) { engine_->submit(std::move(call)); }
std::uint64_t Transport::retries() const { return engine_->retries(); }

Result<HttpReply> Transport::perform(Call call) {
  auto promise = std::make_shared<std::promise<Result<HttpReply>>>();  // set_value may outlast get()
  auto future = promise->get_future();
  call.done = [promise](Result<HttpReply> result) { promise->set_value(std::move(result)); };
  submit(std::move(call));
  return future.get();
}

}  // namespace hearth::object_store
