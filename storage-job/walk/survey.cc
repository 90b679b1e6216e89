#include "walk/survey.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <set>
#include <thread>

#include "object_store/digest.h"
#include "walk/walk.h"

namespace hearth::walk {
namespace {

// Changes whenever the facts below do, so that digests of different programs never meet.
constexpr std::string_view kVersion = "hearth survey 2\n";
constexpr int kAttempts = 3;
constexpr std::int64_t kSecond = 1'000'000'000;

// Those that <linux/magic.h> lacks.
constexpr auto kXfs = 0x58465342L, kZfs = 0x2fc12fc1L, kBcachefs = 0xca451a4eL;

// Does this machine's own kernel set the times here? A file server's clock is another, and what was asked of it may be
// remembered for a while.
bool keeps_own_time(const std::string& root) {
  struct statfs fs {};
  if (::statfs(root.c_str(), &fs) != 0) return false;
  constexpr std::array kLocal = {long{EXT4_SUPER_MAGIC},      kXfs, long{BTRFS_SUPER_MAGIC}, long{F2FS_SUPER_MAGIC},
                                 long{OVERLAYFS_SUPER_MAGIC}, kZfs, long{TMPFS_MAGIC},       kBcachefs};
  return std::find(kLocal.begin(), kLocal.end(), static_cast<long>(fs.f_type)) != kLocal.end();
}

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * kSecond + time.tv_nsec; }

std::int64_t now() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return nanoseconds(time);
}

}  // namespace

Result<Survey> survey(const std::string& root, const std::string& skip_prefix) {
  Survey out;
  object_store::Digest digest(object_store::Digest::Algorithm::sha256);
  digest.update(kVersion);
  std::set<std::pair<dev_t, ino_t>> linked;
  Visitor visitor;
  visitor.visit = [&](const Entry& entry) -> Result<void> {
    const struct stat& st = *entry.stat;
    // No device number: it may be another one after the next mount.
    const std::array<std::int64_t, 11> facts = {static_cast<std::int64_t>(st.st_mode),
                                                static_cast<std::int64_t>(st.st_uid),
                                                static_cast<std::int64_t>(st.st_gid),
                                                entry.kind == Kind::folder ? 0 : static_cast<std::int64_t>(st.st_size),
                                                st.st_mtim.tv_sec,
                                                st.st_mtim.tv_nsec,
                                                st.st_ctim.tv_sec,
                                                st.st_ctim.tv_nsec,
                                                static_cast<std::int64_t>(st.st_ino),
                                                static_cast<std::int64_t>(st.st_nlink),
                                                static_cast<std::int64_t>(entry.path.size())};
    digest.update({reinterpret_cast<const char*>(facts.data()), sizeof facts});
    digest.update(entry.path);
    if (nanoseconds(st.st_ctim) > nanoseconds(out.newest)) out.newest = st.st_ctim;
    ++out.entries;
    out.archived += 4096 + 2 * entry.path.size();
    if (entry.kind != Kind::file) return {};
    if (st.st_nlink > 1 && !linked.insert({st.st_dev, st.st_ino}).second) return {};
    const auto allocated = static_cast<std::uint64_t>(st.st_blocks) * 512;
    const auto size = static_cast<std::uint64_t>(st.st_size);
    // A compressing filesystem allocates less than it holds, so only a plainly sparse file counts by its blocks.
    const std::uint64_t bytes = size > (64u << 20) && allocated < size / 8 ? allocated * 8 : size;
    out.bytes += bytes;
    out.archived += bytes;
    return {};
  };
  auto walked = walk(
      root, [&](std::string_view name) { return name.starts_with(skip_prefix); }, visitor);
  if (!walked) return fail(walked.error());
  out.digest = "sha256:" + digest.hex();
  return out;
}

std::int64_t settling_nanoseconds(const timespec& newest) {
  return newest.tv_nsec == 0 ? 2 * kSecond : kSecond / 10;  // the kernel's tick is at most a hundredth
}

Result<Survey> settled_survey(const std::string& root, const std::string& skip_prefix) {
  const bool known = keeps_own_time(root);
  for (int attempt = 1;; ++attempt) {
    const std::int64_t began = now();
    auto out = survey(root, skip_prefix);
    if (!out) return out;
    const std::int64_t settled = nanoseconds(out->newest) + settling_nanoseconds(out->newest);
    if (known && settled < began) return out;
    if (!known || nanoseconds(out->newest) > now() || attempt == kAttempts) {
      out->digest.clear();
      return out;
    }
    std::this_thread::sleep_for(std::chrono::nanoseconds(std::max<std::int64_t>(settled - now(), 0) + 1));
  }
}

}  // namespace hearth::walk
