// HEARTH_CHECK: an assertion about our own promises that stays on in release builds. What the outside world can cause
// is an Error, never a check.
#pragma once

namespace hearth {
[[noreturn]] void check_failed(const char* expression, const char* file, int line);
}

#define HEARTH_CHECK(expression) \
  (static_cast<bool>(expression) ? (void)0 : ::hearth::check_failed(#expression, __FILE__, __LINE__))
