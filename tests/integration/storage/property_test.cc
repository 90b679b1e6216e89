// Random trees through the archive's format and back, in one process: equal in every attribute.
//
// storage_property_test [--seeds N] [--from SEED]     a failure names its seed
#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "extract/extractor.h"
#include "frames/frame_reader.h"
#include "frames/frame_writer.h"
#include "job_process.h"
#include "random_tree.h"
#include "source_tree.h"
#include "tar/tar_reader.h"

namespace hearth::test {
namespace {

struct Range {
  unsigned from = 1, count = 200;
};
Range& seeds() {
  static Range range;
  return range;
}

struct Packed {
  std::string bytes;
  std::uint64_t content = 0, entries = 0;
};

Packed pack(const fs::path& root) {
  storage_job::Settings settings;
  settings.data_dir = root.string();
  storage_job::Report report(false);
  const std::atomic<bool> cancel{false};
  const storage_job::Job job{settings, report, cancel};
  Packed out;
  frames::FrameWriter frames({.threads = 1, .expected_size = 1 << 20, .frame_size = 100'000},
                             [&](std::string_view bytes) {
                               out.bytes += bytes;
                               return Result<void>();
                             });
  tar::TarWriter tar([&](std::string_view bytes) { return frames.write(bytes); });
  storage_job::SourceTree tree(job, tar, [&] { return frames.border(); });
  EXPECT_TRUE(tree.write() && tar.finish() && frames.finish());
  out.content = tar.written();
  out.entries = tree.entries();
  return out;
}

void unpack(const Packed& packed, const fs::path& root) {
  std::string_view left = packed.bytes;
  frames::FrameReader frames(
      [&]() -> Result<std::string_view> {
        const std::string_view piece = left.substr(0, 10'000);
        left.remove_prefix(piece.size());
        return piece;
      },
      packed.content);
  tar::TarReader tar([&] { return frames.next(); });
  const Fd folder(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  extract::Extractor extractor(folder.get(), {packed.entries, packed.content});
  tar::Item item;
  while (true) {
    const auto more = tar.next(item);
    ASSERT_TRUE(more) << more.error().message;
    if (!*more) break;
    const auto done = extractor.add(item, tar);
    ASSERT_TRUE(done) << done.error().message;
  }
  const auto finished = extractor.finish();
  ASSERT_TRUE(finished) << finished.error().message;
  EXPECT_EQ(extractor.entries(), packed.entries);
}

TEST(Property, ARandomTreeComesBackEqual) {
  for (unsigned seed = seeds().from; seed < seeds().from + seeds().count; ++seed) {
    SCOPED_TRACE("--from " + std::to_string(seed) + " --seeds 1");
    const Scratch scratch;
    make_random_tree(scratch / "in", seed);
    fs::create_directory(scratch / "out");
    const Packed packed = pack(scratch / "in");
    unpack(packed, scratch / "out");
    ASSERT_EQ(first_difference(describe(scratch / "out"), describe(scratch / "in")), "");
    ASSERT_EQ(pack(scratch / "out").content, packed.content);
  }
}

}  // namespace
}  // namespace hearth::test

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option(argv[i]);
    auto& range = hearth::test::seeds();
    (option == "--from" ? range.from : range.count) = static_cast<unsigned>(std::strtoul(argv[i + 1], nullptr, 10));
  }
  std::setlocale(LC_CTYPE, "C.UTF-8");  // as storage-job does
  return RUN_ALL_TESTS();
}
