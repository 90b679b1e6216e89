// Extractor: turns tar entries into files beneath one folder, trusting nothing in them.
//
// Every path is opened beneath the folder without following links, so that no entry can write through a link another
// entry made. A folder gets its owner, mode, attributes and times when the entries after it have left it. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "exit_codes.h"
#include "tar/tar_reader.h"

namespace hearth::extract {

struct Limits {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;  // of file data that takes room
};

class Extractor {
 public:
  Extractor(int root, const Limits& limits) : root_(root), limits_(limits) {}

  // Exit::refused for what is never extracted, disk_full, corrupt, or failed.
  storage_job::Outcome<void> add(const tar::Item& item, tar::TarReader& data);
  storage_job::Outcome<void> finish();  // the folders that are still open, the root among them
  std::uint64_t entries() const { return entries_; }

 private:
  using Done = storage_job::Outcome<void>;
  struct Open {
    tar::Item item;
    Fd fd;
    bool revisited = false;  // it has its default ACL already, which what is made in it must not inherit
  };

  Done leave_to(std::string_view parent);
  Done close_folder(Open open);
  Done enter(const std::string& path);
  Done make_parents(std::string_view path);
  Done folder(const tar::Item& item);
  Done file(const tar::Item& item, tar::TarReader& data);
  Done content(int fd, const tar::Item& item, tar::TarReader& data);
  Done symlink(const tar::Item& item);
  Done hardlink(const tar::Item& item);
  Done clear(const std::string& name, const std::string& path);
  Fd reopen(const std::string& path) const;
  int here() const { return open_.empty() ? root_ : open_.back().fd.get(); }

  const int root_;
  const Limits limits_;
  std::vector<Open> open_;  // from the root down to the folder that entries go into; [0] is the root
  std::uint64_t entries_ = 0, bytes_ = 0;
};

}  // namespace hearth::extract
