#include "frames/frame_reader.h"

#include <fmt/format.h>
#include <zstd.h>

#include "base/check.h"
#include "frames/frame_writer.h"

namespace hearth::frames {
namespace {

constexpr std::size_t kOutput = 1u << 20;

tl::unexpected<Error> corrupt(std::string_view what) {
  return fail(ErrorCode::corrupt, ErrorSource::storage, fmt::format("the archive is damaged: {}", what));
}

}  // namespace

void FrameReader::Free::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

FrameReader::FrameReader(Input input, std::uint64_t limit)
    : input_(std::move(input)), limit_(limit), context_(ZSTD_createDCtx()), out_(kOutput, '\0') {
  HEARTH_CHECK(context_ != nullptr);
  ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLog);
}

FrameReader::~FrameReader() = default;

Result<std::string_view> FrameReader::next() {
  ZSTD_outBuffer out{out_.data(), out_.size(), 0};
  while (out.pos < out.size) {
    if (in_.empty() && !ended_) {
      auto bytes = input_();
      if (!bytes) return bytes;
      in_ = *bytes;
      ended_ = in_.empty();
    }
    if (ended_ && !inside_) break;
    ZSTD_inBuffer in{in_.data(), in_.size(), 0};
    const std::size_t before = out.pos;
    const std::size_t left = ZSTD_decompressStream(context_.get(), &out, &in);
    if (ZSTD_isError(left)) return corrupt(ZSTD_getErrorName(left));
    in_.remove_prefix(in.pos);
    inside_ = left != 0;
    if (ended_ && in.pos == 0 && out.pos == before) return corrupt("it is cut");
  }
  content_ += out.pos;
  if (content_ > limit_) return corrupt("it holds more than was put into it");
  return std::string_view(out_.data(), out.pos);
}

}  // namespace hearth::frames
