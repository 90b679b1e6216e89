// Any cut of the input gives the same events; what a request becomes upstream is one request, whatever came in.
#include <cstdint>

#include "base/check.h"
#include "http/serialize.h"
#include "unit/http/transcript.h"

using namespace hearth::http;

namespace {

// An accepted head, written for the upstream, must be read back as the same request.
void check_round_trip(std::string_view input) {
  RequestParser parser;
  std::size_t consumed = 0;
  if (parser.next(input, consumed) != ParseEvent::head) return;
  const RequestHead& head = parser.head();
  std::string out;
  append_upstream_head(out, head, {.target = head.path_and_query, .host = head.host.empty() ? "h" : head.host});
  RequestParser again;
  HEARTH_CHECK(again.next(out, consumed) == ParseEvent::head);
  HEARTH_CHECK(consumed == out.size());
  HEARTH_CHECK(again.head().method == head.method);
  HEARTH_CHECK(again.head().target == head.path_and_query);
  HEARTH_CHECK(again.head().framing == head.framing);
  HEARTH_CHECK(again.head().content_length == head.content_length);
  HEARTH_CHECK(again.head().upgrade_websocket == head.upgrade_websocket);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const test::Transcript whole = test::read_requests({input});
  HEARTH_CHECK(test::read_requests(test::cut_every(input, 1)) == whole);
  HEARTH_CHECK(test::read_requests(test::cut_every(input, 1 + data[0] % 7u)) == whole);
  HEARTH_CHECK(test::read_requests(test::cut_at(input, data[0] * input.size() / 256)) == whole);
  check_round_trip(input);
  return 0;
}
