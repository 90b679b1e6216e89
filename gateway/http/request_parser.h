// RequestParser: the server side of HTTP/1.1, bytes in, events out (see parse_event.h).
//
// Two parsers look at every byte that decides framing and must agree: our own scanner with the rules of validate.h,
// which has the say about strictness and limits, and llhttp with no lenient flag. The verdict is the same however
// the input is cut.
//
// The head is copied once into a buffer the parser keeps (64 KiB at most), so head views do not depend on the
// caller's buffer and live until reset(). A warm parser allocates nothing. Bodies are never copied.
//
//   while (true) {
//     const ParseEvent event = parser.next(input, consumed);
//     input.remove_prefix(consumed);
//     switch (event) { ... }
//   }
//
// One owner, one thread, no I/O, no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/chunk_guard.h"
#include "http/head_scanner.h"
#include "http/limits.h"
#include "http/llhttp_check.h"
#include "http/message.h"
#include "http/parse_event.h"
#include "http/validate.h"

namespace hearth::http {

class RequestParser {
 public:
  // `limits` must outlive the parser.
  explicit RequestParser(const Limits& limits = kDefaultLimits);
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // `bytes` may be empty: after a head without body the next call answers message_end whatever is offered.
  ParseEvent next(std::string_view bytes, std::size_t& consumed);

  const RequestHead& head() const { return head_; }                  // from `head` until reset(); at `error` the method
  std::string_view body() const { return body_; }                    // at `body`
  const HeaderList& trailers() const { return chunks_.trailers(); }  // at `message_end`
  const Verdict& error() const { return error_; }                    // at `error`

  // Ready for the next message; keeps memory. Only after message_end or while idle().
  void reset();
  // As new, with all memory given back: for a connection that goes idle. At any time.
  void release();

  // No byte of a message has been consumed since reset(): closing now loses nothing.
  bool idle() const { return state_ == State::head && scanner_.consumed() == 0; }
  bool done() const { return state_ == State::done; }

  // Bytes of a content_length body still to come; 0 for every other framing.
  std::uint64_t body_remaining() const { return head_.framing == Framing::content_length ? remaining_ : 0; }
  // `n` <= body_remaining() bytes of the body went past the parser (splice).
  void skip_body(std::uint64_t n);

 private:
  enum class State : std::uint8_t { head, counted, chunked, ending, done, failed };

  ParseEvent next_head(std::string_view bytes, std::size_t& consumed);
  ParseEvent next_counted(std::string_view bytes, std::size_t& consumed);
  ParseEvent next_chunked(std::string_view bytes, std::size_t& consumed);
  Verdict finish_head();
  ParseEvent fail(Verdict verdict);
  void clear();

  const Limits& limits_;
  State state_ = State::head;
  std::uint64_t remaining_ = 0;
  std::string_view body_;
  RequestHead head_;
  std::string origin_target_;  // where path_and_query had to be put together
  Verdict error_;
  HeadScanner scanner_;
  ChunkGuard chunks_;
  LlhttpCheck llhttp_;
};

}  // namespace hearth::http
