// An archive nobody vouches for, as tar and as zstd frames: any bytes end in entries or an error, within bounded
// memory.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "frames/frame_reader.h"
#include "frames/frame_writer.h"
#include "tar/tar_reader.h"

namespace {

constexpr std::uint64_t kLimit = 8u << 20;

void read_tar(hearth::tar::TarReader::Input input) {
  hearth::tar::TarReader reader(std::move(input));
  hearth::tar::Item item;
  std::uint64_t bytes = 0;
  while (true) {
    auto more = reader.next(item);
    if (!more || !*more) return;
    (void)hearth::tar::path_is_safe(item.path);
    while (true) {
      auto block = reader.block();
      if (!block) return;
      if (!*block) break;
      bytes += (*block)->bytes.size();
      if (bytes > kLimit) return;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)hearth::frames::decode_seek_table(bytes);
  for (const bool compressed : {false, true}) {
    std::size_t at = 0;
    const auto source = [&]() -> hearth::Result<std::string_view> {
      const std::string_view piece = bytes.substr(at, 1000);
      at += piece.size();
      return piece;
    };
    if (!compressed) {
      read_tar(source);
    } else {
      hearth::frames::FrameReader frames(source, kLimit);
      read_tar([&] { return frames.next(); });
    }
  }
  return 0;
}
