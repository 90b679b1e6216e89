// The floor under every proxy: a relay that parses nothing. One thread, one origin connection per client connection,
// kept as long as the client's. What it costs is what the kernel asks for moving the same bytes between the same
// sockets.
//
// usage: perf_floor --mode copy|splice LISTEN_PORT ORIGIN_PORT
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int kPipeSize = 1 << 20;

struct Pair;

using Pipe = std::array<int, 2>;

// One socket of a pair, and the bytes it has given that the other one has not taken yet.
struct Side {
  Pair* pair = nullptr;
  Side* other = nullptr;
  int fd = -1;
  std::uint32_t events = EPOLLIN;
  bool ended = false;        // it sent its FIN
  bool passed_end = false;   // and the other side has it
  std::string stuck;         // copy
  std::optional<Pipe> pipe;  // splice: borrowed while bytes are in it
  std::size_t in_pipe = 0;

  [[nodiscard]] bool blocked() const { return !stuck.empty() || in_pipe > 0; }
};

struct Pair {
  Side client, origin;
  bool dead = false;
};

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "perf_floor: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

std::uint16_t port(const char* text) { return static_cast<std::uint16_t>(std::strtoul(text, nullptr, 10)); }

sockaddr_in loopback(std::uint16_t port) {
  return {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
}

int tcp_socket() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  return fd;
}

class Relay {
 public:
  Relay(bool splices, std::uint16_t listen_port, std::uint16_t origin_port)
      : splices_(splices), origin_(loopback(origin_port)) {
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = loopback(listen_port);
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ||
        ::listen(listener_, 4096) < 0)
      die("bind");
    watch(EPOLL_CTL_ADD, listener_, EPOLLIN, nullptr);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 512> events;
    for (;;) {
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        auto* side = static_cast<Side*>(events[i].data.ptr);
        if (side == nullptr)
          accept_all();
        else if (!side->pair->dead)
          handle(*side, events[i].events);
      }
      finished_.clear();  // only now: later events of the batch may have named them
    }
  }

 private:
  void watch(int operation, int fd, std::uint32_t events, Side* side) {
    epoll_event event{.events = events, .data = {.ptr = side}};
    if (::epoll_ctl(epoll_, operation, fd, &event) < 0) die("epoll_ctl");
  }

  void accept_all() {
    for (int fd; (fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
      auto* pair = new Pair;  // owned by its two entries in epoll_; finish() ends it
      const int origin = tcp_socket();
      // Whether it comes about, reading from it will tell.
      ::connect(origin, reinterpret_cast<const sockaddr*>(&origin_), sizeof origin_);
      add(pair->client, *pair, pair->origin, fd);
      add(pair->origin, *pair, pair->client, origin);
    }
  }

  void add(Side& side, Pair& pair, Side& other, int fd) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    side.pair = &pair;
    side.other = &other;
    side.fd = fd;
    watch(EPOLL_CTL_ADD, fd, EPOLLIN, &side);
  }

  void handle(Side& side, std::uint32_t events) {
    if ((events & EPOLLOUT) != 0) drain(*side.other);
    if (side.pair->dead) return;
    if (side.blocked() || side.ended) {
      if ((events & (EPOLLHUP | EPOLLERR)) != 0) return finish(*side.pair);  // would be reported again and again
    } else if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
      splices_ ? splice_from(side) : copy_from(side);
    }
    if (!side.pair->dead) settle(*side.pair);
  }

  void copy_from(Side& from) {
    const ssize_t got = ::recv(from.fd, buffer_.data(), buffer_.size(), 0);
    if (got <= 0) return stopped(from, got);
    const ssize_t sent = ::send(from.other->fd, buffer_.data(), static_cast<std::size_t>(got), 0);
    // A socket that is still connecting answers EAGAIN, as a full one does.
    if (sent < 0 && errno != EAGAIN) return finish(*from.pair);
    const ssize_t taken = sent < 0 ? 0 : sent;
    if (taken < got) from.stuck.assign(buffer_.data() + taken, static_cast<std::size_t>(got - taken));
  }

  void splice_from(Side& from) {
    if (!from.pipe) from.pipe = borrow();
    const ssize_t got = ::splice(from.fd, nullptr, (*from.pipe)[1], nullptr, kPipeSize, SPLICE_F_NONBLOCK);
    if (got > 0) {
      from.in_pipe = static_cast<std::size_t>(got);
      return push(from);
    }
    give_back(from);
    stopped(from, got);
  }

  void stopped(Side& from, ssize_t got) {
    if (got == 0) {
      from.ended = true;
    } else if (errno != EAGAIN) {
      finish(*from.pair);
    }
  }

  // Moves what is in the pipe on; the pipe is given back once it is empty.
  void push(Side& from) {
    while (from.in_pipe > 0) {
      const ssize_t moved =
          ::splice((*from.pipe)[0], nullptr, from.other->fd, nullptr, from.in_pipe, SPLICE_F_NONBLOCK);
      if (moved < 0 && errno == EAGAIN) return;
      if (moved <= 0) return finish(*from.pair);
      from.in_pipe -= static_cast<std::size_t>(moved);
    }
    give_back(from);
  }

  void drain(Side& from) {
    if (from.in_pipe > 0) return push(from);
    if (from.stuck.empty()) return;
    const ssize_t sent = ::send(from.other->fd, from.stuck.data(), from.stuck.size(), 0);
    if (sent < 0 && errno != EAGAIN) return finish(*from.pair);
    if (sent > 0) from.stuck.erase(0, static_cast<std::size_t>(sent));
  }

  // Passes ends on once nothing is before them, and asks epoll for what each side can use now.
  void settle(Pair& pair) {
    for (Side* side : {&pair.client, &pair.origin}) {
      if (side->ended && !side->passed_end && !side->blocked()) {
        ::shutdown(side->other->fd, SHUT_WR);
        side->passed_end = true;
      }
    }
    if (pair.client.passed_end && pair.origin.passed_end) return finish(pair);
    for (Side* side : {&pair.client, &pair.origin}) {
      const std::uint32_t in = side->blocked() || side->ended ? 0U : EPOLLIN;
      const std::uint32_t wanted = in | (side->other->blocked() ? EPOLLOUT : 0U);
      if (wanted == side->events) continue;
      side->events = wanted;
      watch(EPOLL_CTL_MOD, side->fd, wanted, side);
    }
  }

  void finish(Pair& pair) {
    pair.dead = true;
    for (Side* side : {&pair.client, &pair.origin}) {
      ::close(side->fd);
      if (!side->pipe) continue;
      for (const int end : *side->pipe) ::close(end);  // not for reuse: bytes may be in it
    }
    finished_.emplace_back(&pair);
  }

  Pipe borrow() {
    Pipe pipe;
    if (!pipes_.empty()) {
      pipe = pipes_.back();
      pipes_.pop_back();
    } else {
      if (::pipe2(pipe.data(), O_NONBLOCK | O_CLOEXEC) < 0) die("pipe2");
      ::fcntl(pipe[0], F_SETPIPE_SZ, kPipeSize);
    }
    return pipe;
  }

  void give_back(Side& side) {
    pipes_.push_back(*side.pipe);
    side.pipe.reset();
  }

  bool splices_;
  sockaddr_in origin_;
  int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  int listener_ = tcp_socket();
  std::array<char, 64 * 1024> buffer_;
  std::vector<Pipe> pipes_;
  std::vector<std::unique_ptr<Pair>> finished_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc == 5 ? argv[2] : "";
  if (mode != "copy" && mode != "splice") {
    std::fputs("usage: perf_floor --mode copy|splice LISTEN_PORT ORIGIN_PORT\n", stderr);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);  // splice(2) knows no MSG_NOSIGNAL
  const auto relay = std::make_unique<Relay>(mode == "splice", port(argv[3]), port(argv[4]));
  relay->run();
}
