// FrameWriter: compresses a stream into independent zstd frames and ends it with the seek table of the seekable format
// (a skippable frame that every decoder passes over). A frame can be read without those before it. One thread, and
// zstd's own workers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct ZSTD_CCtx_s;

namespace hearth::frames {

struct FrameOptions {
  int level = 3;
  unsigned threads = 0;                     // 0: as many as there are processors, at most kMaxThreads
  std::uint64_t expected_size = 0;          // of the whole stream, 0 unknown: a small stream gets a small window
  std::uint64_t frame_size = 128ull << 20;  // a frame ends at the first border after so many bytes
};

inline constexpr unsigned kMaxThreads = 8;              // each costs memory
inline constexpr int kWindowLog = 27;                   // what every decoder accepts without being asked to
inline constexpr std::uint64_t kMaxFrame = 1ull << 30;  // a frame ends here, border or not

struct Frame {
  std::uint32_t compressed = 0;
  std::uint32_t content = 0;
};

class FrameWriter {
 public:
  using Output = std::function<Result<void>(std::string_view)>;
  FrameWriter(const FrameOptions& options, Output output);
  ~FrameWriter();

  Result<void> write(std::string_view bytes);
  Result<void> border();  // here a frame may end
  Result<void> finish();
  std::uint64_t written() const { return written_; }  // compressed bytes given to the output
  const std::vector<Frame>& frames() const { return frames_; }

 private:
  Result<void> feed(std::string_view bytes, bool end);
  Result<void> end_frame();

  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  const FrameOptions options_;
  Output output_;
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
  std::string pending_, out_;
  std::uint64_t frame_content_ = 0, frame_compressed_ = 0, written_ = 0;
  std::vector<Frame> frames_;
};

// The seek table as bytes, and back. `tail` is the end of an object, with the whole table in it.
std::string encode_seek_table(const std::vector<Frame>& frames);
std::size_t seek_table_size(std::string_view last_nine_bytes);  // 0: there is none
Result<std::vector<Frame>> decode_seek_table(std::string_view tail);

}  // namespace hearth::frames
