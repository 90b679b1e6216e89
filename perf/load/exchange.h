// What the load generator sends and how it knows that the answer is whole. No I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace perf {

inline constexpr std::string_view kHeadEnd = "\r\n\r\n";

// One answer: an HTTP response (with Content-Length, chunked or only a head), or a number of bytes.
class Answer {
 public:
  void expect_response(int status, bool head_only);
  void expect_bytes(std::uint64_t count);

  // False: this is not what was expected.
  bool feed(std::string_view bytes);
  void skip(std::uint64_t count) { left_ -= count; }  // of a body, at most left()

  [[nodiscard]] bool whole() const { return part_ == Part::kDone; }
  // How much of the body may be thrown away unseen.
  [[nodiscard]] std::uint64_t left() const { return part_ == Part::kBody ? left_ : 0; }

 private:
  enum class Part { kHead, kBody, kChunkSize, kChunk, kDone };

  bool read_head();
  bool read_chunks(std::string_view bytes);

  Part part_ = Part::kDone;
  int status_ = 0;
  bool head_only_ = false;
  std::uint64_t left_ = 0;
  std::string text_;  // the head, or a chunk-size line
};

// Latencies in steps of 1/64 of a power of two.
class Histogram {
 public:
  void add(std::int64_t ns);
  void clear() { *this = Histogram(); }
  [[nodiscard]] double quantile_us(double q) const;

 private:
  static constexpr std::size_t kSteps = 64;
  std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(kSteps * 48);
  std::uint64_t total_ = 0;
};

// A masked binary frame (RFC 6455, section 5.2) with the mask 0.
std::string websocket_frame(std::size_t payload);

}  // namespace perf
