// Archives written to do harm: refused with the right code, nothing outside the staging folder touched, the volume as
// it was. Their digests are right, so that nothing but the extraction stands in their way.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "frames/frame_writer.h"
#include "job_process.h"
#include "meta.h"
#include "object_store/digest.h"

namespace hearth::test {
namespace {

// A header with its sum made right; what follows it stays.
std::string with_sum(std::string head) {
  std::string("        ").copy(&head[148], 8);
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(head[i]);
  fmt::format("{:06o}", sum).copy(&head[148], 6);
  head[154] = '\0';
  return head;
}

// One ustar header and its data, by hand.
std::string member(const std::string& path, char type, const std::string& content = "", const std::string& link = "") {
  std::string head(512, '\0');
  path.copy(head.data(), 100);
  fmt::format("{:07o}", 0644).copy(&head[100], 7);
  fmt::format("{:07o}", 0).copy(&head[108], 7);
  fmt::format("{:07o}", 0).copy(&head[116], 7);
  fmt::format("{:011o}", content.size()).copy(&head[124], 11);
  fmt::format("{:011o}", 0).copy(&head[136], 11);
  head[156] = type;
  link.copy(&head[157], 100);
  std::string("ustar\00000", 8).copy(&head[257], 8);
  if (type == '3' || type == '4') {
    fmt::format("{:07o}", 1).copy(&head[329], 7);
    fmt::format("{:07o}", 3).copy(&head[337], 7);
  }
  std::string data = content;
  data.resize((content.size() + 511) / 512 * 512, '\0');
  return with_sum(head) + data;
}

std::string record(const std::string& key, const std::string& value) {
  const std::string text = " " + key + "=" + value + "\n";
  std::size_t size = text.size() + 1;
  while (std::to_string(size).size() + text.size() != size) size = std::to_string(size).size() + text.size();
  return std::to_string(size) + text;
}

std::string pax(const std::string& key, const std::string& value) {
  return member("PaxHeader", 'x', record(key, value));
}
std::string global_pax(const std::string& key, const std::string& value) {
  return member("PaxHeader", 'g', record(key, value));
}

const std::string kEnd(1024, '\0');

class Hostile : public testing::Test {
 protected:
  Hostile() {
    make_plain_tree(scratch_ / "volume", 0, 1);
    fs::create_directory(scratch_ / "outside");
    std::ofstream(scratch_ / "outside/secret") << "secret";
    outside_ = (scratch_ / "outside").string();
    before_ = describe(scratch_ / "volume");
  }

  // Packs `tar` with a .meta that tells the truth about it, but for what is given, and restores it.
  JobResult restore(const std::string& tar, std::uint64_t entries, std::uint64_t content = 0,
                    std::vector<std::string> more = {}) {
    std::string bytes;
    frames::FrameWriter writer({.threads = 1, .expected_size = 1 << 20}, [&](std::string_view piece) {
      bytes += piece;
      return Result<void>();
    });
    EXPECT_TRUE(writer.write(tar) && writer.finish());
    return restore_object(bytes, entries, content != 0 ? content : tar.size(), std::move(more));
  }

  JobResult restore_object(const std::string& bytes, std::uint64_t entries, std::uint64_t content,
                           std::vector<std::string> more = {}) {
    storage_job::Meta meta;
    meta.digest = "sha256:" + object_store::sha256_hex(bytes);
    meta.size = bytes.size();
    meta.entries = entries;
    meta.uncompressed = content;
    std::ofstream(scratch_ / "a", std::ios::binary) << bytes;
    std::ofstream(scratch_ / "a.meta", std::ios::binary) << storage_job::format_meta(meta);
    more.insert(more.begin(), {"restore", "--url", "file://" + (scratch_ / "a").string(), "--data-dir",
                               (scratch_ / "volume").string()});
    return run_job(more);
  }

  void expect(int exit, const std::string& tar, std::uint64_t entries, const char* what) {
    const auto result = restore(tar, entries);
    EXPECT_EQ(result.exit, exit) << what << "\n" << result.out;
    EXPECT_EQ(describe(scratch_ / "volume"), before_) << what;
    std::string secret;
    std::ifstream(scratch_ / "outside/secret") >> secret;
    EXPECT_EQ(secret, "secret") << what;
    EXPECT_EQ(std::distance(fs::directory_iterator(scratch_ / "outside"), fs::directory_iterator()), 1) << what;
  }

  std::string content(const std::string& name) const {
    std::ifstream file(scratch_ / ("volume/" + name), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  Scratch scratch_;
  std::string outside_, before_;
};

TEST_F(Hostile, PathsOutOfTheTree) {
  expect(15, member(outside_ + "/x", '0', "bad") + kEnd, 1, "absolute");
  expect(15, member("../outside/x", '0', "bad") + kEnd, 1, "dot dot");
  expect(15, member("a", '5') + member("a/../../../outside/x", '0', "bad") + kEnd, 2, "dot dot inside");
  expect(15, member("a/..", '5') + kEnd, 1, "ends in dot dot");
  expect(15, pax("path", "../../outside/x") + member("innocent", '0', "bad") + kEnd, 1, "pax path");
  expect(15, pax("path", outside_ + "/x") + member("innocent", '0', "bad") + kEnd, 1, "pax absolute path");
  expect(15, member(".hearth-restore/state", '0', "bad") + kEnd, 1, "our own folder");
  expect(15, pax("path", std::string(300, 'n')) + member("innocent", '0', "bad") + kEnd, 1, "a name over 255 bytes");
}

TEST_F(Hostile, WritingThroughALink) {
  const std::string to_outside = member("link", '2', "", outside_);
  expect(15, to_outside + member("link/secret", '0', "bad") + kEnd, 2, "absolute link");
  expect(15, member("link", '2', "", "../../../outside") + member("link/secret", '0', "bad") + kEnd, 2,
         "relative link");
  expect(15, member("l1", '2', "", "l2") + member("l2", '2', "", outside_) + member("l1/secret", '0', "bad") + kEnd, 3,
         "chain");
  expect(15, to_outside + member("link/", '5') + member("link/x", '0', "bad") + kEnd, 3, "a folder over a link");
  expect(15, pax("linkpath", outside_) + member("link", '2', "", "innocent") + member("link/x", '0', "bad") + kEnd, 2,
         "pax linkpath");
  expect(15, member("d", '5') + member("d/f", '0', "x") + member("d", '2', "", outside_) + kEnd, 3,
         "a link over a folder");
}

TEST_F(Hostile, AFileReplacesALinkWithoutFollowingIt) {
  const auto result = restore(member("link", '2', "", outside_ + "/secret") + member("link", '0', "mine") + kEnd, 2);
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(scratch_ / "volume/link")));
  std::string secret;
  std::ifstream(scratch_ / "outside/secret") >> secret;
  EXPECT_EQ(secret, "secret");
}

TEST_F(Hostile, HardLinksOutOfTheTree) {
  expect(15, member("h", '1', "", outside_ + "/secret") + kEnd, 1, "absolute");
  expect(15, member("h", '1', "", "../../../outside/secret") + kEnd, 1, "dot dot");
  expect(15, member("link", '2', "", outside_) + member("h", '1', "", "link/secret") + kEnd, 2, "through a link");
  expect(15, member("h", '1', "", "hard") + kEnd, 1, "to what the volume held");
  expect(15, member("d", '5') + member("h", '1', "", "d") + kEnd, 2, "to a folder");
}

TEST_F(Hostile, DevicesAndFifos) {
  expect(15, member("c", '3') + kEnd, 1, "character device");
  expect(15, member("b", '4') + kEnd, 1, "block device");
  expect(15, member("f", '6') + kEnd, 1, "fifo");
}

TEST_F(Hostile, StreamsThatAreNotWhole) {
  const std::string good = member("a", '0', "hello");
  expect(13, good, 1, "no end");
  expect(13, good + std::string(512, '\0'), 1, "half an end");
  expect(13, good.substr(0, 700), 1, "cut data");
  expect(13, good + kEnd + "garbage" + std::string(505, '\0'), 1, "garbage after the end");
  expect(13, good + kEnd + good + kEnd, 1, "two archives");
  expect(13, std::string(512, 'x') + kEnd, 1, "no tar");
  expect(13, good + kEnd, 2, "fewer entries than .meta says");
  expect(15, good + member("b", '0') + kEnd, 1, "more entries than .meta says");
  std::string bad_sum = good + kEnd;
  bad_sum[3] = 'x';
  expect(13, bad_sum, 1, "header sum");
}

TEST_F(Hostile, NamesThatAreNone) {
  expect(13, pax("path", std::string("a\0/../../outside/x", 19)) + member("innocent", '0', "bad") + kEnd, 1, "NUL");
  const auto empty = restore(member("", '0', "bad") + kEnd, 1);
  EXPECT_NE(empty.exit, 0);
  expect(13, member("Z", 'Z', "unknown type") + kEnd, 1, "unknown type");
  expect(13, global_pax("path", "../../outside/x") + member("innocent", '0', "bad") + kEnd, 1, "global pax path");
}

TEST_F(Hostile, WhatComesTwice) {
  expect(15, member("x", '5') + member("x", '0', "file") + kEnd, 2, "a file over a folder");
  expect(15, member("x", '0', "file") + member("x", '5') + kEnd, 2, "a folder over a file");
  const auto result =
      restore(member("x", '0', "first") + member("X", '0', "twin") + member("x", '0', "last") + kEnd, 3);
  ASSERT_EQ(result.exit, 0) << result.out;
  EXPECT_EQ(content("x"), "last");
  EXPECT_EQ(content("X"), "twin");
}

// Numbers that promise more than there is, or less than nothing: refused, and never believed by an allocation.
TEST_F(Hostile, SizesThatLie) {
  const auto sized = [](const std::string& field, char type = '0') {
    std::string head = member("a", type, "hello");
    head.replace(124, 12, field);
    return with_sum(head) + kEnd;
  };
  using Bytes = std::string;
  const std::pair<const char*, std::string> lies[] = {
      {"text", sized("not a number")},
      {"negative", sized(Bytes("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xf0", 12))},
      {"8 EiB", sized(Bytes("\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12))},
      {"more than is there", sized("00000100000\0")},
      {"a long name of 1 GiB", sized("10000000000\0", 'L')},
      {"a pax header of 1 GiB", sized("10000000000\0", 'x')},
      {"pax: a length that lies", member("PaxHeader", 'x', "99 path=x\n") + member("a", '0', "x") + kEnd},
      {"pax: no length", member("PaxHeader", 'x', "path=x\n") + member("a", '0', "x") + kEnd},
      {"pax: a length of 0", member("PaxHeader", 'x', "0 path=x\n") + member("a", '0', "x") + kEnd},
      {"pax: 3 MB", pax("comment", Bytes(3u << 20, 'c')) + pax("path", Bytes(3u << 20, 'p')) + member("a", '0') + kEnd},
      {"pax: another size", pax("size", "1000000") + member("a", '0', "hello") + kEnd},
      {"pax: a negative size", pax("size", "-1") + member("a", '0', "hello") + kEnd},
  };
  for (const auto& [what, tar] : lies) {
    const auto result = restore(tar, 1);
    EXPECT_TRUE(result.exit == 13 || result.exit == 15) << what << result.exit << result.out;
    EXPECT_LT(result.peak_kib, kMostMemoryKib) << what;
    EXPECT_EQ(describe(scratch_ / "volume"), before_) << what;
  }
  expect(13, "", 0, "no tar at all");
  expect(13, "x", 1, "one byte");
}

TEST_F(Hostile, SparseMapsThatLie) {
  const auto sparse = [](const std::string& size, const std::string& map) {
    std::string data = map;
    data.resize(512, '\0');
    const std::string header = record("GNU.sparse.major", "1") + record("GNU.sparse.minor", "0") +
                               record("GNU.sparse.name", "s") + record("GNU.sparse.realsize", size);
    return member("PaxHeader", 'x', header) + member("s", '0', data + "data") + kEnd;
  };
  const std::pair<std::string, std::string> lies[] = {{"9223372036854775807", "1\n0\n4\n"},
                                                      {"9223372036854775807", "1\n9223372036854775000\n4\n"},
                                                      {"100", "1\n5000\n4\n"},
                                                      {"100", "1\n0\n4000\n"},
                                                      {"100", "1\n-5\n4\n"},
                                                      {"100", "99999999\n0\n4\n"},
                                                      {"100", "no map"}};
  for (const auto& [size, map] : lies) {
    const auto result = restore(sparse(size, map), 1);
    EXPECT_TRUE(result.exit == 13 || result.exit == 15) << size << " " << map << result.exit << result.out;
    EXPECT_LT(result.peak_kib, kMostMemoryKib);
    EXPECT_EQ(describe(scratch_ / "volume"), before_);
  }
}

TEST_F(Hostile, Bombs) {
  const std::string zeros(64u << 20, '\0');
  const auto more = restore(member("zeros", '0', zeros) + kEnd, 1, 1u << 20);
  EXPECT_EQ(more.exit, 13) << "more content than .meta says";
  const auto limited = restore(member("zeros", '0', zeros) + kEnd, 1, 0, {"--max-bytes", "1000000"});
  EXPECT_EQ(limited.exit, 15) << limited.out;
  const auto vast = restore(member("a", '0', "x") + kEnd, 1, 1ull << 60);
  EXPECT_EQ(vast.exit, 14) << "no volume has room for what .meta says";
  EXPECT_EQ(restore_object("not zstd", 1, 10).exit, 13);
  EXPECT_EQ(restore_object("", 1, 10).exit, 13);
  EXPECT_EQ(describe(scratch_ / "volume"), before_);
}

}  // namespace
}  // namespace hearth::test
