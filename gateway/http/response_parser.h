// ResponseParser: the client side of HTTP/1.1, bytes in, events out (see parse_event.h). Same construction as
// RequestParser. Upstreams are containers under someone else's control, so it is as strict; its verdicts are 502.
//
// An interim response (1xx, not 101) is one `head` event with is_interim and no message_end: calling next() again
// goes on to the following head and ends the life of the interim head's views.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/chunk_guard.h"
#include "http/head_scanner.h"
#include "http/limits.h"
#include "http/llhttp_check.h"
#include "http/message.h"
#include "http/parse_event.h"
#include "http/validate.h"

namespace hearth::http {

class ResponseParser {
 public:
  // `limits` must outlive the parser.
  explicit ResponseParser(const Limits& limits = kDefaultLimits);
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  // Before the first byte of each response: forgets the previous one and says what this one answers.
  void begin(const ResponseContext& context);

  ParseEvent next(std::string_view bytes, std::size_t& consumed);
  // The upstream closed its side. message_end when that ends the body (until_close) or the message was already
  // complete; otherwise error: a truncated response must never look complete.
  ParseEvent finish();

  const ResponseHead& head() const { return head_; }
  std::string_view body() const { return body_; }
  const HeaderList& trailers() const { return chunks_.trailers(); }
  const Verdict& error() const { return error_; }

  void release();  // gives all memory back

  // No byte of this response has been consumed: an idempotent request may be sent again elsewhere.
  bool idle() const { return state_ == State::head && scanner_.consumed() == 0 && interim_seen_ == 0; }
  bool done() const { return state_ == State::done; }

  bool until_close() const { return state_ == State::until_close; }
  std::uint64_t body_remaining() const { return head_.framing == Framing::content_length ? remaining_ : 0; }
  // `n` bytes of the body went past the parser (splice): <= body_remaining(), or any number when until_close.
  void skip_body(std::uint64_t n);

 private:
  enum class State : std::uint8_t { head, counted, chunked, until_close, ending, done, failed };

  ParseEvent next_head(std::string_view bytes, std::size_t& consumed);
  ParseEvent next_counted(std::string_view bytes, std::size_t& consumed);
  ParseEvent next_chunked(std::string_view bytes, std::size_t& consumed);
  Verdict finish_head();
  ParseEvent fail(Verdict verdict);

  const Limits& limits_;
  State state_ = State::head;
  ResponseContext context_;
  std::size_t interim_seen_ = 0;
  std::uint64_t remaining_ = 0;
  std::string_view body_;
  ResponseHead head_;
  Verdict error_;
  HeadScanner scanner_;
  ChunkGuard chunks_;
  LlhttpCheck llhttp_;
};

}  // namespace hearth::http
