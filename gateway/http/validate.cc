#include "http/validate.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/strings.h"
#include "http/chars.h"
#include "http/forwarded.h"
#include "http/websocket.h"

namespace hearth::http {

namespace {

constexpr Verdict kOk{};

// RFC 9112 2.3: "HTTP/" DIGIT "." DIGIT, case-sensitive.
Verdict parse_version(std::string_view text, std::uint8_t& minor) {
  if (text.size() != 8 || !text.starts_with("HTTP/") || !is_digit(text[5]) || text[6] != '.' || !is_digit(text[7])) {
    return {400, "bad version"};
  }
  if (text[5] != '1' || text[7] > '1') return {505, "HTTP version not supported"};
  minor = static_cast<std::uint8_t>(text[7] - '0');
  return kOk;
}

// No space, control, byte >= 0x80 or fragment; no backslash in the path: browsers turn it into '/', origins may.
bool is_clean_target(std::string_view target) {
  bool in_query = false;
  for (const char c : target) {
    if (c <= ' ' || c > '~' || c == '#') return false;  // bytes >= 0x80 are negative or above '~'
    if (c == '?') in_query = true;
    if (c == '\\' && !in_query) return false;
  }
  return true;
}

std::size_t scheme_size(std::string_view target) {
  if (istarts_with(target, "http://")) return 7;
  if (istarts_with(target, "https://")) return 8;
  return 0;
}

// What the framing and connection fields say, gathered in one pass.
struct Facts {
  const Header* host = nullptr;
  const Header* content_length = nullptr;
  const Header* transfer_encoding = nullptr;
  bool several_hosts = false;
  const char* several_framings = nullptr;
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;  // named in Connection, and an Upgrade field is there
  bool has_upgrade_field = false;
  bool expects_continue = false;
  bool expects_unknown = false;
  bool trailers = false;
};

void read_connection(std::string_view value, Facts& facts) {
  for_each_list_element(value, [&](std::string_view option) {
    if (iequals(option, "close")) facts.close = true;
    if (iequals(option, "keep-alive")) facts.keep_alive = true;
    if (iequals(option, "upgrade")) facts.upgrade = true;
    return true;
  });
}

Facts gather(const HeaderList& headers) {
  Facts facts;
  for (const Header& field : headers) {
    switch (field.id) {
      case KnownHeader::host:
        facts.several_hosts = facts.several_hosts || facts.host != nullptr;
        facts.host = &field;
        break;
      case KnownHeader::content_length:
        if (facts.content_length != nullptr) facts.several_framings = "several Content-Length fields";
        facts.content_length = &field;
        break;
      case KnownHeader::transfer_encoding:
        if (facts.transfer_encoding != nullptr) facts.several_framings = "several Transfer-Encoding fields";
        facts.transfer_encoding = &field;
        break;
      case KnownHeader::connection:
        read_connection(field.value, facts);
        break;
      case KnownHeader::upgrade:
        facts.has_upgrade_field = true;
        break;
      case KnownHeader::expect:
        (iequals(field.value, "100-continue") ? facts.expects_continue : facts.expects_unknown) = true;
        break;
      case KnownHeader::te:
        facts.trailers = facts.trailers || list_contains(field.value, "trailers");
        break;
      default:
        break;
    }
  }
  return facts;
}

// RFC 9112 6.1, 6.2. On success `framing` is none, content_length or chunked as the fields say.
Verdict read_framing(const Facts& facts, std::uint8_t minor, Framing& framing, std::uint64_t& length) {
  if (facts.several_framings != nullptr) return {400, facts.several_framings};
  if (facts.transfer_encoding != nullptr) {
    if (facts.content_length != nullptr) return {400, "Content-Length with Transfer-Encoding"};
    if (minor == 0) return {400, "Transfer-Encoding in HTTP/1.0"};
    if (facts.transfer_encoding->value.empty()) return {400, "empty Transfer-Encoding"};
    if (!iequals(facts.transfer_encoding->value, "chunked")) return {501, "transfer coding other than chunked"};
    framing = Framing::chunked;
    return kOk;
  }
  framing = Framing::none;
  if (facts.content_length != nullptr) {
    const std::optional<std::uint64_t> parsed = parse_decimal<std::uint64_t>(facts.content_length->value);
    if (!parsed) return {400, "bad Content-Length"};
    if (*parsed > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return {400, "Content-Length too large"};
    }
    framing = Framing::content_length;
    length = *parsed;
  }
  return kOk;
}

// Splits an absolute-form target (RFC 9112 3.2.2) and checks it against Host; fills host and path_and_query.
Verdict validate_target(RequestHead& head) {
  const std::size_t scheme = scheme_size(head.target);
  if (scheme == 0) {
    head.path_and_query = head.target;
    return kOk;
  }
  head.absolute_form = true;
  const std::size_t end = std::min(head.target.find_first_of("/?", scheme), head.target.size());
  const std::string_view authority = head.target.substr(scheme, end - scheme);
  if (!is_valid_authority(authority)) return {400, "bad authority in target"};
  const std::uint16_t default_port = scheme == 7 ? 80 : 443;
  if (head.host.empty()) {
    head.host = authority;  // only HTTP/1.0 comes here without Host
  } else if (!same_authority(authority, head.host, default_port)) {
    return {400, "target and Host disagree"};
  }
  head.path_and_query = head.target.substr(end);
  if (head.path_and_query.empty()) head.path_and_query = head.method == Method::options ? "*" : "/";
  return kOk;
}

bool is_valid_port(std::string_view port) {
  if (port.size() > 5) return false;
  std::uint32_t value = 0;
  for (const char c : port) {
    if (!is_digit(c)) return false;
    value = value * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return value <= 65535;
}

// host and port of a valid authority.
void split_authority(std::string_view authority, std::string_view& host, std::string_view& port) {
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  host = authority.substr(0, colon);
  port = colon == std::string_view::npos ? std::string_view() : authority.substr(colon + 1);
}

std::uint16_t port_or(std::string_view port, std::uint16_t fallback) {
  return parse_decimal<std::uint16_t>(port).value_or(fallback);
}

}  // namespace

bool is_token(std::string_view text) {
  for (const char c : text) {
    if (!has_class(c, kTokenChar)) return false;
  }
  return !text.empty();
}

bool is_field_value(std::string_view text) { return find_control(text, 0) == text.size(); }

Verdict parse_request_line(std::string_view line, RequestLine& out) {
  std::size_t space = 0;
  while (space < line.size() && has_class(line[space], kTokenChar)) ++space;
  if (space == 0 || space == line.size() || line[space] != ' ') return {400, "bad method"};
  out.method_text = line.substr(0, space);
  const std::string_view rest = line.substr(space + 1);
  const std::size_t second = rest.find(' ');
  if (second == 0) return {400, "no request target"};
  if (second == std::string_view::npos) return {400, "no HTTP version"};
  out.target = rest.substr(0, second);
  if (!is_clean_target(out.target)) return {400, "bad character in request target"};
  const Verdict version = parse_version(rest.substr(second + 1), out.minor);
  if (!version.ok()) return version;
  out.method = parse_method(out.method_text);
  if (out.method == Method::unknown) return {501, "unknown method"};
  if (out.method == Method::trace || out.method == Method::connect) return {405, "method not allowed"};
  if (out.target.front() == '/' || scheme_size(out.target) != 0) return kOk;
  if (out.target == "*" && out.method == Method::options) return kOk;
  return {400, "bad form of request target"};
}

Verdict parse_status_line(std::string_view line, StatusLine& out) {
  if (line.size() < 12) return {502, "bad status line"};
  if (!parse_version(line.substr(0, 8), out.minor).ok() || line[8] != ' ') return {502, "bad version in status line"};
  if (!is_digit(line[9]) || !is_digit(line[10]) || !is_digit(line[11])) return {502, "bad status code"};
  if (line.size() > 12 && line[12] != ' ') return {502, "bad status code"};
  out.status = static_cast<std::uint16_t>((line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0'));
  if (out.status < 100) return {502, "bad status code"};
  out.reason = line.size() > 13 ? line.substr(13) : line.substr(line.size());
  return kOk;
}

Verdict parse_field_line(std::string_view line, const Limits& limits, Header& out) {
  std::size_t colon = 0;
  std::uint8_t seen = 0;
  for (; colon < line.size() && has_class(line[colon], kTokenChar); ++colon) seen |= classes_of(line[colon]);
  if (colon == line.size()) return {400, "field line without colon"};
  if (line[colon] != ':') return {400, "bad character in field name"};
  if (colon == 0) return {400, "empty field name"};
  if (colon > limits.name_bytes) return {431, "field name too long"};
  out.name = line.substr(0, colon);
  out.id = known_header(out.name);
  out.foldable = (seen & kFoldableChar) != 0;
  const std::string_view raw = line.substr(colon + 1);
  out.value = trim(raw);
  const bool framing = out.id == KnownHeader::transfer_encoding || out.id == KnownHeader::content_length;
  // Some parsers take "chunked<TAB>" for another coding; nobody sends it honestly.
  if (framing && raw.find('\t') != std::string_view::npos) return {400, "tab in framing field"};
  if (!is_field_value(out.value)) return {400, "control character in field value"};
  return kOk;
}

Verdict validate_request(RequestHead& head, const Limits& limits) {
  const Facts facts = gather(head.headers);
  if (facts.several_hosts) return {400, "several Host fields"};
  const Verdict framing = read_framing(facts, head.minor, head.framing, head.content_length);
  if (!framing.ok()) return framing;
  if (facts.host == nullptr && head.minor == 1) return {400, "no Host"};
  if (facts.host != nullptr) {
    head.host = facts.host->value;
    if (!is_valid_authority(head.host)) return {400, "bad Host"};
  }
  const Verdict target = validate_target(head);
  if (!target.ok()) return target;
  const bool has_body = head.framing == Framing::chunked || head.content_length > 0;
  const bool bodyless = head.method == Method::get || head.method == Method::head || head.method == Method::del;
  // An HTTP/1.0 recipient further on may not read it and take it for the next request.
  if (has_body && bodyless && head.minor == 0) return {400, "body with a bodyless method in HTTP/1.0"};
  if (limits.body_bytes != 0 && head.content_length > limits.body_bytes) return {413, "body too large"};
  if (facts.expects_unknown) return {417, "unknown expectation"};
  head.keep_alive = !facts.close && (head.minor == 1 || facts.keep_alive);
  head.expect_continue = facts.expects_continue && head.minor == 1 && has_body;
  head.accepts_trailers = facts.trailers && head.minor == 1;
  if (facts.upgrade && facts.has_upgrade_field && asks_for_websocket(head.headers)) {
    const Verdict handshake = validate_websocket_request(head);
    if (!handshake.ok()) return handshake;
    head.upgrade_websocket = true;
  }
  return kOk;
}

Verdict validate_response(ResponseHead& head, const ResponseContext& context) {
  const Facts facts = gather(head.headers);
  const bool counted_or_chunked = facts.content_length != nullptr || facts.transfer_encoding != nullptr;
  const Verdict framing = read_framing(facts, head.minor, head.framing, head.content_length);
  if (!framing.ok()) return {502, framing.reason};
  const bool interim = head.status < 200;
  if ((interim || head.status == 204) && facts.transfer_encoding != nullptr) {
    return {502, "Transfer-Encoding in a response without body"};
  }
  if (interim && head.content_length > 0) return {502, "Content-Length in an interim response"};
  if (head.status == 101) {
    if (!context.expects_upgrade) return {502, "101 that was not asked for"};
    if (head.minor == 0) return {502, "101 in HTTP/1.0"};  // RFC 6455 4.1: HTTP/1.1 or later
    head.upgrade = true;
  }
  head.is_interim = interim && !head.upgrade;
  const bool persistent = !facts.close && (head.minor == 1 || facts.keep_alive);
  if (interim || head.status == 204 || head.status == 304 || context.head_request) {
    // A 204 that announces bytes may send them; the connection is not to be trusted with another request.
    const bool suspicious = head.status == 204 && head.content_length > 0;
    head.framing = Framing::none;
    head.content_length = 0;
    head.keep_alive = persistent && !suspicious && !head.upgrade;
    return kOk;
  }
  if (!counted_or_chunked) head.framing = Framing::until_close;
  head.keep_alive = persistent && head.framing != Framing::until_close;
  return kOk;
}

bool is_forbidden_trailer(const Header& field) {
  switch (field.id) {
    case KnownHeader::authorization:
    case KnownHeader::connection:
    case KnownHeader::content_length:
    case KnownHeader::content_type:
    case KnownHeader::cookie:
    case KnownHeader::expect:
    case KnownHeader::host:
    case KnownHeader::range:
    case KnownHeader::set_cookie:
    case KnownHeader::te:
    case KnownHeader::trailer:
    case KnownHeader::transfer_encoding:
    case KnownHeader::upgrade:
      return true;
    default:
      return is_client_identity_header(field.name) || is_lookalike(field) || iequals(field.name, "Content-Encoding") ||
             iequals(field.name, "Content-Range");
  }
}

bool is_valid_authority(std::string_view authority) {
  if (authority.empty()) return false;
  std::size_t at = 0;
  if (authority.front() == '[') {
    at = authority.find(']');
    if (at == std::string_view::npos || at < 3) return false;  // "::" is the shortest address
    for (const char c : authority.substr(1, at - 1)) {
      if (!has_class(c, kHexDigit) && c != ':' && c != '.') return false;
    }
    ++at;
  } else {
    while (at < authority.size() && has_class(authority[at], kUnreservedChar)) ++at;
    if (at == 0) return false;
  }
  if (at == authority.size()) return true;
  return authority[at] == ':' && is_valid_port(authority.substr(at + 1));
}

bool same_authority(std::string_view a, std::string_view b, std::uint16_t default_port) {
  std::string_view a_host;
  std::string_view a_port;
  std::string_view b_host;
  std::string_view b_port;
  split_authority(a, a_host, a_port);
  split_authority(b, b_host, b_port);
  return iequals(a_host, b_host) && port_or(a_port, default_port) == port_or(b_port, default_port);
}

}  // namespace hearth::http
