#include "walk/survey.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include "object_store/digest.h"
#include "walk/walk.h"

namespace hearth::walk {

Result<Survey> survey(const std::string& root, const std::string& skip_prefix) {
  Survey out;
  object_store::Digest digest(object_store::Digest::Algorithm::sha256);
  std::set<std::pair<dev_t, ino_t>> linked;
  Visitor visitor;
  visitor.visit = [&](const Entry& entry) -> Result<void> {
    const struct stat& st = *entry.stat;
    // The root's own times move when a staging folder comes and goes; what it holds decides.
    const bool is_root = entry.path.empty();
    const std::array<std::int64_t, 9> facts = {static_cast<std::int64_t>(st.st_mode),
                                               static_cast<std::int64_t>(st.st_uid),
                                               static_cast<std::int64_t>(st.st_gid),
                                               entry.kind == Kind::folder ? 0 : static_cast<std::int64_t>(st.st_size),
                                               is_root ? 0 : st.st_mtim.tv_sec,
                                               is_root ? 0 : st.st_mtim.tv_nsec,
                                               is_root ? 0 : st.st_ctim.tv_sec,
                                               is_root ? 0 : st.st_ctim.tv_nsec,
                                               static_cast<std::int64_t>(entry.path.size())};
    digest.update({reinterpret_cast<const char*>(facts.data()), sizeof facts});
    digest.update(entry.path);
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

}  // namespace hearth::walk
