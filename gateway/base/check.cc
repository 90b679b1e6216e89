#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace hearth {
void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "hearth: check failed: %s at %s:%d\n", expression, file, line);
  std::abort();
}
}  // namespace hearth
