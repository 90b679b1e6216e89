#pragma once

#include <string_view>

#include "base/result.h"

namespace hearth::config {

// `name` is a header name (RFC 9110 5.1) and `value` holds no control character but TAB.
Result<void> check_header(std::string_view name, std::string_view value);

}  // namespace hearth::config
