#include "config/endpoint.h"

#include <netdb.h>

#include <algorithm>

#include "base/strings.h"

namespace hearth::config {

namespace {
tl::unexpected<Error> because(std::string reason) {
  return fail(ErrorCode::invalid_argument, ErrorSource::config, std::move(reason));
}
}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  Endpoint out;
  if (text.substr(0, 5) == "unix:") {
    out.unix_path = std::string(text.substr(5));
    if (out.unix_path.empty()) return because("no path in the unix domain socket");
    return out;
  }
  std::string_view host = text;
  std::optional<std::string_view> port;
  if (!text.empty() && text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return because("invalid host");
    host = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return because("invalid host");
    if (!rest.empty()) port = rest.substr(1);
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  if (port) {
    out.port = parse_decimal<std::uint16_t>(*port);
    if (!out.port || *out.port == 0) return because("invalid port");
  }
  if (host.empty()) return because("no host");
  for (const char c : host) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '/' || c == '?' || c == '#' || c == '@')
      return because("invalid host");
  }
  out.host = std::string(host);
  return out;
}

Result<std::vector<SocketAddress>> resolve_endpoint(const Endpoint& endpoint, std::uint16_t default_port) {
  if (!endpoint.unix_path.empty()) {
    auto address = SocketAddress::parse("unix:" + endpoint.unix_path);
    if (!address) return because("too long path in the unix domain socket");
    return std::vector<SocketAddress>{*address};
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(endpoint.port.value_or(default_port));
  const int status = ::getaddrinfo(endpoint.host.c_str(), port.c_str(), &hints, &found);
  if (status != 0) return because(std::string("host not found (") + ::gai_strerror(status) + ")");
  std::vector<SocketAddress> out;
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
    if (a->ai_family != AF_INET && a->ai_family != AF_INET6) continue;
    const SocketAddress address = SocketAddress::from(a->ai_addr, a->ai_addrlen);
    if (std::find(out.begin(), out.end(), address) == out.end()) out.push_back(address);
  }
  ::freeaddrinfo(found);
  std::stable_partition(out.begin(), out.end(), [](const SocketAddress& a) { return a.family() == AF_INET; });
  if (out.empty()) return because("host not found (no address)");
  return out;
}

}  // namespace hearth::config
