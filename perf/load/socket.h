// Loopback sockets and epoll for the load generator and its origin. One thread; whatever cannot work ends the program.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace perf {

// Prints the reason, with errno's text if it is set, and exits with 1.
[[noreturn]] void die(const std::string& what);

std::int64_t now_ns();

// Nonblocking. A connection may still be on its way: sending answers EAGAIN until it is there.
int listen_on(std::uint16_t port, bool any_address);
int connect_to(std::uint16_t port);

class Poller {
 public:
  Poller();
  void add(int fd, void* what);  // for reading
  void change(int fd, void* what, std::uint32_t events);
  std::span<epoll_event> wait(std::int64_t timeout_ns);  // negative: for ever

 private:
  int fd_;
  std::array<epoll_event, 512> events_;
};

// The value of "name:" in a head, without spaces before it; empty if it is not there.
std::string_view header(std::string_view head, std::string_view name);

}  // namespace perf
