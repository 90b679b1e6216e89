// Cookie request fields (RFC 6265 4.2.1), byte-preserving. Names are case-sensitive.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace hearth::http {

// The value of the first cookie of that name in one Cookie field value; surrounding double quotes are kept.
std::optional<std::string_view> find_cookie(std::string_view cookies, std::string_view name);
// The same over all Cookie lines.
std::optional<std::string_view> find_cookie(const HeaderList& headers, std::string_view name);

// Whether a cookie of that name is in the value, with or without '='.
bool has_cookie(std::string_view cookies, std::string_view name);

// `cookies` without any cookie of that name, appended to `out`; all other bytes stay as they are. Nothing appended
// means nothing is left: drop the field. Names are compared without surrounding spaces, as servers read them.
void remove_cookie(std::string_view cookies, std::string_view name, std::string& out);

}  // namespace hearth::http
