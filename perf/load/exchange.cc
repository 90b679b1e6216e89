#include "exchange.h"

#include <algorithm>
#include <bit>
#include <charconv>

#include "socket.h"

namespace perf {

void Answer::expect_response(int status, bool head_only) {
  part_ = Part::kHead;
  status_ = status;
  head_only_ = head_only;
  text_.clear();
}

void Answer::expect_bytes(std::uint64_t count) {
  part_ = Part::kBody;
  left_ = count;
}

bool Answer::feed(std::string_view bytes) {
  if (part_ == Part::kHead) {
    const std::size_t before = text_.size();
    text_.append(bytes);
    const std::size_t end = text_.find(kHeadEnd, before < 3 ? 0 : before - 3);
    if (end == std::string::npos) return true;
    bytes.remove_prefix(end + kHeadEnd.size() - before);
    text_.resize(end + kHeadEnd.size());
    if (!read_head()) return false;
    text_.clear();
  }
  if (part_ == Part::kBody) {
    if (bytes.size() > left_) return false;
    left_ -= bytes.size();
    if (left_ == 0) part_ = Part::kDone;
    return true;
  }
  if (part_ == Part::kChunkSize || part_ == Part::kChunk) return read_chunks(bytes);
  return bytes.empty() || head_only_;
}

bool Answer::read_head() {
  int status = 0;
  std::from_chars(text_.data() + std::min<std::size_t>(9, text_.size()), text_.data() + text_.size(), status);
  if (status != status_) return false;
  if (head_only_) {
    part_ = Part::kDone;
  } else if (const std::string_view length = header(text_, "content-length"); !length.empty()) {
    part_ = Part::kBody;
    left_ = 0;
    std::from_chars(length.data(), length.data() + length.size(), left_);
  } else {
    part_ = Part::kChunkSize;
    return header(text_, "transfer-encoding") == "chunked";
  }
  return true;
}

bool Answer::read_chunks(std::string_view bytes) {
  while (!bytes.empty()) {
    if (part_ == Part::kDone) return false;
    if (part_ == Part::kChunk) {
      const std::size_t part = std::min<std::uint64_t>(left_, bytes.size());
      bytes.remove_prefix(part);
      left_ -= part;
      if (left_ == 0) part_ = Part::kChunkSize;
      continue;
    }
    const std::size_t end = bytes.find('\n');
    text_.append(bytes.substr(0, end));
    if (end == std::string_view::npos) return true;
    bytes.remove_prefix(end + 1);
    const bool last = text_ == "0\r";
    const auto [at, error] = std::from_chars(text_.data(), text_.data() + text_.size(), left_, 16);
    if (error != std::errc() || *at != '\r') return false;
    text_.clear();
    left_ += 2;  // the line end behind the data
    // The last chunk has none, but the body has one: no origin here sends trailers.
    part_ = Part::kChunk;
    if (!last) continue;
    if (bytes.size() > left_) return false;
    left_ -= bytes.size();
    part_ = left_ == 0 ? Part::kDone : Part::kBody;
    return true;
  }
  return true;
}

void Histogram::add(std::int64_t ns) {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, kSteps));
  const auto power = static_cast<std::size_t>(std::bit_width(value)) - std::bit_width(kSteps);
  counts_[std::min(power * kSteps + (value >> power) - kSteps, counts_.size() - 1)]++;
  ++total_;
}

double Histogram::quantile_us(double q) const {
  const auto wanted = static_cast<std::uint64_t>(q * static_cast<double>(total_));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen > wanted || (seen == total_ && seen > 0)) {
      return static_cast<double>((kSteps + i % kSteps) << (i / kSteps)) / 1000.0;
    }
  }
  return 0;
}

std::string websocket_frame(std::size_t payload) {
  std::string frame = "\x82";
  const std::size_t bytes = payload < 126 ? 0 : payload < 65536 ? 2 : 8;
  frame.push_back(static_cast<char>(0x80U | (bytes == 0 ? payload : bytes == 2 ? 126 : 127)));
  for (std::size_t i = bytes; i-- > 0;) frame.push_back(static_cast<char>(payload >> (8 * i)));
  frame.append(4, '\0');
  return frame.append(payload, 'x');
}

}  // namespace perf
