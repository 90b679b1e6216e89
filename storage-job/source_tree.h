// SourceTree: puts a volume into a tar stream, entry by entry. One thread.
//
// A read error, a file that shrank, or one replaced by something else while it was read fails the archive; a file that
// grew is cut at the size in its header; a name that vanished is left out. The last two are reported.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "job.h"
#include "meta.h"
#include "tar/tar_writer.h"
#include "walk/walk.h"

namespace hearth::storage_job {

class SourceTree {
 public:
  // `border` is called between entries.
  SourceTree(const Job& job, tar::TarWriter& tar, std::function<Result<void>()> border);
  Result<void> write();  // everything below the data folder

  // What was written and left out, for .meta.
  std::uint64_t entries() const { return entries_; }
  const std::map<std::string, std::uint64_t>& skipped() const { return skipped_; }
  const std::vector<std::pair<std::string, std::string>>& skipped_paths() const { return skipped_paths_; }

 private:
  Result<void> visit(const walk::Entry& entry);
  Result<void> file(const walk::Entry& entry);
  Result<void> content(int fd, const tar::Item& item, const std::string& path);
  Result<void> folder(const walk::Entry& entry);
  Result<void> symlink(const walk::Entry& entry);
  bool hard_link(const walk::Entry& entry, tar::Item& item) const;
  Result<void> add(const tar::Item& item);
  void remember(const walk::Entry& entry);
  void skip(const char* kind, std::string_view path);
  void changed(const char* what, std::string_view path);

  const Job& job_;
  tar::TarWriter& tar_;
  const std::function<Result<void>()> border_;
  std::map<std::pair<dev_t, ino_t>, std::string> linked_;  // first path of each file with several names
  std::uint64_t entries_ = 0, read_ = 0;
  std::map<std::string, std::uint64_t> skipped_;
  std::vector<std::pair<std::string, std::string>> skipped_paths_;
  std::string buffer_;
};

}  // namespace hearth::storage_job
