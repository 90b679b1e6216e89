// Any cut of the input gives the same events, with and without the end of the connection behind it.
#include <cstdint>

#include "base/check.h"
#include "unit/http/transcript.h"

using namespace hearth::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  const ResponseContext context{.head_request = (data[0] & 1) != 0, .expects_upgrade = (data[0] & 2) != 0};
  const bool closed = (data[0] & 4) != 0;
  const test::Transcript whole = test::read_response({input}, context, closed);
  HEARTH_CHECK(test::read_response(test::cut_every(input, 1), context, closed) == whole);
  HEARTH_CHECK(test::read_response(test::cut_every(input, 1 + data[1] % 7u), context, closed) == whole);
  HEARTH_CHECK(test::read_response(test::cut_at(input, data[1] * input.size() / 256), context, closed) == whole);
  return 0;
}
