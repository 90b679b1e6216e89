#include "unit/http/transcript.h"

namespace hearth::http::test {

namespace {

void note_word(std::string& words, std::string_view word) {
  if (!words.empty()) words.push_back(' ');
  words.append(word);
}

void note_fields(std::string& out, const HeaderList& fields) {
  for (const Header& field : fields) {
    out.append(field.name)
        .append("=")
        .append(field.value)
        .append("|")
        .append(std::to_string(int(field.id)))
        .append("\n");
  }
}

std::string describe(const RequestHead& head) {
  std::string out = "request ";
  out.append(head.method_text).append(" ").append(head.target).append(" as ").append(head.path_and_query);
  out.append(" host ").append(head.host).append(" 1.").append(std::to_string(head.minor));
  out.append(" framing ").append(std::to_string(int(head.framing))).append(",");
  out.append(std::to_string(head.content_length));
  out.append(head.keep_alive ? " keep" : " close").append(head.expect_continue ? " expect" : "");
  out.append(head.upgrade_websocket ? " websocket" : "").append(head.accepts_trailers ? " trailers" : "").append("\n");
  note_fields(out, head.headers);
  return out;
}

std::string describe(const ResponseHead& head) {
  std::string out = "response " + std::to_string(head.status) + " ";
  out.append(head.reason).append(" 1.").append(std::to_string(head.minor));
  out.append(" framing ").append(std::to_string(int(head.framing))).append(",");
  out.append(std::to_string(head.content_length));
  out.append(head.keep_alive ? " keep" : " close").append(head.is_interim ? " interim" : "");
  out.append(head.upgrade ? " upgrade" : "").append("\n");
  note_fields(out, head.headers);
  return out;
}

struct Notes {
  Transcript result;
  std::string body;
  bool in_message = false;

  void end_message(const HeaderList& trailers) {
    result.events.append("body ").append(body).append("\ntrailers\n");
    note_fields(result.events, trailers);
    note_word(result.verdicts, "ok");
    body.clear();
    in_message = false;
  }
  void fail(const Verdict& verdict) {
    // The reason may name whichever parser met the fault first; the status and what was delivered may not differ.
    note_word(result.verdicts, std::to_string(verdict.status));
    result.events.append("body ").append(body).append("\nerror\n");
    in_message = false;
  }
};

}  // namespace

Transcript read_requests(const std::vector<std::string_view>& pieces, const Limits& limits) {
  RequestParser parser(limits);
  Notes notes;
  std::string untouched;
  bool stopped = false;
  for (std::string_view piece : pieces) {
    bool more = !stopped;
    while (more) {
      std::size_t consumed = 0;
      const ParseEvent event = parser.next(piece, consumed);
      if (event == ParseEvent::body) notes.body.append(parser.body());
      piece.remove_prefix(consumed);
      switch (event) {
        case ParseEvent::need_more:
          more = false;
          break;
        case ParseEvent::head:
          notes.result.events.append(describe(parser.head()));
          break;
        case ParseEvent::body:
          break;
        case ParseEvent::message_end:
          notes.end_message(parser.trailers());
          stopped = !parser.head().keep_alive || parser.head().upgrade_websocket;
          if (!stopped) parser.reset();
          more = !stopped;
          break;
        case ParseEvent::error:
          notes.fail(parser.error());
          return notes.result;  // what is consumed of a refused message is nobody's business
      }
      if (more && piece.empty() && parser.idle()) more = false;
    }
    untouched.append(piece);
  }
  if (!stopped && !parser.idle()) {
    note_word(notes.result.verdicts, "part");
    notes.result.events.append("body ").append(notes.body);
  }
  notes.result.events.append("untouched ").append(untouched);
  return notes.result;
}

Transcript read_response(const std::vector<std::string_view>& pieces, const ResponseContext& context, bool closed,
                         const Limits& limits) {
  ResponseParser parser(limits);
  parser.begin(context);
  Notes notes;
  std::string untouched;
  const auto take = [&](ParseEvent event) {
    if (event == ParseEvent::head) notes.result.events.append(describe(parser.head()));
    if (event == ParseEvent::head && parser.head().is_interim) note_word(notes.result.verdicts, "interim");
    if (event == ParseEvent::body) notes.body.append(parser.body());
    if (event == ParseEvent::message_end) notes.end_message(parser.trailers());
    if (event == ParseEvent::error) notes.fail(parser.error());
    return event;
  };
  for (std::string_view piece : pieces) {
    while (!parser.done()) {
      std::size_t consumed = 0;
      const ParseEvent event = take(parser.next(piece, consumed));
      piece.remove_prefix(consumed);
      if (event == ParseEvent::error) return notes.result;
      if (event == ParseEvent::need_more) break;
    }
    untouched.append(piece);
  }
  if (!parser.done()) {
    if (closed) {
      take(parser.finish());
    } else {
      note_word(notes.result.verdicts, "part");
      notes.result.events.append("body ").append(notes.body);
    }
  }
  notes.result.events.append("untouched ").append(untouched);
  return notes.result;
}

std::vector<std::string_view> cut_at(std::string_view input, std::size_t at) {
  return {input.substr(0, at), input.substr(at)};
}

std::vector<std::string_view> cut_every(std::string_view input, std::size_t size) {
  std::vector<std::string_view> pieces;
  for (std::size_t i = 0; i < input.size(); i += size) pieces.push_back(input.substr(i, size));
  return pieces;
}

}  // namespace hearth::http::test
