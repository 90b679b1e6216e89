#include "meta.h"

#include <gtest/gtest.h>

namespace hearth::storage_job {
namespace {

Meta example() {
  Meta meta;
  meta.digest = "sha256:" + std::string(64, 'a');
  meta.size = 12;
  meta.entries = 3;
  meta.uncompressed = 4096;
  meta.created = "2026-01-02T03:04:05Z";
  meta.tool = "storage-job 1";
  meta.tree = "sha256:x";
  meta.frames = 2;
  meta.skipped["socket"] = 1;
  meta.skipped_paths = {{"socket", "a b\n\xff"}};
  return meta;
}

TEST(Meta, RoundTrip) {
  const auto meta = parse_meta(format_meta(example()));
  ASSERT_TRUE(meta);
  EXPECT_EQ(format_meta(*meta), format_meta(example()));
  EXPECT_EQ(meta->skipped_paths[0].second, "a b\n\xff");
}

TEST(Meta, FirstLineIsTheDigest) { EXPECT_EQ(format_meta(example()).substr(0, 72), example().digest + "\n"); }

TEST(Meta, RefusesWhatIsNotExactlyTheForm) {
  const std::string good = format_meta(example());
  std::string crlf = good;
  crlf.insert(crlf.find('\n'), "\r");
  const std::string digest = good.substr(0, 72);
  for (const std::string& bad :
       {std::string(), std::string("\n"), crlf, good.substr(0, good.size() - 1), digest, digest.substr(1),
        digest + "size: 1\nentries: 2\n", digest + "size: 1x\nentries: 2\nuncompressed: 3\n",
        digest + "size: -1\nentries: 2\nuncompressed: 3\n", digest + "size: 1\nsize: 1\nentries: 2\nuncompressed: 3\n",
        digest + "size: 99999999999999999999\nentries: 2\nuncompressed: 3\n", digest + "nonsense\n",
        "sha256:" + std::string(64, 'G') + "\nsize: 1\nentries: 2\nuncompressed: 3\n",
        good + std::string(kMetaLimit, 'x') + "\n"}) {
    const auto meta = parse_meta(bad);
    ASSERT_FALSE(meta) << bad.substr(0, 200);
    EXPECT_EQ(meta.error().code, ErrorCode::corrupt);
  }
}

TEST(Meta, UnknownKeysArePassedOver) { EXPECT_TRUE(parse_meta(format_meta(example()) + "future: 1\n")); }

TEST(Marker, RoundTrip) {
  const auto marker = parse_marker(format_marker({"op", "k\"ey", "t", "tree"}));
  ASSERT_TRUE(marker);
  EXPECT_EQ(marker->restore_op_id, "op");
  EXPECT_EQ(marker->archive_key, "k\"ey");
  EXPECT_EQ(marker->tree, "tree");
  EXPECT_FALSE(parse_marker("not json"));
  EXPECT_TRUE(parse_marker("{\"restore_op_id\": 5}")->restore_op_id.empty());
}

}  // namespace
}  // namespace hearth::storage_job
