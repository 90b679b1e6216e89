// HeadScanner: finds the end of a head, line by line, in one pass over the bytes, and refuses on the way what no head
// may contain: control bytes, bare CR or LF, folded lines, a bad start line, and anything over a limit. Used by both
// parsers and, by ChunkGuard, for trailers. A refusal comes with the first byte that proves it, however the input is
// cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/limits.h"
#include "http/validate.h"

namespace hearth::http {

class HeadScanner {
 public:
  enum class Kind : std::uint8_t { request, response, trailers };
  enum class Step : std::uint8_t { need_more, end, error };

  // `limits` must outlive the scanner.
  HeadScanner(Kind kind, const Limits& limits) : limits_(limits), kind_(kind) {}

  // Consumes bytes of the head only. At `end` the whole head is in text().
  Step scan(std::string_view bytes, std::size_t& consumed);

  // At `end`.
  std::string_view text() const { return head_; }               // up to and with the empty line
  std::size_t line_count() const { return line_ends_.size(); }  // with the start line, without the empty line
  std::string_view line(std::size_t i) const;                   // without CRLF
  RequestLine request_line() const;
  Method method() const { return request_line_.method; }  // once the request line has been read, also after an error
  StatusLine status_line() const;

  const Verdict& error() const { return error_; }
  // Bytes of the head so far; one CRLF skipped before a request line (RFC 9112 2.2) is not counted.
  std::size_t consumed() const { return head_.size(); }

  void reset();
  void release();

 private:
  Step advance(std::string_view data);
  Step end_line(std::string_view data, std::size_t end);
  Verdict judge_start_line(std::string_view line);
  std::size_t line_limit() const;
  Verdict too_long() const;
  Step fail(Verdict verdict);
  bool in_start_line() const { return line_ends_.empty() && kind_ != Kind::trailers; }

  enum class Lead : std::uint8_t { none, cr, done };

  const Limits& limits_;
  Kind kind_;
  Lead lead_ = Lead::none;
  std::size_t scanned_ = 0;  // bytes known to be good
  std::size_t line_start_ = 0;
  std::string head_;
  std::vector<std::uint32_t> line_ends_;
  RequestLine request_line_;  // views dangle: only their sizes are used
  StatusLine status_line_;
  Verdict error_;
};

}  // namespace hearth::http
