#include "http/chunk_guard.h"

#include <algorithm>

#include "http/chars.h"

namespace hearth::http {

ChunkGuard::Step ChunkGuard::fail(std::uint16_t status, const char* reason) {
  state_ = State::failed;
  error_ = {status, reason};
  return Step::error;
}

ChunkGuard::Step ChunkGuard::advance(std::string_view bytes, std::size_t& consumed) {
  consumed = 0;
  data_ = {};
  was_extension_ = was_trailer_ = false;
  if (state_ == State::failed) return Step::error;
  while (consumed < bytes.size() && state_ != State::done) {
    if (state_ == State::data) {
      data_ = bytes.substr(consumed, static_cast<std::size_t>(std::min<std::uint64_t>(size_, bytes.size() - consumed)));
      consumed += data_.size();
      size_ -= data_.size();
      if (size_ == 0) state_ = State::data_cr;
      return Step::data;
    }
    if (state_ == State::trailers) {
      if (consumed != 0) return Step::part;
      was_trailer_ = true;
      std::size_t used = 0;
      const HeadScanner::Step step = trailer_scanner_.scan(bytes.substr(consumed), used);
      consumed += used;
      if (step == HeadScanner::Step::error)
        return fail(trailer_scanner_.error().status, trailer_scanner_.error().reason);
      return step == HeadScanner::Step::end ? finish_trailers() : Step::need_more;
    }
    const bool extension = is_extension(bytes[consumed]);
    if (consumed != 0 && extension != was_extension_) return Step::part;
    was_extension_ = extension;
    if (!framing_byte(bytes[consumed])) return Step::error;
    ++consumed;
  }
  return state_ == State::done ? Step::end : Step::need_more;
}

bool ChunkGuard::is_extension(char next) const {
  if (next == '\r') return false;
  return state_ == State::size ? next == ';' : state_ >= State::ext_name_first && state_ <= State::ext_quote_end;
}

bool ChunkGuard::framing_byte(char c) {
  switch (state_) {
    case State::data_cr:
      if (c != '\r') return fail(400, "no CRLF after chunk data"), false;
      state_ = State::data_lf;
      return true;
    case State::data_lf:
      if (c != '\n') return fail(400, "no CRLF after chunk data"), false;
      state_ = State::size_first;
      size_ = 0;
      line_bytes_ = 0;
      return true;
    case State::size_lf:
      if (c != '\n') return fail(400, "bare CR in chunk size line"), false;
      announced_ += size_;
      if (body_limit_ != 0 && announced_ > body_limit_) return fail(413, "body too large"), false;
      state_ = size_ == 0 ? State::trailers : State::data;
      return true;
    default:
      break;
  }
  if (c != '\r' && ++line_bytes_ > limits_.chunk_line_bytes) return fail(400, "chunk size line too long"), false;
  return state_ == State::size_first || state_ == State::size ? size_byte(c) : extension_byte(c);
}

bool ChunkGuard::size_byte(char c) {
  const int digit = hex_value(c);
  if (digit >= 0) {
    if (size_ >> 58 != 0) return fail(400, "chunk size too large"), false;
    size_ = size_ * 16 + static_cast<std::uint64_t>(digit);
    state_ = State::size;
    return true;
  }
  if (state_ == State::size && (c == ';' || c == '\r')) return end_extension_part(c);
  return fail(400, "bad chunk size"), false;
}

// RFC 9112 7.1.1 without the "bad whitespace": ";" token [ "=" ( token / quoted-string ) ].
bool ChunkGuard::extension_byte(char c) {
  if (++extension_bytes_ > limits_.chunk_extension_bytes) return fail(400, "too many chunk extensions"), false;
  const bool token = has_class(c, kTokenChar);
  switch (state_) {
    case State::ext_name_first:
    case State::ext_name:
      if (token) return state_ = State::ext_name, true;
      if (state_ == State::ext_name_first) break;
      if (c == '=') return state_ = State::ext_value_first, true;
      return end_extension_part(c);
    case State::ext_value_first:
      if (c == '"') return state_ = State::ext_quoted, true;
      [[fallthrough]];
    case State::ext_token:
      if (token) return state_ = State::ext_token, true;
      if (state_ == State::ext_value_first) break;
      return end_extension_part(c);
    case State::ext_quoted:
      if (c == '"') return state_ = State::ext_quote_end, true;
      if (c == '\\') return state_ = State::ext_quoted_pair, true;
      if (!has_class(c, kControl)) return true;
      break;
    case State::ext_quoted_pair:
      if (!has_class(c, kControl)) return state_ = State::ext_quoted, true;
      break;
    default:
      return end_extension_part(c);
  }
  return fail(400, "bad chunk extension"), false;
}

bool ChunkGuard::end_extension_part(char c) {
  if (c == ';') return state_ = State::ext_name_first, true;
  if (c == '\r') return state_ = State::size_lf, true;
  return fail(400, "bad chunk extension"), false;
}

ChunkGuard::Step ChunkGuard::finish_trailers() {
  for (std::size_t i = 0; i < trailer_scanner_.line_count(); ++i) {
    Header field;
    const Verdict verdict = parse_field_line(trailer_scanner_.line(i), limits_, field);
    if (!verdict.ok()) return fail(verdict.status, verdict.reason);
    if (is_forbidden_trailer(field)) return fail(400, "a field that may not stand in trailers");
    trailers_.add(field);
  }
  state_ = State::done;
  return Step::end;
}

void ChunkGuard::reset() {
  state_ = State::size_first;
  size_ = announced_ = 0;
  line_bytes_ = extension_bytes_ = 0;
  data_ = {};
  trailer_scanner_.reset();
  trailers_.clear();
  error_ = {};
}

void ChunkGuard::release() {
  reset();
  trailer_scanner_.release();
  trailers_.release();
}

}  // namespace hearth::http
