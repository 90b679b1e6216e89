#include "http/request_parser.h"

#include <algorithm>

#include "base/check.h"

namespace hearth::http {

RequestParser::RequestParser(const Limits& limits)
    : limits_(limits), scanner_(HeadScanner::Kind::request, limits), chunks_(limits, limits.body_bytes) {}

ParseEvent RequestParser::fail(Verdict verdict) {
  state_ = State::failed;
  error_ = verdict;
  return ParseEvent::error;
}

ParseEvent RequestParser::next(std::string_view bytes, std::size_t& consumed) {
  consumed = 0;
  body_ = {};
  switch (state_) {
    case State::head:
      return next_head(bytes, consumed);
    case State::counted:
      return next_counted(bytes, consumed);
    case State::chunked:
      return next_chunked(bytes, consumed);
    case State::ending:
      state_ = State::done;
      return ParseEvent::message_end;
    case State::done:
      return ParseEvent::message_end;
    case State::failed:
      break;
  }
  return ParseEvent::error;
}

ParseEvent RequestParser::next_head(std::string_view bytes, std::size_t& consumed) {
  const HeadScanner::Step step = scanner_.scan(bytes, consumed);
  if (step == HeadScanner::Step::need_more) return ParseEvent::need_more;
  if (step == HeadScanner::Step::error) {
    head_.method = scanner_.method();  // the answer to a HEAD has no body, whatever was wrong with it
    return fail(scanner_.error());
  }
  const Verdict verdict = finish_head();
  return verdict.ok() ? ParseEvent::head : fail(verdict);
}

Verdict RequestParser::finish_head() {
  const RequestLine line = scanner_.request_line();
  head_.method = line.method;
  head_.minor = line.minor;
  head_.method_text = line.method_text;
  head_.target = line.target;
  for (std::size_t i = 1; i < scanner_.line_count(); ++i) {
    Header field;
    const Verdict verdict = parse_field_line(scanner_.line(i), limits_, field);
    if (!verdict.ok()) return verdict;
    head_.headers.add(field);
  }
  const Verdict verdict = validate_request(head_, limits_);
  if (!verdict.ok()) return verdict;
  if (head_.path_and_query.front() == '?') {
    // `http://host?query`: the path is "/" (RFC 9110 4.2.3) but not among the received bytes.
    origin_target_.assign("/").append(head_.path_and_query);
    head_.path_and_query = origin_target_;
  }
  if (!llhttp_.agrees_on_request(scanner_.text(), head_)) return {400, "refused by the second parser"};
  remaining_ = head_.framing == Framing::content_length ? head_.content_length : 0;
  state_ = head_.framing == Framing::chunked ? State::chunked : remaining_ > 0 ? State::counted : State::ending;
  return {};
}

ParseEvent RequestParser::next_counted(std::string_view bytes, std::size_t& consumed) {
  if (remaining_ == 0) {
    state_ = State::done;
    return ParseEvent::message_end;
  }
  if (bytes.empty()) return ParseEvent::need_more;
  body_ = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size())));
  consumed = body_.size();
  remaining_ -= consumed;
  return ParseEvent::body;
}

ParseEvent RequestParser::next_chunked(std::string_view bytes, std::size_t& consumed) {
  ChunkGuard::Step step = ChunkGuard::Step::part;
  while (step == ChunkGuard::Step::part) {
    const std::string_view offered = bytes.substr(consumed);
    std::size_t used = 0;
    step = chunks_.advance(offered, used);
    if (step == ChunkGuard::Step::error) return fail(chunks_.error());
    consumed += used;
    const std::string_view shown = chunks_.to_check(offered.substr(0, used), step);
    if (!shown.empty() && !llhttp_.agrees_on_chunks(shown, chunks_.data().size(), step == ChunkGuard::Step::end)) {
      return fail({400, "chunked body refused by the second parser"});
    }
  }
  const std::string_view data = chunks_.data();
  if (step == ChunkGuard::Step::end) {
    state_ = State::done;
    return ParseEvent::message_end;
  }
  if (data.empty()) return ParseEvent::need_more;
  body_ = data;
  return ParseEvent::body;
}

void RequestParser::skip_body(std::uint64_t n) {
  HEARTH_CHECK(state_ == State::counted && n <= remaining_);
  remaining_ -= n;
}

void RequestParser::reset() {
  HEARTH_CHECK(state_ == State::done || idle());
  clear();
}

void RequestParser::clear() {
  state_ = State::head;
  remaining_ = 0;
  body_ = {};
  head_.clear();
  error_ = {};
  scanner_.reset();
  chunks_.reset();
}

void RequestParser::release() {
  clear();
  head_.headers.release();
  scanner_.release();
  std::string().swap(origin_target_);
  chunks_.release();
}

}  // namespace hearth::http
