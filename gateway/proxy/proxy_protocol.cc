#include "proxy/proxy_protocol.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>

#include "base/strings.h"

namespace hearth::proxy {
namespace {

using State = ProxyHeader::State;

constexpr std::string_view kPrefix1 = "PROXY ";
constexpr std::size_t kMaxLine = 107;  // with its CRLF
constexpr std::string_view kPrefix2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kHead2 = 16;

ProxyHeader invalid() { return {State::invalid, 0, {}, {}}; }

SocketAddress address(int family, const void* bytes, std::uint16_t port) {
  if (family == AF_INET) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, bytes, sizeof v4.sin_addr);
    return SocketAddress::from(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  std::memcpy(&v6.sin6_addr, bytes, sizeof v6.sin6_addr);
  return SocketAddress::from(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
}

// Decimal, without a leading zero (section 2.1).
std::optional<std::uint16_t> port_of(std::string_view text) {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return parse_decimal<std::uint16_t>(text);
}

// "PROXY TCP4 source destination port port"
ProxyHeader parse_line(std::string_view line) {
  ProxyHeader header{State::done, line.size() + 2, {}, {}};
  line.remove_prefix(kPrefix1.size());
  std::array<std::string_view, 5> words;
  std::size_t count = 0;
  for (const std::string_view word : split(line, ' ')) {
    if (count == 0 && word == "UNKNOWN") return header;  // the rest of the line means nothing
    if (count == words.size()) return invalid();
    words[count++] = word;
  }
  const int family = words[0] == "TCP4" ? AF_INET : words[0] == "TCP6" ? AF_INET6 : 0;
  if (family == 0 || count != words.size()) return invalid();
  for (const auto& [ip, port, out] : {std::tuple(words[1], words[3], &header.source),
                                      std::tuple(words[2], words[4], &header.destination)}) {
    in6_addr bytes{};
    const auto number = port_of(port);
    if (!number || inet_pton(family, std::string(ip).c_str(), &bytes) != 1) return invalid();
    *out = address(family, &bytes, *number);
  }
  return header;
}

std::uint16_t number_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[at]) << 8 |
                                    static_cast<unsigned char>(bytes[at + 1]));
}

ProxyHeader parse_binary(std::string_view bytes) {
  if (bytes.size() < kHead2) return {};
  const auto command = static_cast<unsigned char>(bytes[12]);
  const auto protocol = static_cast<unsigned char>(bytes[13]);
  const std::size_t length = number_at(bytes, 14);
  if (command >> 4 != 2 || (command & 15) > 1 || kHead2 + length > kMaxProxyHeader) return invalid();
  if (bytes.size() < kHead2 + length) return {};
  ProxyHeader header{State::done, kHead2 + length, {}, {}};
  const bool local = (command & 15) == 0;
  const int family = protocol == 0x11 ? AF_INET : protocol == 0x21 ? AF_INET6 : 0;  // over TCP
  if (local || family == 0) return header;
  const std::size_t ip = family == AF_INET ? 4 : 16;
  if (length < 2 * ip + 4) return invalid();
  const char* addresses = bytes.data() + kHead2;
  header.source = address(family, addresses, number_at(bytes, kHead2 + 2 * ip));
  header.destination = address(family, addresses + ip, number_at(bytes, kHead2 + 2 * ip + 2));
  return header;
}

std::string_view ip_bytes(const SocketAddress& address) {
  if (address.family() == AF_INET) {
    const auto& v4 = *reinterpret_cast<const sockaddr_in*>(address.get());
    return {reinterpret_cast<const char*>(&v4.sin_addr), sizeof v4.sin_addr};
  }
  const auto& v6 = *reinterpret_cast<const sockaddr_in6*>(address.get());
  return {reinterpret_cast<const char*>(&v6.sin6_addr), sizeof v6.sin6_addr};
}

void append_number(std::string& out, std::size_t number) {
  out.push_back(static_cast<char>(number >> 8));
  out.push_back(static_cast<char>(number & 255));
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view bytes) {
  if (bytes.substr(0, kPrefix2.size()) == kPrefix2.substr(0, bytes.size())) {
    return bytes.size() < kPrefix2.size() ? ProxyHeader() : parse_binary(bytes);
  }
  if (bytes.substr(0, kPrefix1.size()) != kPrefix1.substr(0, bytes.size())) return invalid();
  const std::size_t end = bytes.substr(0, kMaxLine).find('\n');
  if (end == std::string_view::npos) return bytes.size() < kMaxLine ? ProxyHeader() : invalid();
  if (bytes[end - 1] != '\r' || end < kPrefix1.size() + 1) return invalid();
  return parse_line(bytes.substr(0, end - 1));
}

void append_proxy_header(std::string& out, int version, const SocketAddress& source, const SocketAddress& destination) {
  const bool known = source.family() == destination.family() && (source.family() == AF_INET || source.family() == AF_INET6);
  const bool v4 = source.family() == AF_INET;
  if (version == 1) {
    if (!known) {
      out.append("PROXY UNKNOWN\r\n");
      return;
    }
    out.append(v4 ? "PROXY TCP4 " : "PROXY TCP6 ").append(source.ip()).append(" ").append(destination.ip());
    out.append(" ").append(std::to_string(source.port()));
    out.append(" ").append(std::to_string(destination.port())).append("\r\n");
    return;
  }
  out.append(kPrefix2);
  out.push_back(known ? '\x21' : '\x20');  // PROXY, or LOCAL: without addresses
  out.push_back(static_cast<char>(known ? (v4 ? 0x11 : 0x21) : 0));
  if (!known) return append_number(out, 0);
  append_number(out, v4 ? 12 : 36);
  out.append(ip_bytes(source)).append(ip_bytes(destination));
  append_number(out, source.port());
  append_number(out, destination.port());
}

}  // namespace hearth::proxy
