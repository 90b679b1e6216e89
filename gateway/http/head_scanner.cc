#include "http/head_scanner.h"

#include "http/chars.h"

namespace hearth::http {

namespace {
// A head kept from an earlier message; more is given back at reset().
constexpr std::size_t kKeptCapacity = 16 * 1024;
// While a head arrives in pieces, no more than this is copied at once: what follows the head must stay out.
constexpr std::size_t kCopySlice = 4 * 1024;
}  // namespace

HeadScanner::Step HeadScanner::fail(Verdict verdict) {
  error_ = verdict;
  return Step::error;
}

HeadScanner::Step HeadScanner::scan(std::string_view bytes, std::size_t& consumed) {
  consumed = 0;
  if (!error_.ok()) return Step::error;
  // RFC 9112 2.2: at least one empty line before a request line is ignored; we ignore exactly one.
  while (kind_ == Kind::request && lead_ != Lead::done && !bytes.empty()) {
    if (bytes.front() != (lead_ == Lead::none ? '\r' : '\n')) {
      if (lead_ == Lead::cr) return fail({400, "bare CR before the request line"});
      lead_ = Lead::done;
      break;
    }
    lead_ = lead_ == Lead::none ? Lead::cr : Lead::done;
    bytes.remove_prefix(1);
    ++consumed;
  }
  while (!bytes.empty()) {
    // The usual case is a whole head in one read: scanned where it lies, then copied once.
    const bool in_place = head_.empty();
    const std::size_t had = head_.size();
    if (!in_place) head_.append(bytes.substr(0, kCopySlice));
    const std::string_view data = in_place ? bytes : std::string_view(head_);
    const Step step = advance(data);
    if (step == Step::error) return step;
    const std::size_t used = (step == Step::end ? scanned_ : data.size()) - had;
    if (in_place) {
      head_.assign(bytes.substr(0, used));
    } else {
      head_.resize(had + used);
    }
    consumed += used;
    bytes.remove_prefix(used);
    if (step == Step::end) return step;
  }
  return Step::need_more;
}

HeadScanner::Step HeadScanner::advance(std::string_view data) {
  while (scanned_ < data.size()) {
    if (scanned_ == line_start_ && (data[scanned_] == ' ' || data[scanned_] == '\t')) {
      return fail({400, in_start_line() ? "space before the start line" : "folded or indented field line"});
    }
    const std::size_t at = find_control(data, scanned_);
    // Length before content, so that a cut inside a line too long cannot change the verdict.
    if (at - line_start_ > line_limit() || at > limits_.head_bytes) return fail(too_long());
    scanned_ = at;
    if (at == data.size()) return Step::need_more;
    if (data[at] == '\n') return fail({400, "bare LF"});
    if (data[at] != '\r') return fail({400, "control character in head"});
    if (at + 1 == data.size()) return Step::need_more;
    if (data[at + 1] != '\n') return fail({400, "bare CR"});
    if (at + 2 > limits_.head_bytes) return fail(too_long());
    const Step step = end_line(data, at);
    if (step != Step::need_more) return step;
  }
  return Step::need_more;
}

HeadScanner::Step HeadScanner::end_line(std::string_view data, std::size_t end) {
  const std::string_view line = data.substr(line_start_, end - line_start_);
  scanned_ = end + 2;
  if (line.empty()) return in_start_line() ? fail({400, "empty start line"}) : Step::end;
  if (in_start_line()) {
    const Verdict verdict = judge_start_line(line);
    if (!verdict.ok()) return fail(verdict);
  }
  line_ends_.push_back(static_cast<std::uint32_t>(end));
  line_start_ = scanned_;
  const std::size_t fields = line_ends_.size() - (kind_ == Kind::trailers ? 0 : 1);
  if (fields > (kind_ == Kind::trailers ? limits_.trailer_fields : limits_.fields))
    return fail({431, "too many fields"});
  return Step::need_more;
}

Verdict HeadScanner::judge_start_line(std::string_view line) {
  return kind_ == Kind::request ? parse_request_line(line, request_line_) : parse_status_line(line, status_line_);
}

std::size_t HeadScanner::line_limit() const {
  return in_start_line() ? limits_.start_line_bytes : limits_.field_line_bytes;
}

Verdict HeadScanner::too_long() const {
  return in_start_line() ? Verdict{414, "start line too long"} : Verdict{431, "header too large"};
}

std::string_view HeadScanner::line(std::size_t i) const {
  const std::size_t start = i == 0 ? 0 : line_ends_[i - 1] + 2;
  return std::string_view(head_).substr(start, line_ends_[i] - start);
}

RequestLine HeadScanner::request_line() const {
  RequestLine moved = request_line_;
  const std::string_view text = line(0);
  moved.method_text = text.substr(0, request_line_.method_text.size());
  moved.target = text.substr(moved.method_text.size() + 1, request_line_.target.size());
  return moved;
}

StatusLine HeadScanner::status_line() const {
  StatusLine moved = status_line_;
  const std::string_view text = line(0);
  moved.reason = text.substr(text.size() - status_line_.reason.size());
  return moved;
}

void HeadScanner::reset() {
  if (head_.capacity() > kKeptCapacity) std::string().swap(head_);
  head_.clear();
  line_ends_.clear();
  lead_ = Lead::none;
  scanned_ = line_start_ = 0;
  request_line_ = {};
  status_line_ = {};
  error_ = {};
}

void HeadScanner::release() {
  std::string().swap(head_);
  std::vector<std::uint32_t>().swap(line_ends_);
  reset();
}

}  // namespace hearth::http
