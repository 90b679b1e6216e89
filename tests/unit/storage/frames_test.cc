#include <gtest/gtest.h>
#include <zstd.h>

#include "frames/frame_reader.h"
#include "frames/frame_writer.h"

namespace hearth::frames {
namespace {

struct Written {
  std::string bytes;
  std::vector<Frame> frames;
};

Written write(const std::vector<std::string>& pieces, std::uint64_t frame_size) {
  Written out;
  FrameWriter writer({.threads = 2, .expected_size = 1 << 20, .frame_size = frame_size}, [&](std::string_view bytes) {
    out.bytes += bytes;
    return Result<void>();
  });
  for (const std::string& piece : pieces) {
    EXPECT_TRUE(writer.border());
    EXPECT_TRUE(writer.write(piece));
  }
  EXPECT_TRUE(writer.finish());
  EXPECT_EQ(writer.written(), out.bytes.size());
  out.frames = writer.frames();
  return out;
}

// In steps of `step` bytes, to meet every boundary.
Result<std::string> read(const std::string& bytes, std::uint64_t limit, std::size_t step) {
  std::size_t at = 0;
  FrameReader reader(
      [&]() -> Result<std::string_view> {
        const std::string_view piece = std::string_view(bytes).substr(at, step);
        at += piece.size();
        return piece;
      },
      limit);
  std::string out;
  while (true) {
    auto piece = reader.next();
    if (!piece) return fail(piece.error());
    if (piece->empty()) return out;
    out += *piece;
  }
}

std::vector<std::string> pieces() {
  std::vector<std::string> out;
  for (int i = 0; i < 40; ++i) out.push_back(std::string(10'000, static_cast<char>('a' + i)));
  return out;
}

std::string joined() {
  std::string out;
  for (const auto& piece : pieces()) out += piece;
  return out;
}

TEST(Frames, EndAtBordersAndReadAlone) {
  const Written written = write(pieces(), 100'000);
  ASSERT_EQ(written.frames.size(), 4u);
  auto table = decode_seek_table(written.bytes);
  ASSERT_TRUE(table);
  ASSERT_EQ(table->size(), 4u);
  std::size_t offset = 0, content = 0;
  for (const Frame& frame : *table) {
    EXPECT_EQ(frame.content, 100'000u);
    auto alone = read(written.bytes.substr(offset, frame.compressed), frame.content, 1 << 20);
    ASSERT_TRUE(alone);
    EXPECT_EQ(*alone, joined().substr(content, frame.content));
    offset += frame.compressed;
    content += frame.content;
  }
  EXPECT_EQ(written.bytes.size() - offset, seek_table_size(written.bytes));
}

TEST(Frames, ReadWhole) {
  const Written written = write(pieces(), 100'000);
  for (std::size_t step : {1ul, 7ul, 1ul << 20})
    EXPECT_EQ(read(written.bytes, joined().size(), step).value(), joined());
}

TEST(Frames, AnEmptyStreamIsStillAFrame) {
  const Written written = write({}, 100);
  EXPECT_EQ(written.frames.size(), 1u);
  EXPECT_EQ(read(written.bytes, 0, 100).value(), "");
}

TEST(Frames, RefusesWhatIsNoWholeStream) {
  const Written written = write(pieces(), 100'000);
  const std::string& good = written.bytes;
  const std::size_t all = joined().size();
  for (const std::string& bad : {std::string(), std::string("x"), std::string("not zstd at all"), good.substr(0, 20),
                                 good.substr(0, good.size() - 1), good + "garbage", good + std::string(100, '\0')}) {
    auto result = read(bad, all, 1 << 20);
    ASSERT_FALSE(result) << bad.size();
    EXPECT_EQ(result.error().code, ErrorCode::corrupt);
  }
}

TEST(Frames, ABombEndsAtItsLimit) {
  const std::string bomb = write({std::string(64u << 20, '\0')}, 1ull << 30).bytes;
  EXPECT_LT(bomb.size(), 20'000u);
  auto result = read(bomb, 1u << 20, 1 << 20);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::corrupt);
}

TEST(Frames, RefusesAHugeWindow) {
  // Magic, no content size, window descriptor 0xa8: 2^(10+21) = 2 GiB.
  const std::string head("\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00", 9);
  EXPECT_FALSE(read(head, 1u << 30, 100));
}

TEST(SeekTable, LiesAreRefused) {
  std::string table = encode_seek_table({{1, 2}, {3, 4}});
  ASSERT_TRUE(decode_seek_table(table));
  EXPECT_FALSE(decode_seek_table(table.substr(1)));
  EXPECT_FALSE(decode_seek_table(""));
  table[table.size() - 9] = '\x7f';
  EXPECT_FALSE(decode_seek_table(table));
}

}  // namespace
}  // namespace hearth::frames
