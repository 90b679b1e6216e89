// SocketAddress: IPv4, IPv6 or unix-path address, by value; comparable and hashable, so it keys the upstream pool.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth {

class SocketAddress {
 public:
  SocketAddress() = default;
  // "127.0.0.1:80", "[::1]:80", "unix:/path". Numeric only: names are resolved at configuration time.
  static Result<SocketAddress> parse(std::string_view text, std::uint16_t default_port = 0);
  static SocketAddress from(const sockaddr* address, socklen_t size);
  // Resolves a name (blocking getaddrinfo): configuration time or a pool thread only.
  static Result<SocketAddress> resolve(const std::string& host, std::uint16_t port);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }
  int family() const { return storage_.ss_family; }
  bool is_unix() const { return family() == AF_UNIX; }
  bool empty() const { return size_ == 0; }
  std::uint16_t port() const;
  std::string ip() const;    // without port; "unix:" for unix sockets
  std::string text() const;  // as parse() takes it

  bool operator==(const SocketAddress& other) const;
  std::size_t hash() const;

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

}  // namespace hearth

template <>
struct std::hash<hearth::SocketAddress> {
  std::size_t operator()(const hearth::SocketAddress& a) const noexcept { return a.hash(); }
};
