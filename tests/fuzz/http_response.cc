// Any cut of the input gives the same events, with and without the end of the connection behind it; what a response
// becomes for the client is one response: read back it has the same status and body, and nothing stands behind it.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "http/serialize.h"
#include "unit/http/transcript.h"

using namespace hearth::http;

namespace {

struct Relayed {
  bool accepted = false;
  bool whole = false;
  ClientFraming framing;
  std::string text;
  std::string body;
};

void relay_head(Relayed& out, const RequestHead& request, const ResponseHead& head) {
  if (head.is_interim) return;
  out.accepted = true;
  out.framing = choose_client_framing(request, head);
  append_client_head(out.text, head, {.framing = out.framing, .client_minor = request.minor});
}

void relay_body(Relayed& out, std::string_view bytes) {
  out.body.append(bytes);
  const bool chunked = out.framing.framing == Framing::chunked;
  if (chunked) append_chunk_head(out.text, bytes.size());
  out.text.append(bytes);
  if (chunked) out.text.append(kChunkEnd);
}

Relayed relay(ResponseParser& parser, const RequestHead& request, std::string_view input, bool closed) {
  Relayed out;
  ConnectionNominated nominated;
  while (true) {
    std::size_t consumed = 0;
    ParseEvent event = parser.next(input, consumed);
    if (event == ParseEvent::need_more && closed) event = parser.finish();
    if (event == ParseEvent::head) relay_head(out, request, parser.head());
    if (event == ParseEvent::body) relay_body(out, parser.body());
    if (event == ParseEvent::message_end) {
      out.whole = true;
      if (out.framing.framing == Framing::chunked) {
        append_last_chunk(out.text, parser.trailers(), parser.head().headers, nominated);
      }
    }
    if (event == ParseEvent::error || event == ParseEvent::need_more || event == ParseEvent::message_end) return out;
    input.remove_prefix(consumed);
  }
}

void check_round_trip(std::string_view input, const ResponseContext& context, bool closed, std::uint8_t minor) {
  RequestHead request;
  request.method = context.head_request ? Method::head : Method::get;
  request.minor = minor;
  request.keep_alive = true;
  ResponseParser parser;
  parser.begin(context);
  const Relayed first = relay(parser, request, input, closed);
  if (!first.accepted) return;
  ResponseParser again;
  again.begin(context);
  std::string_view rest = first.text;
  std::size_t consumed = 0;
  HEARTH_CHECK(again.next(rest, consumed) == ParseEvent::head);
  HEARTH_CHECK(again.head().status == parser.head().status);
  HEARTH_CHECK(again.head().framing == first.framing.framing);
  HEARTH_CHECK(again.head().upgrade == parser.head().upgrade);
  rest.remove_prefix(consumed);
  std::string body;
  ParseEvent event = again.next(rest, consumed);
  for (; event == ParseEvent::body; event = again.next(rest, consumed)) {
    body.append(again.body());
    rest.remove_prefix(consumed);
  }
  HEARTH_CHECK(body == first.body);
  HEARTH_CHECK(consumed == rest.size());
  if (event == ParseEvent::need_more) event = first.whole ? again.finish() : event;
  HEARTH_CHECK((event == ParseEvent::message_end) == first.whole);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  const ResponseContext context{.head_request = (data[0] & 1) != 0, .expects_upgrade = (data[0] & 2) != 0};
  const bool closed = (data[0] & 4) != 0;
  const test::Transcript whole = test::read_response({input}, context, closed);
  HEARTH_CHECK(test::read_response(test::cut_every(input, 1), context, closed) == whole);
  HEARTH_CHECK(test::read_response(test::cut_every(input, 1 + data[1] % 7u), context, closed) == whole);
  HEARTH_CHECK(test::read_response(test::cut_at(input, data[1] * input.size() / 256), context, closed) == whole);
  check_round_trip(input, context, closed, (data[0] & 8) != 0 ? 0 : 1);
  return 0;
}
