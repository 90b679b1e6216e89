// ChunkGuard: the chunked coding (RFC 9112 7.1), strictly: CRLF only, no space around sizes, extensions by the grammar
// and bounded, trailers parsed like a head and refused when they name framing, routing or identity. It never looks at
// or copies chunk data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/head_scanner.h"
#include "http/limits.h"
#include "http/message.h"
#include "http/validate.h"

namespace hearth::http {

class ChunkGuard {
 public:
  enum class Step : std::uint8_t {
    need_more,
    part,  // some bytes were consumed, more can be at once
    data,
    end,
    error,
  };

  // `limits` must outlive the guard. `body_bytes`: refused with 413 when the chunks announce more; 0 = no limit.
  ChunkGuard(const Limits& limits, std::uint64_t body_bytes)
      : limits_(limits), body_limit_(body_bytes), trailer_scanner_(HeadScanner::Kind::trailers, limits) {}

  // Consumes framing and then at most one run of chunk data; at `data` the run is data(), the last part of the
  // consumed bytes. At `end` nothing behind the message was consumed.
  Step advance(std::string_view bytes, std::size_t& consumed);

  std::string_view data() const { return data_; }
  // What of the bytes just `consumed` by a call that answered `step` llhttp has to agree with. Not chunk extensions:
  // they mean nothing to anybody, and its versions differ in what they take for one. Trailers all at once, when we have
  // found them good: else it would depend on the cut of the input which of two faults in them is met first.
  std::string_view to_check(std::string_view consumed, Step step) const {
    if (was_extension_) return {};
    if (!was_trailer_) return consumed;
    return step == Step::end ? trailer_scanner_.text() : std::string_view();
  }
  const HeaderList& trailers() const { return trailers_; }  // at `end`, until reset()
  const Verdict& error() const { return error_; }           // status 400, 413, or 431 for trailers

  void reset();
  void release();

 private:
  enum class State : std::uint8_t {
    size_first,
    size,
    ext_name_first,
    ext_name,
    ext_value_first,
    ext_token,
    ext_quoted,
    ext_quoted_pair,
    ext_quote_end,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailers,
    done,
    failed,
  };

  Step fail(std::uint16_t status, const char* reason);
  // One byte of framing. False: failed.
  bool framing_byte(char c);
  bool size_byte(char c);
  bool extension_byte(char c);
  bool end_extension_part(char c);
  Step finish_trailers();
  bool is_extension(char next) const;

  const Limits& limits_;
  std::uint64_t body_limit_;
  std::uint64_t announced_ = 0;  // of the message
  State state_ = State::size_first;
  std::uint64_t size_ = 0;           // of the current chunk; then what is left of it
  std::size_t line_bytes_ = 0;       // of the current size line
  std::size_t extension_bytes_ = 0;  // of the message
  std::string_view data_;
  bool was_extension_ = false;  // of the bytes just consumed
  bool was_trailer_ = false;
  HeadScanner trailer_scanner_;
  HeaderList trailers_;
  Verdict error_;
};

}  // namespace hearth::http
