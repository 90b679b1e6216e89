#include "socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace perf {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int tcp_socket() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

}  // namespace

void die(const std::string& what) {
  std::fprintf(stderr, "perf_load: %s%s%s\n", what.c_str(), errno != 0 ? ": " : "",
               errno != 0 ? std::strerror(errno) : "");
  std::exit(1);
}

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

int listen_on(std::uint16_t port, bool any_address) {
  const int fd = tcp_socket();
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address = loopback(port);
  if (any_address) address.sin_addr.s_addr = htonl(INADDR_ANY);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) die("bind");
  if (::listen(fd, 4096) < 0) die("listen");
  return fd;
}

int connect_to(std::uint16_t port) {
  const int fd = tcp_socket();
  const sockaddr_in address = loopback(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 && errno != EINPROGRESS) {
    die("connect");
  }
  return fd;
}

Poller::Poller() : fd_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (fd_ < 0) die("epoll_create1");
}

void Poller::add(int fd, void* what) {
  epoll_event event{.events = EPOLLIN, .data = {.ptr = what}};
  if (::epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll_ctl");
}

void Poller::change(int fd, void* what, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.ptr = what}};
  if (::epoll_ctl(fd_, EPOLL_CTL_MOD, fd, &event) < 0) die("epoll_ctl");
}

std::span<epoll_event> Poller::wait(std::int64_t timeout_ns) {
  const timespec timeout{.tv_sec = timeout_ns / kSecond, .tv_nsec = timeout_ns % kSecond};
  const int count = ::epoll_pwait2(fd_, events_.data(), static_cast<int>(events_.size()),
                                   timeout_ns < 0 ? nullptr : &timeout, nullptr);
  if (count < 0 && errno != EINTR) die("epoll_pwait2");
  return std::span(events_).first(count < 0 ? 0 : static_cast<std::size_t>(count));
}

std::string_view header(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at)) {
    ++at;
    const std::string_view line = head.substr(at, head.find('\r', at) - at);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (::strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    const std::size_t value = line.find_first_not_of(' ', name.size() + 1);
    return value == std::string_view::npos ? std::string_view() : line.substr(value);
  }
  return {};
}

}  // namespace perf
