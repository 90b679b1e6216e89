// Who a client is, and whether it may ask.
#include <arpa/inet.h>

#include "config/gateway_directives.h"
#include "config/header_text.h"
#include "config/setters.h"

namespace hearth::config {

namespace {

// Zeroes the bits behind the prefix; true if any was set.
bool mask_host_bits(unsigned char* bytes, unsigned total_bits, unsigned prefix_bits) {
  bool any = false;
  for (unsigned bit = prefix_bits; bit < total_bits; ++bit) {
    const auto mask = static_cast<unsigned char>(0x80u >> (bit % 8));
    any = any || (bytes[bit / 8] & mask) != 0;
    bytes[bit / 8] = static_cast<unsigned char>(bytes[bit / 8] & ~mask);
  }
  return any;
}

// An address, a network, and what only some directives know.
Result<Network> parse_network(const Statement& statement, Builder& builder, std::string_view also, Network::Kind kind) {
  const std::string& text = statement.args[0];
  Network network;
  if (text == also) {
    network.kind = kind;
    return network;
  }
  const std::size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  v4.sin_family = AF_INET;
  v6.sin6_family = AF_INET6;
  const bool is_v4 = inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1;
  const bool is_v6 = !is_v4 && inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1;
  const unsigned bits = is_v4 ? 32 : 128;
  network.prefix_bits = bits;
  if (slash != std::string::npos) {
    const auto prefix = parse_decimal<unsigned>(std::string_view(text).substr(slash + 1));
    network.prefix_bits = prefix.value_or(bits + 1);
  }
  if ((!is_v4 && !is_v6) || network.prefix_bits > bits) {
    return bad("invalid parameter \"" + text + "\", it must be \"" + std::string(also) + "\", an address or a network such as 10.0.0.0/8");
  }
  auto* bytes =
      is_v4 ? reinterpret_cast<unsigned char*>(&v4.sin_addr) : reinterpret_cast<unsigned char*>(&v6.sin6_addr);
  if (mask_host_bits(bytes, bits, network.prefix_bits)) {
    builder.warn(statement.where, "low address bits of " + text + " are meaningless");
  }
  network.address = is_v4 ? SocketAddress::from(reinterpret_cast<sockaddr*>(&v4), sizeof v4)
                       : SocketAddress::from(reinterpret_cast<sockaddr*>(&v6), sizeof v6);
  return network;
}

Result<void> add_access_rule(void* target, const Statement& statement, LoadContext&) {
  auto network = parse_network(statement, scope_of(target).builder, "all", Network::Kind::all);
  if (!network) return fail(network.error());
  scope_of(target).add(&LocationSettings::access_rules, AccessRule{statement.name == "allow", std::move(*network)});
  return {};
}

Result<void> add_trusted(void* target, const Statement& statement, LoadContext&) {
  Scope& scope = scope_of(target);
  auto network = parse_network(statement, scope.builder, "unix:", Network::Kind::unix_sockets);
  if (!network) return fail(network.error());
  scope.set([network = std::move(*network), first = !std::exchange(scope.trusts, true)](LocationSettings& out) {
    if (first) out.real_ip.trusted.clear();
    out.real_ip.trusted.push_back(network);
  });
  return {};
}

Result<void> set_real_ip_header(void* target, const Statement& statement, LoadContext&) {
  using Source = RealIpSettings::Source;
  const std::string& name = statement.args[0];
  if (auto good = check_header(name, ""); !good) return good;
  const Source source = name == "proxy_protocol" ? Source::proxy_protocol : Source::header;
  scope_of(target).set([name, source](LocationSettings& out) {
    out.real_ip.header = name;
    out.real_ip.source = source;
  });
  return {};
}

Result<void> set_real_ip_recursive(void* target, const Statement& statement, LoadContext&) {
  bool on = false;
  if (auto done = assign(on, parse_flag(statement.args[0]), statement.args[0]); !done) return done;
  scope_of(target).set([on](LocationSettings& out) { out.real_ip.recursive = on; });
  return {};
}

}  // namespace

void add_access_directives(DirectiveTable& table) {
  for (const std::string_view name : {"allow", "deny"}) {
    table.push_back({.name = name,
                     .contexts = kHttpServerLocation,
                     .min_args = 1,
                     .max_args = 1,
                     .repeatable = true,
                     .set = add_access_rule,
                     .syntax = name == "allow" ? "allow address | network | all" : "deny address | network | all",
                     .help = "Rules over the client's address; the first that matches decides, else access is allowed. "
                             "Inherited only if the inner level has none."});
  }
  table.push_back({.name = "set_real_ip_from",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 1,
                   .repeatable = true,
                   .set = add_trusted,
                   .syntax = "set_real_ip_from address | network | unix:",
                   .help = "Proxies that are believed when they say who the client is. Inherited only if the inner "
                           "level has none."});
  table.push_back({.name = "real_ip_header",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 1,
                   .set = set_real_ip_header,
                   .syntax = "real_ip_header field | proxy_protocol",
                   .fallback = "X-Real-IP",
                   .help = "Where trusted proxies say it: a request header, of whose list the last address "
                           "counts, or the PROXY protocol of `listen`."});
  table.push_back({.name = "real_ip_recursive",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 1,
                   .set = set_real_ip_recursive,
                   .syntax = "real_ip_recursive on | off",
                   .fallback = "off",
                   .help = "With `on` the last address of the list that is not trusted itself counts."});
}

}  // namespace hearth::config
