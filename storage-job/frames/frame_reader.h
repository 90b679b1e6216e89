// FrameReader: decompresses a stream of zstd frames that nobody vouches for. One thread.
//
// Windows over 128 MiB, anything between or after frames that is none, a cut frame, and more than `limit` bytes of
// content are `corrupt`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct ZSTD_DCtx_s;

namespace hearth::frames {

class FrameReader {
 public:
  using Input = std::function<Result<std::string_view>()>;  // the next bytes, empty at the end
  FrameReader(Input input, std::uint64_t limit);
  ~FrameReader();

  Result<std::string_view> next();  // valid until the next call; empty at the end
  std::uint64_t content() const { return content_; }

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  Input input_;
  const std::uint64_t limit_;
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
  std::string out_;
  std::string_view in_;
  bool inside_ = true;  // of a frame; an empty stream is none, so it begins inside
  bool ended_ = false;
  std::uint64_t content_ = 0;
};

}  // namespace hearth::frames
