#include "proxy/real_ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/strings.h"

namespace hearth::proxy {
namespace {

using Kind = config::Network::Kind;
using Source = config::RealIpSettings::Source;

bool prefix_bits_equal(const std::uint8_t* a, const std::uint8_t* b, unsigned bits) {
  if (std::memcmp(a, b, bits / 8) != 0) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || (a[bits / 8] >> (8 - rest)) == (b[bits / 8] >> (8 - rest));
}

const std::uint8_t* bytes_of(const SocketAddress& address) {
  if (address.family() == AF_INET) {
    return reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<const sockaddr_in*>(address.get())->sin_addr);
  }
  return reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<const sockaddr_in6*>(address.get())->sin6_addr);
}

// "1.2.3.4", "1.2.3.4:5", "::1", "[::1]", "[::1]:5"
std::optional<SocketAddress> address_of(std::string_view text) {
  std::string address(trim(text));
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  v4.sin_family = AF_INET;
  v6.sin6_family = AF_INET6;
  if (inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1)
    return SocketAddress::from(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  if (inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1)
    return SocketAddress::from(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
  auto parsed = SocketAddress::parse(address);  // with a port
  if (!parsed || parsed->is_unix()) return std::nullopt;
  return *parsed;
}

bool is_trusted(const config::RealIpSettings& settings, const SocketAddress& address) {
  return std::any_of(settings.trusted.begin(), settings.trusted.end(),
                     [&](const config::Network& network) { return is_in(network, address); });
}

// The list from its end (RFC 7239 section 5.2 says the same of Forwarded): each proxy appends whom it has heard from.
std::optional<SocketAddress> last_in_list(const config::RealIpSettings& settings, std::string_view list) {
  std::optional<SocketAddress> found;
  while (true) {
    const std::size_t comma = list.rfind(',');
    const auto address = address_of(comma == std::string_view::npos ? list : list.substr(comma + 1));
    if (!address) return found;  // what stands further in front was said by nobody we know
    found = address;
    if (!settings.recursive || comma == std::string_view::npos || !is_trusted(settings, *address)) return found;
    list = list.substr(0, comma);
  }
}

std::optional<SocketAddress> in_header(const config::RealIpSettings& settings, const http::HeaderList& headers) {
  std::string joined;
  std::string_view value;
  unsigned lines = 0;
  for (const http::Header& field : headers) {
    if (!iequals(field.name, settings.header)) continue;
    if (++lines == 1) {
      value = field.value;
      continue;
    }
    if (joined.empty()) joined = value;
    joined.append(",").append(field.value);
  }
  if (lines == 0) return std::nullopt;
  if (lines > 1) value = joined;
  return last_in_list(settings, value);
}

}  // namespace

bool is_in(const config::Network& network, const SocketAddress& address) {
  switch (network.kind) {
    case Kind::all:
      return true;
    case Kind::unix_sockets:
      return address.is_unix();
    case Kind::ip:
      break;
  }
  if (address.family() != AF_INET && address.family() != AF_INET6) return false;
  if (address.family() == network.address.family())
    return prefix_bits_equal(bytes_of(address), bytes_of(network.address), network.prefix_bits);
  if (address.family() != AF_INET6 || network.address.family() != AF_INET) return false;
  const auto& v6 = reinterpret_cast<const sockaddr_in6*>(address.get())->sin6_addr;
  return IN6_IS_ADDR_V4MAPPED(&v6) &&
         prefix_bits_equal(bytes_of(address) + 12, bytes_of(network.address), network.prefix_bits);
}

std::string_view address_bytes(const SocketAddress& address) {
  const bool v4 = address.family() == AF_INET;
  if (!v4 && address.family() != AF_INET6) return {};
  return {reinterpret_cast<const char*>(bytes_of(address)), v4 ? sizeof(in_addr) : sizeof(in6_addr)};
}

std::optional<SocketAddress> real_client(const config::RealIpSettings& settings, const SocketAddress& peer,
                                         const SocketAddress* announced, const http::HeaderList& headers) {
  if (settings.trusted.empty() || !is_trusted(settings, peer)) return std::nullopt;
  if (settings.source != Source::proxy_protocol) return in_header(settings, headers);
  if (announced == nullptr || announced->empty()) return std::nullopt;
  return *announced;
}

}  // namespace hearth::proxy
