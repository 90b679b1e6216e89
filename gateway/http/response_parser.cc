#include "http/response_parser.h"

#include <algorithm>

#include "base/check.h"

namespace hearth::http {

ResponseParser::ResponseParser(const Limits& limits)
    : limits_(limits), scanner_(HeadScanner::Kind::response, limits), chunks_(limits, 0) {}

void ResponseParser::begin(const ResponseContext& context) {
  context_ = context;
  state_ = State::head;
  interim_seen_ = 0;
  remaining_ = 0;
  body_ = {};
  head_.clear();
  error_ = {};
  scanner_.reset();
  chunks_.reset();
}

void ResponseParser::release() {
  begin({});
  head_.headers.release();
  scanner_.release();
  chunks_.release();
}

ParseEvent ResponseParser::fail(Verdict verdict) {
  state_ = State::failed;
  error_ = {502, verdict.reason};
  return ParseEvent::error;
}

ParseEvent ResponseParser::next(std::string_view bytes, std::size_t& consumed) {
  consumed = 0;
  body_ = {};
  switch (state_) {
    case State::head:
      return next_head(bytes, consumed);
    case State::counted:
      return next_counted(bytes, consumed);
    case State::chunked:
      return next_chunked(bytes, consumed);
    case State::until_close:
      body_ = bytes;
      consumed = bytes.size();
      return bytes.empty() ? ParseEvent::need_more : ParseEvent::body;
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

ParseEvent ResponseParser::next_head(std::string_view bytes, std::size_t& consumed) {
  if (head_.is_interim) {
    head_.clear();
    scanner_.reset();
  }
  const HeadScanner::Step step = scanner_.scan(bytes, consumed);
  if (step == HeadScanner::Step::need_more) return ParseEvent::need_more;
  if (step == HeadScanner::Step::error) return fail(scanner_.error());
  const Verdict verdict = finish_head();
  return verdict.ok() ? ParseEvent::head : fail(verdict);
}

Verdict ResponseParser::finish_head() {
  const StatusLine line = scanner_.status_line();
  head_.status = line.status;
  head_.minor = line.minor;
  head_.reason = line.reason;
  for (std::size_t i = 1; i < scanner_.line_count(); ++i) {
    Header field;
    const Verdict verdict = parse_field_line(scanner_.line(i), limits_, field);
    if (!verdict.ok()) return verdict;
    head_.headers.add(field);
  }
  const Verdict verdict = validate_response(head_, context_);
  if (!verdict.ok()) return verdict;
  if (!llhttp_.agrees_on_response(scanner_.text(), head_)) return {502, "refused by the second parser"};
  if (head_.is_interim) {
    if (++interim_seen_ > limits_.interim_responses) return {502, "too many interim responses"};
    return {};  // the state stays: another head follows
  }
  remaining_ = head_.framing == Framing::content_length ? head_.content_length : 0;
  switch (head_.framing) {
    case Framing::chunked:
      state_ = State::chunked;
      break;
    case Framing::until_close:
      state_ = State::until_close;
      break;
    default:
      state_ = remaining_ > 0 ? State::counted : State::ending;
      break;
  }
  return {};
}

ParseEvent ResponseParser::next_counted(std::string_view bytes, std::size_t& consumed) {
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

ParseEvent ResponseParser::next_chunked(std::string_view bytes, std::size_t& consumed) {
  ChunkGuard::Step step = ChunkGuard::Step::part;
  while (step == ChunkGuard::Step::part) {
    const std::string_view offered = bytes.substr(consumed);
    std::size_t used = 0;
    step = chunks_.advance(offered, used);
    if (step == ChunkGuard::Step::error) return fail(chunks_.error());
    consumed += used;
    const std::string_view shown = chunks_.to_check(offered.substr(0, used), step);
    if (!shown.empty() && !llhttp_.agrees_on_chunks(shown, chunks_.data().size(), step == ChunkGuard::Step::end)) {
      return fail({502, "chunked body refused by the second parser"});
    }
  }
  const std::string_view data = chunks_.data();
  if (step == ChunkGuard::Step::end) {
    state_ = State::done;
    return ParseEvent::message_end;
  }
  body_ = data;
  return data.empty() ? ParseEvent::need_more : ParseEvent::body;
}

ParseEvent ResponseParser::finish() {
  body_ = {};
  switch (state_) {
    case State::until_close:
    case State::ending:
      state_ = State::done;
      return ParseEvent::message_end;
    case State::counted:
      if (remaining_ != 0) return fail({502, "upstream closed inside the body"});
      state_ = State::done;
      return ParseEvent::message_end;
    case State::done:
      return ParseEvent::message_end;
    case State::head:
      return fail({502, idle() ? "upstream closed before answering" : "upstream closed inside the head"});
    case State::chunked:
      return fail({502, "upstream closed inside the body"});
    case State::failed:
      break;
  }
  return ParseEvent::error;
}

void ResponseParser::skip_body(std::uint64_t n) {
  if (state_ == State::until_close) return;
  HEARTH_CHECK(state_ == State::counted && n <= remaining_);
  remaining_ -= n;
}

}  // namespace hearth::http
