#include "origin.h"

#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string>
#include <unordered_set>

#include "exchange.h"
#include "socket.h"

namespace perf {
namespace {

constexpr std::size_t kBufferSize = 256 * 1024;
constexpr std::string_view kSmall = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n";
constexpr std::string_view kSwitching =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
constexpr std::string_view kEventsHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nTransfer-Encoding: "
    "chunked\r\n\r\n";

std::string chunked_response() {
  std::string text = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 16; ++i) text.append("1000\r\n").append(4096, 'x').append("\r\n");
  return text.append("0\r\n\r\n");
}

std::string event_chunk() { return "80\r\ndata: " + std::string(119, 'x') + kEventMark + "\n\n\r\n"; }

class Origin {
 public:
  Origin(std::uint16_t port, bool any_address)
      : listener_(listen_on(port, any_address)), timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)) {
    const itimerspec tenth{.it_interval = {.tv_sec = 0, .tv_nsec = 100'000'000},
                           .it_value = {.tv_sec = 0, .tv_nsec = 1}};
    if (timer_ < 0 || ::timerfd_settime(timer_, 0, &tenth, nullptr) < 0) die("timerfd");
    poller_.add(listener_, &listener_);
    poller_.add(timer_, &timer_);
  }

  [[noreturn]] void run() {
    for (;;) {
      for (const auto& event : poller_.wait(-1)) {
        if (event.data.ptr == &listener_) {
          accept_all();
        } else if (event.data.ptr == &timer_) {
          tick();
        } else {
          handle(static_cast<Client*>(event.data.ptr), event.events);
        }
      }
    }
  }

 private:
  enum class State { kHead, kBody, kEcho, kEvents };
  struct Client {
    explicit Client(int socket) : fd(socket) {}
    int fd;
    State state = State::kHead;
    std::string head;
    std::uint64_t body_left = 0;
    std::string pending;  // what the socket did not take; nothing is read meanwhile
  };

  void accept_all() {
    for (int fd; (fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
      poller_.add(fd, new Client(fd));  // owned by its entry in poller_; finish() ends it
    }
  }

  void tick() {
    std::uint64_t times = 0;
    if (::read(timer_, &times, sizeof times) < 0) return;
    for (Client* each : listeners_) {
      if (each->pending.empty()) write(*each, event_);  // one that does not keep up misses some
    }
  }

  void handle(Client* client, std::uint32_t events) {
    if ((events & EPOLLOUT) != 0) {
      const std::string text = std::move(client->pending);
      client->pending.clear();
      write(*client, text);
      if (client->pending.empty()) poller_.change(client->fd, client, EPOLLIN);
    }
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 && !receive(*client)) finish(client);
  }

  bool receive(Client& client) {
    const bool skips = client.state == State::kBody;  // thrown away in the kernel
    const ssize_t got = skips ? ::recv(client.fd, nullptr, client.body_left, MSG_TRUNC)
                              : ::recv(client.fd, buffer_.data(), buffer_.size(), 0);
    if (got <= 0) return got < 0 && errno == EAGAIN;
    const auto count = static_cast<std::size_t>(got);
    if (skips) {
      body(client, count);
    } else if (client.state == State::kEcho) {
      write(client, std::string_view(buffer_).substr(0, count));
    } else if (client.state == State::kHead) {
      head(client, std::string_view(buffer_).substr(0, count));
    }
    return true;
  }

  void head(Client& client, std::string_view bytes) {
    client.head.append(bytes);
    const std::size_t end = client.head.find(kHeadEnd);
    if (end == std::string::npos) return;
    const std::string_view head = client.head;
    if (head.starts_with("GET /websocket")) {
      client.state = State::kEcho;
      write(client, kSwitching);
    } else if (head.starts_with("GET /events")) {
      client.state = State::kEvents;
      write(client, kEventsHead);
      listeners_.insert(&client);
    } else if (head.starts_with("POST")) {
      const std::string_view length = header(head, "content-length");
      std::from_chars(length.data(), length.data() + length.size(), client.body_left);
      client.state = State::kBody;
      body(client, std::min<std::uint64_t>(client.body_left, head.size() - end - kHeadEnd.size()));
    } else {
      write(client, head.starts_with("GET /chunked") ? std::string_view(chunked_) : kSmall);
    }
    client.head.clear();
  }

  void body(Client& client, std::uint64_t bytes) {
    client.body_left -= bytes;
    if (client.body_left > 0) return;
    client.state = State::kHead;
    write(client, kSmall);
  }

  void write(Client& client, std::string_view bytes) {
    const ssize_t sent = ::send(client.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return;  // reading will tell
    bytes.remove_prefix(sent < 0 ? 0 : static_cast<std::size_t>(sent));
    if (bytes.empty()) return;
    client.pending.assign(bytes);
    poller_.change(client.fd, &client, EPOLLOUT);
  }

  void finish(Client* client) {
    listeners_.erase(client);
    ::close(client->fd);
    delete client;  // a client appears once in a batch of events, and this was it
  }

  Poller poller_;
  int listener_;
  int timer_;
  std::unordered_set<Client*> listeners_;
  std::string chunked_ = chunked_response();
  std::string event_ = event_chunk();
  std::string buffer_ = std::string(kBufferSize, '\0');
};

}  // namespace

void serve(std::uint16_t port, bool any_address) {
  Origin origin(port, any_address);
  origin.run();
}

}  // namespace perf
