#include "http/message.h"

#include <array>

#include "base/strings.h"

namespace hearth::http {

namespace {

struct KnownName {
  std::string_view text;
  KnownHeader id;
};

// Grouped by length; within a length told apart by one comparison each, and there are few of each.
constexpr std::array kKnownNames = {
    KnownName{"te", KnownHeader::te},
    KnownName{"via", KnownHeader::via},
    KnownName{"host", KnownHeader::host},
    KnownName{"date", KnownHeader::date},
    KnownName{"range", KnownHeader::range},
    KnownName{"accept", KnownHeader::accept},
    KnownName{"cookie", KnownHeader::cookie},
    KnownName{"expect", KnownHeader::expect},
    KnownName{"origin", KnownHeader::origin},
    KnownName{"server", KnownHeader::server},
    KnownName{"referer", KnownHeader::referer},
    KnownName{"trailer", KnownHeader::trailer},
    KnownName{"upgrade", KnownHeader::upgrade},
    KnownName{"location", KnownHeader::location},
    KnownName{"forwarded", KnownHeader::forwarded},
    KnownName{"connection", KnownHeader::connection},
    KnownName{"keep-alive", KnownHeader::keep_alive},
    KnownName{"set-cookie", KnownHeader::set_cookie},
    KnownName{"user-agent", KnownHeader::user_agent},
    KnownName{"content-type", KnownHeader::content_type},
    KnownName{"x-request-id", KnownHeader::x_request_id},
    KnownName{"authorization", KnownHeader::authorization},
    KnownName{"content-length", KnownHeader::content_length},
    KnownName{"sec-fetch-mode", KnownHeader::sec_fetch_mode},
    KnownName{"sec-fetch-site", KnownHeader::sec_fetch_site},
    KnownName{"x-forwarded-for", KnownHeader::x_forwarded_for},
    KnownName{"proxy-connection", KnownHeader::proxy_connection},
    KnownName{"transfer-encoding", KnownHeader::transfer_encoding},
    KnownName{"sec-websocket-key", KnownHeader::sec_websocket_key},
    KnownName{"proxy-authenticate", KnownHeader::proxy_authenticate},
    KnownName{"proxy-authorization", KnownHeader::proxy_authorization},
    KnownName{"sec-websocket-accept", KnownHeader::sec_websocket_accept},
    KnownName{"sec-websocket-version", KnownHeader::sec_websocket_version},
    KnownName{"sec-websocket-protocol", KnownHeader::sec_websocket_protocol},
    KnownName{"sec-websocket-extensions", KnownHeader::sec_websocket_extensions},
};

constexpr std::size_t kLongestKnownName = 24;

// first[n] .. first[n + 1]: the known names of n characters.
consteval std::array<std::uint8_t, kLongestKnownName + 2> index_by_length() {
  std::array<std::uint8_t, kLongestKnownName + 2> first{};
  std::size_t at = 0;
  for (std::size_t length = 0; length < first.size(); ++length) {
    first[length] = static_cast<std::uint8_t>(at);
    while (at < kKnownNames.size() && kKnownNames[at].text.size() == length) ++at;
  }
  if (at != kKnownNames.size()) throw "kKnownNames must be sorted by length";
  return first;
}
constexpr auto kFirstOfLength = index_by_length();

constexpr std::array<std::string_view, 34> kMethodNames = {
    "",        "ACL",       "BIND",  "CHECKOUT",   "CONNECT",    "COPY",   "DELETE",     "GET",      "HEAD",
    "LINK",    "LOCK",      "MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL",  "MOVE",       "M-SEARCH", "NOTIFY",
    "OPTIONS", "PATCH",     "POST",  "PROPFIND",   "PROPPATCH",  "PURGE",  "PUT",        "REBIND",   "REPORT",
    "SEARCH",  "SUBSCRIBE", "TRACE", "UNBIND",     "UNLINK",     "UNLOCK", "UNSUBSCRIBE"};
static_assert(static_cast<std::size_t>(Method::unsubscribe) + 1 == kMethodNames.size());

}  // namespace

KnownHeader known_header(std::string_view name) {
  if (name.size() > kLongestKnownName) return KnownHeader::other;
  for (std::size_t i = kFirstOfLength[name.size()]; i < kFirstOfLength[name.size() + 1]; ++i) {
    const std::string_view known = kKnownNames[i].text;
    if (ascii_lower(name.front()) == known.front() && iequals(name, known)) return kKnownNames[i].id;
  }
  return KnownHeader::other;
}

const Header* HeaderList::find(KnownHeader id) const {
  for (const Header& field : fields_) {
    if (field.id == id) return &field;
  }
  return nullptr;
}

const Header* HeaderList::find(std::string_view name) const {
  for (const Header& field : fields_) {
    if (iequals(field.name, name)) return &field;
  }
  return nullptr;
}

std::string_view HeaderList::value(KnownHeader id) const {
  const Header* field = find(id);
  return field != nullptr ? field->value : std::string_view();
}

std::string_view HeaderList::value(std::string_view name) const {
  const Header* field = find(name);
  return field != nullptr ? field->value : std::string_view();
}

std::size_t HeaderList::count(KnownHeader id) const {
  std::size_t n = 0;
  for (const Header& field : fields_) n += field.id == id ? 1 : 0;
  return n;
}

bool HeaderList::lists(KnownHeader id, std::string_view token) const {
  for (const Header& field : fields_) {
    if (field.id == id && list_contains(field.value, token)) return true;
  }
  return false;
}

Method parse_method(std::string_view text) {
  if (text == "GET") return Method::get;
  if (text == "POST") return Method::post;
  for (std::size_t i = 1; i < kMethodNames.size(); ++i) {
    if (kMethodNames[i] == text) return static_cast<Method>(i);
  }
  return Method::unknown;
}

std::string_view name(Method method) { return kMethodNames[static_cast<std::size_t>(method)]; }

bool is_idempotent(Method method) {
  switch (method) {
    case Method::get:
    case Method::head:
    case Method::put:
    case Method::del:
    case Method::options:
    case Method::trace:
      return true;
    default:
      return false;
  }
}

void RequestHead::clear() {
  HeaderList kept = std::move(headers);
  kept.clear();
  *this = RequestHead();
  headers = std::move(kept);
}

void ResponseHead::clear() {
  HeaderList kept = std::move(headers);
  kept.clear();
  *this = ResponseHead();
  headers = std::move(kept);
}

}  // namespace hearth::http
