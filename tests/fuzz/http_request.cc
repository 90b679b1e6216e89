// Any cut of the input gives the same events; what a request becomes upstream is one request, whatever came in: read
// back it has the same method, target, framing, body, and nothing stands behind it.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "http/serialize.h"
#include "unit/http/transcript.h"

using namespace hearth::http;

namespace {

// All of one request, as the proxy would forward it: the head, the body in the pieces it came in, the trailers.
struct Forwarded {
  bool accepted = false;
  bool whole = false;
  std::string text;
  std::string body;
};

void forward_body(Forwarded& out, const RequestHead& head, std::string_view bytes) {
  out.body.append(bytes);
  if (head.framing != Framing::chunked) {
    out.text.append(bytes);
    return;
  }
  append_chunk_head(out.text, bytes.size());
  out.text.append(bytes).append(kChunkEnd);
}

Forwarded forward(RequestParser& parser, std::string_view input) {
  Forwarded out;
  ConnectionNominated nominated;
  while (true) {
    std::size_t consumed = 0;
    const ParseEvent event = parser.next(input, consumed);
    const RequestHead& head = parser.head();
    if (event == ParseEvent::head) {
      out.accepted = true;
      append_upstream_head(out.text, head,
                           {.target = head.path_and_query, .host = head.host.empty() ? "h" : head.host});
    }
    if (event == ParseEvent::body) forward_body(out, head, parser.body());
    if (event == ParseEvent::message_end) {
      out.whole = true;
      if (head.framing == Framing::chunked) append_last_chunk(out.text, parser.trailers(), head.headers, nominated);
    }
    if (event == ParseEvent::error || event == ParseEvent::need_more || event == ParseEvent::message_end) return out;
    input.remove_prefix(consumed);
  }
}

void check_round_trip(std::string_view input) {
  RequestParser parser;
  const Forwarded first = forward(parser, input);
  if (!first.accepted) return;
  const RequestHead& head = parser.head();
  RequestParser again;
  std::string_view rest = first.text;
  std::size_t consumed = 0;
  HEARTH_CHECK(again.next(rest, consumed) == ParseEvent::head);
  HEARTH_CHECK(again.head().method == head.method);
  HEARTH_CHECK(again.head().target == head.path_and_query);
  HEARTH_CHECK(again.head().framing == head.framing);
  HEARTH_CHECK(again.head().content_length == head.content_length);
  HEARTH_CHECK(again.head().upgrade_websocket == head.upgrade_websocket);
  for (const Header& field : again.head().headers) HEARTH_CHECK(!is_lookalike(field));
  rest.remove_prefix(consumed);
  std::string body;
  ParseEvent event = again.next(rest, consumed);
  for (; event == ParseEvent::body; event = again.next(rest, consumed)) {
    body.append(again.body());
    rest.remove_prefix(consumed);
  }
  HEARTH_CHECK(body == first.body);
  HEARTH_CHECK((event == ParseEvent::message_end) == first.whole);
  HEARTH_CHECK(consumed == rest.size());
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
