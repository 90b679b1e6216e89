// Media types (RFC 9110 8.3, 12.5.1).
#pragma once

#include <string_view>

#include "http/message.h"

namespace hearth::http {

// By file name extension; "application/octet-stream" for an unknown one. Static lifetime.
std::string_view media_type_for_path(std::string_view path);

// "text/html; charset=utf-8" -> "text/html".
std::string_view media_type_essence(std::string_view content_type);

// Whether an Accept value names `type` itself ("text/html") with a weight above 0. Wildcards do not count: a script's
// fetch sends */* and is no navigation.
bool accept_names(std::string_view accept, std::string_view type);

// SPEC section 7: GET (or HEAD) with Sec-Fetch-Mode: navigate, or, from a browser that sends none, Accept: text/html.
bool is_navigation(const RequestHead& head);

}  // namespace hearth::http
