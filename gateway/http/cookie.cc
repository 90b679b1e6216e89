#include "http/cookie.h"

#include <algorithm>

#include "base/strings.h"

namespace hearth::http {

namespace {

struct CookiePair {
  std::string_view name;
  std::string_view value;
};

CookiePair split_pair(std::string_view pair) {
  const std::size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return {trim(pair), {}};
  return {trim(pair.substr(0, equals)), trim(pair.substr(equals + 1))};
}

// Calls f(pair with its spaces) for each; f returns false to stop.
template <class F>
void for_each_pair(std::string_view cookies, F&& f) {
  for (;;) {
    const std::size_t semicolon = cookies.find(';');
    if (!f(cookies.substr(0, semicolon)) || semicolon == std::string_view::npos) return;
    cookies.remove_prefix(semicolon + 1);
  }
}

}  // namespace

std::optional<std::string_view> find_cookie(std::string_view cookies, std::string_view name) {
  std::optional<std::string_view> found;
  for_each_pair(cookies, [&](std::string_view raw) {
    const CookiePair pair = split_pair(raw);
    if (pair.name == name && raw.find('=') != std::string_view::npos) found = pair.value;
    return !found.has_value();
  });
  return found;
}

std::optional<std::string_view> find_cookie(const HeaderList& headers, std::string_view name) {
  for (const Header& field : headers) {
    if (field.id != KnownHeader::cookie) continue;
    if (const std::optional<std::string_view> found = find_cookie(field.value, name)) return found;
  }
  return std::nullopt;
}

bool has_cookie(std::string_view cookies, std::string_view name) {
  bool found = false;
  for_each_pair(cookies, [&](std::string_view raw) {
    found = split_pair(raw).name == name;
    return !found;
  });
  return found;
}

void remove_cookie(std::string_view cookies, std::string_view name, std::string& out) {
  bool first = true;
  for_each_pair(cookies, [&](std::string_view raw) {
    if (split_pair(raw).name == name) return true;
    if (first) {
      // Where the first pair went, the next one moves up without its separating space.
      const bool moved_up = raw.data() != cookies.data();
      out.append(moved_up ? raw.substr(std::min(raw.find_first_not_of(" \t"), raw.size())) : raw);
    } else {
      out.append(";").append(raw);
    }
    first = false;
    return true;
  });
}

}  // namespace hearth::http
