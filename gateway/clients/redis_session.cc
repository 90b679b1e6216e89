#include "clients/redis_session.h"

#include <arpa/inet.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <netdb.h>

#include <algorithm>
#include <string>

#include "base/check.h"
#include "clients/redis_reply.h"

namespace hearth {

namespace {

constexpr std::size_t kLargestReply = 16u << 20;  // unparsed bytes; a server that sends more is not ours

Error broken(std::string message, ErrorCode code = ErrorCode::unavailable) {
  return {code, ErrorSource::upstream, true, 0, std::move(message)};
}

Milliseconds tick_period(const RedisOptions& options) {
  const Milliseconds shortest = std::min({options.connect_timeout, options.command_timeout, options.ping_interval});
  return std::clamp(shortest / 4, Milliseconds(5), Milliseconds(250));
}

}  // namespace

// Addresses of the host; getaddrinfo blocks, so it runs on libuv's pool. Outlives a closed session.
struct RedisSession::Lookup {
  std::string host;
  unsigned attempt;
  RedisSession* session;
  std::string address;
  std::string failure;

  void run() {
    if (host.empty()) return;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int status = getaddrinfo(host.c_str(), nullptr, &hints, &found); status != 0) {
      failure = "host not found \"" + host + "\": " + gai_strerror(status);
      return;
    }
    std::vector<std::string> addresses;
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
      char text[NI_MAXHOST];
      if (getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0) {
        addresses.emplace_back(text);
      }
    }
    freeaddrinfo(found);
    if (addresses.empty()) {
      failure = "host \"" + host + "\" has no address";
    } else {
      address = addresses[attempt % addresses.size()];
    }
  }
};

struct RedisSession::Hooks {
  static RedisSession* of(const redisAsyncContext* context) { return static_cast<RedisSession*>(context->data); }

  static void connected(const redisAsyncContext* context, int status) {
    if (status == REDIS_OK) return;
    if (RedisSession* self = of(context)) self->context_gone(broken(std::string("cannot connect: ") + context->errstr));
  }
  static void disconnected(const redisAsyncContext* context, int) {
    if (RedisSession* self = of(context)) {
      const char* why = context->err != 0 ? context->errstr : "closed by the server";
      self->context_gone(
          broken(why, context->err == REDIS_ERR_PROTOCOL ? ErrorCode::protocol : ErrorCode::unavailable));
    }
  }
  static void reply(redisAsyncContext* context, void* raw, void*) {
    RedisSession* self = of(context);
    if (self == nullptr || raw == nullptr) return;  // the context is going; who waited is told by session_broken
    const auto& reply = *static_cast<redisReply*>(raw);
    if (reply.type == REDIS_REPLY_ERROR) {
      self->replied(fail(redis_error(std::string(reply.str, static_cast<std::size_t>(reply.len)))));
    } else {
      self->replied(copy_redis_reply(reply));
    }
  }
  static void pushed(redisAsyncContext* context, void* raw, void*) {
    RedisSession* self = of(context);
    if (self != nullptr && raw != nullptr) self->heard(copy_redis_reply(*static_cast<redisReply*>(raw)));
  }

  static void add_read(void* self) { static_cast<RedisSession*>(self)->want(Poll::kReadable, true); }
  static void del_read(void* self) { static_cast<RedisSession*>(self)->want(Poll::kReadable, false); }
  static void add_write(void* self) { static_cast<RedisSession*>(self)->want(Poll::kWritable, true); }
  static void del_write(void* self) { static_cast<RedisSession*>(self)->want(Poll::kWritable, false); }
  static void cleanup(void* self) { static_cast<RedisSession*>(self)->poll_.reset(); }  // the descriptor closes next
};

RedisSession::RedisSession(Loop& loop, const RedisOptions& options, std::vector<std::string> channels, unsigned attempt,
                           Listener& listener)
    : loop_(loop),
      options_(options),
      channels_(std::move(channels)),
      attempt_(attempt),
      listener_(&listener),
      timer_(loop),
      tick_every_(tick_period(options)),
      began_(loop.now()),
      last_tick_(began_),
      last_heard_(began_) {
  timer_.repeat(tick_every_, [this] { tick(); });
  const std::string host = options_.unix_path.empty() ? options_.host : std::string();
  auto lookup = std::make_unique<Lookup>(Lookup{host, attempt_, this, {}, {}});
  lookup_ = lookup.get();
  loop_.queue_work([lookup = lookup_] { lookup->run(); },
                   [lookup = std::move(lookup)] {
                     if (lookup->session != nullptr) lookup->session->connect(lookup->address, lookup->failure);
                   });
}

RedisSession::~RedisSession() { close(); }

void RedisSession::close() {
  state_ = State::closed;
  listener_ = nullptr;
  timer_.stop();
  if (lookup_ != nullptr) lookup_->session = nullptr;
  lookup_ = nullptr;
  poll_.reset();
  redisAsyncContext* context = context_;
  context_ = nullptr;
  if (context == nullptr) return;
  context->data = nullptr;
  context->ev.addRead = context->ev.delRead = context->ev.addWrite = context->ev.delWrite = context->ev.cleanup =
      nullptr;
  redisAsyncFree(context);  // inside one of its callbacks: once that has returned
}

void RedisSession::connect(const std::string& host, const std::string& failure) {
  lookup_ = nullptr;
  if (!failure.empty()) return break_off(broken(failure));
  redisAsyncContext* context = options_.unix_path.empty() ? redisAsyncConnect(host.c_str(), options_.port)
                                                          : redisAsyncConnectUnix(options_.unix_path.c_str());
  if (context == nullptr) return break_off(broken("out of memory"));
  if (context->err != 0) {
    Error error = broken(std::string("cannot connect: ") + context->errstr);
    redisAsyncFree(context);
    return break_off(std::move(error));
  }
  adopt(context);
  greet();
}

void RedisSession::adopt(redisAsyncContext* context) {
  context_ = context;
  context->data = this;
  poll_ = std::make_unique<Poll>(loop_, context->c.fd);
  poll_->start(0, [this](int events) { on_ready(events); });
  context->ev.data = this;
  context->ev.addRead = Hooks::add_read;
  context->ev.delRead = Hooks::del_read;
  context->ev.addWrite = Hooks::add_write;
  context->ev.delWrite = Hooks::del_write;
  context->ev.cleanup = Hooks::cleanup;
  redisAsyncSetConnectCallback(context, Hooks::connected);
  redisAsyncSetDisconnectCallback(context, Hooks::disconnected);
}

void RedisSession::greet() {
  state_ = State::greeting;
  if (!options_.password.empty()) {
    std::vector<std::string> words{"AUTH"};
    if (!options_.user.empty()) words.push_back(options_.user);
    words.push_back(options_.password);
    submit(words, Asked::greeting);
  }
  if (options_.database != 0) submit({"SELECT", std::to_string(options_.database)}, Asked::greeting);
  submit({"PING"}, Asked::greeting);
}

bool RedisSession::submit(const std::vector<std::string>& words, Asked what) {
  std::vector<const char*> argv;
  std::vector<std::size_t> sizes;
  for (const std::string& word : words) {
    argv.push_back(word.data());
    sizes.push_back(word.size());
  }
  unanswered_.push_back({what, loop_.now()});
  return redisAsyncCommandArgv(context_, Hooks::reply, nullptr, static_cast<int>(argv.size()), argv.data(),
                               sizes.data()) == REDIS_OK;
}

void RedisSession::send(const std::vector<std::string>& words) {
  HEARTH_CHECK(state_ == State::ready && channels_.empty() && context_ != nullptr);
  submit(words, Asked::command);  // refused only while hiredis is about to report the end
}

void RedisSession::ask_channels(const std::vector<std::string>& channels) {
  std::vector<const char*> argv{"SUBSCRIBE"};
  std::vector<std::size_t> sizes{9};
  for (const std::string& channel : channels) {
    argv.push_back(channel.data());
    sizes.push_back(channel.size());
  }
  proving_ = true;
  proving_since_ = loop_.now();
  redisAsyncCommandArgv(context_, Hooks::pushed, nullptr, static_cast<int>(argv.size()), argv.data(), sizes.data());
}

void RedisSession::replied(Result<RedisReply> reply) {
  last_heard_ = loop_.now();
  HEARTH_CHECK(!unanswered_.empty());
  const Asked what = unanswered_.front().what;
  unanswered_.pop_front();
  if (what == Asked::command) return listener_->session_reply(std::move(reply));
  if (!reply) return break_off(std::move(reply.error()));
  if (what == Asked::ping || !unanswered_.empty()) return;
  if (channels_.empty()) return become_ready();
  state_ = State::subscribing;
  ask_channels(channels_);
}

void RedisSession::heard(const RedisReply& reply) {
  using Kind = RedisReply::Kind;
  last_heard_ = loop_.now();
  if (reply.kind != Kind::array || reply.elements.size() < 3) return;
  const std::string& kind = reply.elements[0].text;
  if (kind == "message") {
    if (state_ == State::ready) listener_->session_message(reply.elements[1].text, reply.elements[2].text);
  } else if (kind == "subscribe") {
    if (state_ == State::ready) {
      proving_ = false;
    } else if (++acknowledged_ == channels_.size()) {
      proving_ = false;
      become_ready();
    }
  }
}

void RedisSession::become_ready() {
  state_ = State::ready;
  listener_->session_ready();
}

void RedisSession::on_ready(int events) {
  if ((events & Poll::kReadable) != 0 && context_ != nullptr) redisAsyncHandleRead(context_);
  if ((events & Poll::kWritable) != 0 && context_ != nullptr) redisAsyncHandleWrite(context_);
  if (context_ == nullptr) return;
  if (context_->c.reader->len - context_->c.reader->pos > kLargestReply) {
    return break_off(broken("a reply larger than any of ours", ErrorCode::protocol));
  }
  if (poll_) poll_->set_events(interest_);  // libuv drops a descriptor that was in error
}

void RedisSession::want(int events, bool on) {
  interest_ = on ? interest_ | events : interest_ & ~events;
  if (poll_) poll_->set_events(interest_);
}

void RedisSession::tick() {
  const SteadyTime now = loop_.now();
  const bool stalled = now - last_tick_ > tick_every_ + options_.command_timeout / 2;
  last_tick_ = now;
  if (stalled) return;  // it was us who did not listen: what has come is read before anything is judged
  if (state_ != State::ready) {
    if (now - began_ < options_.connect_timeout) return;
    return break_off(
        broken("no connection within " + std::to_string(options_.connect_timeout.count()) + " ms", ErrorCode::timeout));
  }
  const bool late = !unanswered_.empty() && now - unanswered_.front().since >= options_.command_timeout;
  if (late || (proving_ && now - proving_since_ >= options_.command_timeout)) {
    return break_off(
        broken("no answer within " + std::to_string(options_.command_timeout.count()) + " ms", ErrorCode::timeout));
  }
  if (now - last_heard_ >= options_.ping_interval) keep_alive();
}

void RedisSession::keep_alive() {
  if (!channels_.empty()) {
    // A listener may not PING in a way that every hiredis understands; subscribing again is answered all the same.
    if (!proving_) ask_channels({channels_.front()});
  } else if (unanswered_.empty()) {
    submit({"PING"}, Asked::ping);
  }
}

void RedisSession::context_gone(Error error) {
  context_ = nullptr;  // hiredis frees it once this has returned; its cleanup hook may still come
  break_off(std::move(error));
}

void RedisSession::break_off(Error error) {
  Listener* listener = listener_;
  close();
  if (listener != nullptr) listener->session_broken(error);
}

}  // namespace hearth
