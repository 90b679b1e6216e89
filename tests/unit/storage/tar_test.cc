#include <gtest/gtest.h>

#include <algorithm>

#include "tar/attributes.h"
#include "tar/tar_reader.h"
#include "tar/tar_writer.h"

namespace hearth::tar {
namespace {

struct Whole {
  std::vector<Item> items;
  std::vector<std::string> contents;
};

Result<Whole> read(const std::string& bytes) {
  std::size_t at = 0;
  TarReader reader([&]() -> Result<std::string_view> {
    const std::string_view piece = std::string_view(bytes).substr(at, 700);
    at += piece.size();
    return piece;
  });
  Whole out;
  Item item;
  while (true) {
    auto more = reader.next(item);
    if (!more) return fail(more.error());
    if (!*more) return out;
    std::string content;
    while (true) {
      auto block = reader.block();
      if (!block) return fail(block.error());
      if (!*block) break;
      content.resize((*block)->offset, '\0');
      content += (*block)->bytes;
    }
    out.items.push_back(item);
    out.contents.push_back(std::move(content));
  }
}

Item file(std::string path, std::uint64_t size) {
  Item item;
  item.path = std::move(path);
  item.mode = 0644;
  item.size = size;
  return item;
}

std::string write(const std::vector<std::pair<Item, std::string>>& entries) {
  std::string out;
  TarWriter writer([&](std::string_view bytes) {
    out += bytes;
    return Result<void>();
  });
  for (const auto& [item, content] : entries) {
    EXPECT_TRUE(writer.begin(item));
    EXPECT_TRUE(writer.data(content));
    EXPECT_TRUE(writer.end());
    EXPECT_EQ(out.size() % 512, 0u);
  }
  EXPECT_TRUE(writer.finish());
  return out;
}

TEST(Tar, ExtremesSurvive) {
  Item item = file(std::string(200, 'd') + "/-\xff\n\x1b " + std::string(250, 'n'), 3);
  item.mode = 06755;
  item.uid = 4'000'000'000;
  item.gid = 3'000'000'000;
  item.mtime = -1;
  item.mtime_nsec = 999'999'999;
  item.xattrs = {{"user.k=%3D v", std::string("a\0b=\n", 5)}};
  item.access_acl = {{0x01, 7, 0}, {0x02, 7, 1234}, {0x04, 4, 0}, {0x08, 5, 99}, {0x10, 7, 0}, {0x20, 0, 0}};
  Item late = file("late", 0);
  late.mtime = 9'000'000'000;
  const auto whole = read(write({{item, "abc"}, {late, ""}}));
  ASSERT_TRUE(whole) << whole.error().message;
  const Item& back = whole->items[0];
  EXPECT_EQ(back.path, item.path);
  EXPECT_EQ(back.uid, item.uid);
  EXPECT_EQ(back.gid, item.gid);
  EXPECT_EQ(back.mtime, item.mtime);
  EXPECT_EQ(back.mtime_nsec, item.mtime_nsec);
  EXPECT_EQ(back.mode & 07700, 06700u);
  EXPECT_EQ(back.xattrs, item.xattrs);
  EXPECT_EQ(encode_acl(back.access_acl), encode_acl(item.access_acl));
  EXPECT_EQ(whole->contents[0], "abc");
  EXPECT_EQ(whole->items[1].mtime, late.mtime);
}

TEST(Tar, NormalFormsStayApart) {
  const auto whole = read(write({{file("e\xcc\x81", 0), ""}, {file("\xc3\xa9", 0), ""}}));
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->items[0].path, "e\xcc\x81");
  EXPECT_EQ(whole->items[1].path, "\xc3\xa9");
}

TEST(Tar, AHugeSparseFileIsSmall) {
  Item item = file("sparse", 1ull << 40);
  item.sparse = true;
  item.extents = {{4096, 4096}, {1ull << 35, 4096}};
  std::string out;
  TarWriter writer([&](std::string_view bytes) {
    out += bytes;
    return Result<void>();
  });
  ASSERT_TRUE(writer.begin(item));
  ASSERT_TRUE(writer.hole(4096));
  ASSERT_TRUE(writer.data(std::string(4096, 'x')));
  ASSERT_TRUE(writer.hole((1ull << 35) - 8192));
  ASSERT_TRUE(writer.data(std::string(4096, 'y')));
  ASSERT_TRUE(writer.hole((1ull << 40) - (1ull << 35) - 4096));
  ASSERT_TRUE(writer.end());
  ASSERT_TRUE(writer.finish());
  EXPECT_LT(out.size(), 20'000u);
  bool done = false;
  TarReader reader([&]() -> Result<std::string_view> { return std::exchange(done, true) ? std::string_view() : out; });
  Item back;
  ASSERT_TRUE(reader.next(back).value());
  EXPECT_EQ(back.size, 1ull << 40);
  EXPECT_TRUE(back.sparse);
  auto block = reader.block();
  ASSERT_TRUE(block && *block);
  EXPECT_EQ((*block)->offset, 4096u);
}

// libarchive leaves folders out of such a name.
TEST(Tar, ASparseFileKeepsItsLongPath) {
  for (const std::size_t size : {40u, 90u, 120u, 180u, 250u}) {
    Item item = file(std::string(size, 'd') + "/" + std::string(size, 'e') + "/" + std::string(size, 'n'), 8192);
    item.sparse = true;
    item.extents = {{4096, 4}};
    std::string out;
    TarWriter writer([&](std::string_view bytes) {
      out += bytes;
      return Result<void>();
    });
    ASSERT_TRUE(writer.begin(item) && writer.hole(4096) && writer.data("data") && writer.hole(4092) && writer.end());
    ASSERT_TRUE(writer.begin(file("next", 0)) && writer.end() && writer.finish());
    EXPECT_EQ(writer.written(), out.size());
    const auto whole = read(out);
    ASSERT_TRUE(whole) << whole.error().message;
    ASSERT_EQ(whole->items.size(), 2u);
    EXPECT_EQ(whole->items[0].path, item.path);
    EXPECT_EQ(whole->contents[0], std::string(4096, '\0') + "data");
    EXPECT_EQ(whole->items[1].path, "next");
  }
}

TEST(Tar, AFileOverEightGigabytesKeepsItsSize) {
  Item item = file("big", 20ull << 30);
  item.sparse = true;
  const std::string bytes = [&] {
    std::string out;
    TarWriter writer([&](std::string_view piece) {
      out += piece;
      return Result<void>();
    });
    EXPECT_TRUE(writer.begin(item));
    EXPECT_TRUE(writer.hole(item.size));
    EXPECT_TRUE(writer.end());
    EXPECT_TRUE(writer.finish());
    return out;
  }();
  bool done = false;
  TarReader reader(
      [&]() -> Result<std::string_view> { return std::exchange(done, true) ? std::string_view() : bytes; });
  Item back;
  ASSERT_TRUE(reader.next(back).value());
  EXPECT_EQ(back.size, 20ull << 30);
}

TEST(Tar, TheEndMustBeThere) {
  const std::string good = write({{file("a", 5), "hello"}});
  ASSERT_TRUE(read(good));
  ASSERT_TRUE(read(good + std::string(10240, '\0')));
  const std::string zeros_then_cut = write({{file("a", 4096), std::string(4096, '\0')}});
  for (const std::string& bad :
       {std::string(), std::string("x"), good.substr(0, good.size() - 1024), good.substr(0, good.size() - 512),
        good.substr(0, 300), good.substr(0, 512), good + "garbage", good + good,
        zeros_then_cut.substr(0, zeros_then_cut.size() - 1024)}) {
    auto result = read(bad);
    ASSERT_FALSE(result) << bad.size();
    EXPECT_EQ(result.error().code, ErrorCode::corrupt);
  }
}

TEST(Tar, ADamagedHeaderIsNoticed) {
  const std::string good = write({{file("a", 5), "hello"}, {file("b", 5), "world"}});
  int noticed = 0;
  for (std::size_t at = 0; at < good.size(); at += 97) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x40);
    noticed += read(bad) ? 0 : 1;
  }
  EXPECT_GT(noticed, 0);  // what is left is the digest's to find
}

// What libarchive reads past; each of these it takes for a whole archive.
TEST(Tar, HeadersThatOnlyALaxReaderTakes) {
  Item item = file(std::string(300, 'p').replace(150, 1, "/"), 5);
  item.xattrs = {{"user.k", std::string("a\0\n", 3)}};
  const std::string good = write({{item, "hello"}});
  ASSERT_TRUE(read(good));
  const auto spoilt = [&](std::string_view from, std::string_view to) {
    std::string bad = good;
    const std::size_t at = bad.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return bad.replace(at, to.size(), to);
  };
  for (const std::string& bad : {spoilt("p/", std::string_view("\0/", 2)), spoilt(" path=", "9path="),
                                 spoilt(" path=", " =ath="), spoilt("path=", "size=")}) {
    const auto result = read(bad);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::corrupt);
  }
}

TEST(Paths, OnlyPlainOnesAreSafe) {
  for (const char* good : {"a", "a/b", "-x", ". ", "...", "a\nb", "..a/b.."}) EXPECT_TRUE(path_is_safe(good)) << good;
  for (const std::string& bad : {std::string("/a"), std::string(".."), std::string("../a"), std::string("a/../b"),
                                 std::string("a/.."), std::string("a//b"), std::string("a/."), std::string(""),
                                 std::string("a/"), std::string("a\0b", 3), std::string(256, 'x')})
    EXPECT_FALSE(path_is_safe(bad)) << bad;
}

TEST(Acl, TheKernelsForm) {
  const std::vector<AclEntry> acl = {{0x20, 0, 0}, {0x02, 7, 5}, {0x01, 6, 0}, {0x02, 4, 3}};
  std::vector<AclEntry> back;
  ASSERT_TRUE(decode_acl(encode_acl(acl), back));
  ASSERT_EQ(back.size(), 4u);
  EXPECT_EQ(back[1].id, 3u);  // sorted, as the kernel wants it
  EXPECT_FALSE(decode_acl("short", back));
}

}  // namespace
}  // namespace hearth::tar
