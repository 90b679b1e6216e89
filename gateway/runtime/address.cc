#include "runtime/address.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/strings.h"

namespace hearth {

namespace {

tl::unexpected<Error> bad_address(std::string_view text, const char* why) {
  return fail(ErrorCode::invalid_argument, ErrorSource::config,
              std::string(why) + " in address \"" + std::string(text) + "\"");
}

}  // namespace

SocketAddress SocketAddress::from(const sockaddr* address, socklen_t size) {
  SocketAddress out;
  out.size_ = size > sizeof out.storage_ ? static_cast<socklen_t>(sizeof out.storage_) : size;
  std::memcpy(&out.storage_, address, out.size_);
  return out;
}

Result<SocketAddress> SocketAddress::parse(std::string_view text, std::uint16_t default_port) {
  if (text.substr(0, 5) == "unix:") {
    sockaddr_un un{};
    un.sun_family = AF_UNIX;
    const std::string_view path = text.substr(5);
    if (path.empty() || path.size() >= sizeof un.sun_path) return bad_address(text, "invalid unix socket path");
    std::memcpy(un.sun_path, path.data(), path.size());
    return from(reinterpret_cast<sockaddr*>(&un), static_cast<socklen_t>(sizeof un));
  }
  std::string host(text);
  std::uint16_t port = default_port;
  const bool bracketed = !text.empty() && text.front() == '[';
  const std::size_t close = bracketed ? text.find(']') : std::string_view::npos;
  if (bracketed && close == std::string_view::npos) return bad_address(text, "missing \"]\"");
  const std::size_t colon = bracketed ? text.find(':', close) : text.rfind(':');
  if (bracketed && std::min(colon, text.size()) != close + 1)
    return bad_address(text, "only \":port\" may follow \"]\"");
  if (!bracketed && text.find(':') != colon) return bad_address(text, "an IPv6 address needs \"[…]\"");
  if (colon != std::string_view::npos) {
    const auto number = parse_decimal<std::uint16_t>(text.substr(colon + 1));
    if (!number || *number == 0) return bad_address(text, "invalid port");
    port = *number;
    host = std::string(text.substr(0, colon));
  }
  if (bracketed) host = std::string(text.substr(1, close - 1));
  if (port == 0) return bad_address(text, "no port");
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  if (!bracketed && inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1)
    return from(reinterpret_cast<sockaddr*>(&v4), sizeof v4);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) return from(reinterpret_cast<sockaddr*>(&v6), sizeof v6);
  return bad_address(text, "not a numeric address");
}

Result<SocketAddress> SocketAddress::resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int status = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (status != 0) {
    return fail(ErrorCode::not_found, ErrorSource::config, "host not found \"" + host + "\": " + gai_strerror(status),
                true);
  }
  const SocketAddress address = from(found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  return address;
}

std::uint16_t SocketAddress::port() const {
  if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage_)->sin_port);
  if (family() == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_port);
  return 0;
}

std::string SocketAddress::ip() const {
  char buffer[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr, buffer, sizeof buffer);
  } else if (family() == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_addr, buffer, sizeof buffer);
  } else {
    return "unix:";
  }
  return buffer;
}

std::string SocketAddress::text() const {
  if (empty()) return "-";
  if (is_unix()) return std::string("unix:") + reinterpret_cast<const sockaddr_un*>(&storage_)->sun_path;
  if (family() == AF_INET6) return "[" + ip() + "]:" + std::to_string(port());
  return ip() + ":" + std::to_string(port());
}

bool SocketAddress::operator==(const SocketAddress& other) const {
  return size_ == other.size_ && std::memcmp(&storage_, &other.storage_, size_) == 0;
}

std::size_t SocketAddress::hash() const {
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(&storage_), size_});
}

}  // namespace hearth
