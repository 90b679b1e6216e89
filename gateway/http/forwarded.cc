#include "http/forwarded.h"

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace hearth::http {

namespace {

char fold(char c) { return c == '_' || c == '.' ? '-' : ascii_lower(c); }

bool folded_starts_with(std::string_view name, std::string_view prefix) {
  return name.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), name.begin(), [](char p, char c) { return p == fold(c); });
}

constexpr std::array<std::string_view, 6> kIdentityPrefixes = {"x-forwarded-", "x-hearth-", "x-remote-",
                                                               "x-auth-",      "remote-",   "forwarded-"};
constexpr std::array<std::string_view, 3> kIdentityNames = {"forwarded", "x-forwarded", "x-real-ip"};

bool is_protected(std::string_view name) {
  switch (known_header(name)) {
    case KnownHeader::host:
    case KnownHeader::content_length:
    case KnownHeader::authorization:
    case KnownHeader::cookie:
    case KnownHeader::sec_websocket_accept:
    case KnownHeader::sec_websocket_key:
    case KnownHeader::sec_websocket_version:
    case KnownHeader::set_cookie:
    case KnownHeader::x_request_id:
      return true;
    default:
      return is_client_identity_header(name);
  }
}

}  // namespace

bool is_hop_by_hop(const Header& field) {
  switch (field.id) {
    case KnownHeader::connection:
    case KnownHeader::keep_alive:
    case KnownHeader::proxy_authenticate:
    case KnownHeader::proxy_authorization:
    case KnownHeader::proxy_connection:
    case KnownHeader::te:
    case KnownHeader::trailer:
    case KnownHeader::transfer_encoding:
    case KnownHeader::upgrade:
      return true;
    default:
      return false;
  }
}

void ConnectionNominated::collect(const HeaderList& headers) {
  names_.clear();
  headers.find_all(KnownHeader::connection, [this](const Header& field) {
    for_each_list_element(field.value, [this](std::string_view option) {
      const bool plain = iequals(option, "close") || iequals(option, "keep-alive") || iequals(option, "upgrade");
      if (!plain && !is_protected(option)) names_.push_back(option);
      return true;
    });
  });
}

bool ConnectionNominated::contains(std::string_view name) const {
  return std::any_of(names_.begin(), names_.end(), [&](std::string_view n) { return iequals(n, name); });
}

bool is_same_folded(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return fold(x) == fold(y); });
}

bool is_lookalike(const Header& field) {
  if (!field.foldable) return false;
  std::array<char, 32> folded{};  // longer than any name we know
  if (field.name.size() > folded.size()) return false;
  std::transform(field.name.begin(), field.name.end(), folded.begin(), fold);
  return known_header({folded.data(), field.name.size()}) != KnownHeader::other;
}

bool is_client_identity_header(std::string_view name) {
  if (name.empty()) return false;
  const char first = ascii_lower(name.front());
  if (first != 'x' && first != 'f' && first != 'r') return false;
  if (std::any_of(kIdentityPrefixes.begin(), kIdentityPrefixes.end(),
                  [&](std::string_view prefix) { return folded_starts_with(name, prefix); })) {
    return true;
  }
  return std::any_of(kIdentityNames.begin(), kIdentityNames.end(), [&](std::string_view whole) {
    return whole.size() == name.size() && folded_starts_with(name, whole);
  });
}

}  // namespace hearth::http
