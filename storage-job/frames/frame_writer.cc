#include "frames/frame_writer.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <bit>
#include <thread>

#include "base/check.h"

namespace hearth::frames {
namespace {

constexpr std::size_t kGather = 512u << 10;
constexpr std::uint32_t kSkippableMagic = 0x184D2A5E;
constexpr std::uint32_t kSeekableMagic = 0x8F92EAB1;
constexpr std::size_t kFooter = 9;
constexpr std::uint32_t kMaxFrames = 0x8000000;  // the format's own limit

void put32(std::string& out, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

std::uint32_t get32(std::string_view in, std::size_t at) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < 4; ++i)
    out |= static_cast<std::uint32_t>(static_cast<unsigned char>(in[at + i])) << (8 * i);
  return out;
}

int window_log(std::uint64_t expected) {
  if (expected == 0) return kWindowLog;
  return std::clamp(static_cast<int>(std::bit_width(expected)), 20, kWindowLog);
}

}  // namespace

void FrameWriter::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }

FrameWriter::FrameWriter(const FrameOptions& options, Output output)
    : options_(options),
      output_(std::move(output)),
      context_(ZSTD_createCCtx()),
      out_(ZSTD_CStreamOutSize() * 2, '\0') {
  HEARTH_CHECK(context_ != nullptr);
  const unsigned processors = std::max(1u, std::thread::hardware_concurrency());
  const unsigned threads = std::min(options.threads == 0 ? processors : options.threads, kMaxThreads);
  const auto set = [&](ZSTD_cParameter parameter, int value) {
    HEARTH_CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(context_.get(), parameter, value)));
  };
  set(ZSTD_c_compressionLevel, options.level);
  set(ZSTD_c_checksumFlag, 1);
  set(ZSTD_c_windowLog, window_log(options.expected_size));
  set(ZSTD_c_enableLongDistanceMatching, 1);
  // A library built without threads refuses this; it then works in ours.
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_nbWorkers, static_cast<int>(threads));
  pending_.reserve(kGather);
}

FrameWriter::~FrameWriter() = default;

Result<void> FrameWriter::feed(std::string_view bytes, bool end) {
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  std::size_t left = 0;
  do {
    ZSTD_outBuffer out{out_.data(), out_.size(), 0};
    left = ZSTD_compressStream2(context_.get(), &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(left))
      return fail(ErrorCode::internal, ErrorSource::us, fmt::format("compressing: {}", ZSTD_getErrorName(left)));
    if (out.pos > 0)
      if (auto done = output_({out_.data(), out.pos}); !done) return done;
    frame_compressed_ += out.pos;
    written_ += out.pos;
  } while (in.pos < in.size || (end && left > 0));
  frame_content_ += bytes.size();
  return {};
}

Result<void> FrameWriter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (pending_.empty() && bytes.size() >= kGather) {
      const std::string_view piece = bytes.substr(0, kGather);
      if (auto done = feed(piece, false); !done) return done;
      bytes.remove_prefix(piece.size());
    } else {
      const std::size_t take = std::min(bytes.size(), kGather - pending_.size());
      pending_.append(bytes.substr(0, take));
      bytes.remove_prefix(take);
      if (pending_.size() < kGather) continue;
      if (auto done = feed(pending_, false); !done) return done;
      pending_.clear();
    }
    if (frame_content_ >= kMaxFrame)
      if (auto done = end_frame(); !done) return done;
  }
  return {};
}

Result<void> FrameWriter::border() {
  if (frame_content_ + pending_.size() < options_.frame_size) return {};
  return end_frame();
}

Result<void> FrameWriter::end_frame() {
  if (auto done = feed(pending_, true); !done) return done;
  pending_.clear();
  frames_.push_back({static_cast<std::uint32_t>(frame_compressed_), static_cast<std::uint32_t>(frame_content_)});
  frame_compressed_ = frame_content_ = 0;
  return {};
}

Result<void> FrameWriter::finish() {
  if (frame_content_ + pending_.size() > 0 || frames_.empty())
    if (auto done = end_frame(); !done) return done;
  const std::string table = encode_seek_table(frames_);
  written_ += table.size();
  return output_(table);
}

std::string encode_seek_table(const std::vector<Frame>& frames) {
  std::string out;
  put32(out, kSkippableMagic);
  put32(out, static_cast<std::uint32_t>(frames.size() * 8 + kFooter));
  for (const Frame& frame : frames) {
    put32(out, frame.compressed);
    put32(out, frame.content);
  }
  put32(out, static_cast<std::uint32_t>(frames.size()));
  out.push_back('\0');  // descriptor: no checksums, the frames have their own
  put32(out, kSeekableMagic);
  return out;
}

std::size_t seek_table_size(std::string_view last) {
  if (last.size() < kFooter || get32(last, last.size() - 4) != kSeekableMagic) return 0;
  const std::uint32_t count = get32(last, last.size() - kFooter);
  const bool checksums = (static_cast<unsigned char>(last[last.size() - 5]) & 0x80) != 0;
  if (count > kMaxFrames) return 0;
  return 8 + std::size_t{count} * (checksums ? 12 : 8) + kFooter;
}

Result<std::vector<Frame>> decode_seek_table(std::string_view tail) {
  const std::size_t size = seek_table_size(tail);
  if (size == 0 || size > tail.size() || get32(tail, tail.size() - size) != kSkippableMagic ||
      get32(tail, tail.size() - size + 4) != size - 8)
    return fail(ErrorCode::corrupt, ErrorSource::storage, "the archive has no seek table");
  const std::string_view table = tail.substr(tail.size() - size);
  const std::uint32_t count = get32(table, size - kFooter);
  const std::size_t step = (size - 8 - kFooter) / std::max(1u, count);
  std::vector<Frame> out;
  for (std::uint32_t i = 0; i < count; ++i) out.push_back({get32(table, 8 + i * step), get32(table, 12 + i * step)});
  return out;
}

}  // namespace hearth::frames
