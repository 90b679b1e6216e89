// Our archives read by GNU tar, bsdtar and Python's tarfile; theirs restored by us.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "job_process.h"
#include "random_tree.h"

namespace hearth::test {
namespace {

constexpr unsigned kSeeds = 12;
constexpr RandomTreeOptions kModern{.odd = false};

class Interop : public testing::Test {
 protected:
  // A shell command in the scratch folder.
  bool shell(const std::string& command) const {
    return std::system(("cd " + scratch_.path().string() + " && { " + command + "; } >log 2>&1").c_str()) == 0;
  }
  std::string log() const {
    std::ifstream file(scratch_ / "log");
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  std::string url() const { return "file://" + (scratch_ / "a.tar.zst").string(); }
  void archive() const {
    const auto result = run_job({"archive", "--url", url(), "--data-dir", (scratch_ / "in").string()});
    ASSERT_EQ(result.exit, 0) << result.out;
    ASSERT_TRUE(shell("zstd -qdf a.tar.zst -o a.tar")) << log();
  }
  // What `command` makes of our archive a.tar in the folder out.
  void expect_extracted(const std::string& command, const RandomTreeOptions& options = kModern) {
    for (unsigned seed = 1; seed <= kSeeds; ++seed) {
      SCOPED_TRACE(seed);
      make_random_tree(scratch_ / "in", seed, options);
      archive();
      fs::create_directory(scratch_ / "out");
      ASSERT_TRUE(shell(command)) << log();
      // The folder that bsdtar extracts into keeps no times of its own.
      ASSERT_EQ(first_difference(describe(scratch_ / "out", false), describe(scratch_ / "in", false)), "");
      ASSERT_TRUE(shell("rm -rf in out a.tar*"));
    }
  }
  // The a.tar that `command` makes of the folder in, restored by us.
  void expect_restored(const std::string& command, const RandomTreeOptions& options = kModern) {
    for (unsigned seed = 1; seed <= kSeeds; ++seed) {
      SCOPED_TRACE(seed);
      make_random_tree(scratch_ / "in", seed, options);
      ASSERT_TRUE(shell(command)) << log();
      ASSERT_TRUE(
          shell("zstd -q a.tar && { echo sha256:$(sha256sum <a.tar.zst | cut -c1-64);"
                "echo size: $(stat -c%s a.tar.zst); echo entries: $(bsdtar -tf a.tar | wc -l);"
                "echo uncompressed: $(stat -c%s a.tar); } >a.tar.zst.meta"))
          << log();
      fs::create_directory(scratch_ / "out");
      const auto result = run_job({"restore", "--url", url(), "--data-dir", (scratch_ / "out").string()});
      ASSERT_EQ(result.exit, 0) << result.out;
      ASSERT_EQ(first_difference(describe(scratch_ / "out"), describe(scratch_ / "in")), "");
      ASSERT_TRUE(shell("rm -rf in out a.tar*"));
    }
  }
  const Scratch scratch_;
};

TEST_F(Interop, GnuTarReadsOurs) {
  expect_extracted("tar --numeric-owner --xattrs --xattrs-include='*' --acls -xpf a.tar -C out");
}

// Nor its ACLs.
TEST_F(Interop, BsdtarReadsOurs) {
  expect_extracted("bsdtar --numeric-owner -xpf a.tar -C out", {.attributes = false, .odd = false});
}

// Python restores neither attributes nor nanoseconds, so each member is held against the file it came from.
TEST_F(Interop, PythonReadsOurs) {
  std::ofstream(scratch_ / "compare.py") << R"(
import os, stat, tarfile
seen = 0
with tarfile.open('a.tar', encoding='utf-8', errors='surrogateescape') as tar:
    for member in tar:
        seen += 1
        path = os.path.join(b'in', os.fsencode(member.name))
        st = os.lstat(path)
        assert (member.uid, member.gid) == (st.st_uid, st.st_gid), path
        assert int(member.mtime // 1) == st.st_mtime_ns // 10**9, path
        if member.islnk():
            assert os.path.samestat(st, os.lstat(os.path.join(b'in', os.fsencode(member.linkname)))), path
            continue
        assert (stat.S_IMODE(st.st_mode) ^ member.mode) & 0o7707 == 0, path  # an ACL says more of the group
        if member.issym():
            assert os.readlink(path) == os.fsencode(member.linkname), path
        elif member.isreg():
            assert tar.extractfile(member).read() == open(path, 'rb').read(), path
        else:
            assert member.isdir() and stat.S_ISDIR(st.st_mode), path
assert seen == 1 + sum(len(d) + len(f) for _, d, f in os.walk(b'in')), seen
)";
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    make_random_tree(scratch_ / "in", seed, kModern);
    archive();
    ASSERT_TRUE(shell("python3 compare.py")) << log();
    ASSERT_TRUE(shell("rm -rf in a.tar*"));
  }
}

TEST_F(Interop, GnuTarsIsRestored) {
  expect_restored("tar --format=pax --numeric-owner --xattrs --xattrs-include='*' --acls -S -C in -cf a.tar .");
}

TEST_F(Interop, BsdtarsIsRestored) {
  expect_restored("bsdtar --format=pax --numeric-owner --no-read-sparse -C in -cf a.tar .");
}

TEST_F(Interop, PythonsIsRestored) {
  expect_restored(
      "python3 -c 'import tarfile; t = tarfile.open(\"a.tar\", \"w\", format=tarfile.PAX_FORMAT); t.add(\"in\", "
      "\".\"); t.close()'",
      {.attributes = false, .whole_seconds = true, .odd = false});
}

}  // namespace
}  // namespace hearth::test
