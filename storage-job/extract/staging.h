// Staging: the folder `.hearth-restore` in a volume, where a restore grows until it is whole, and the switch of what is
// there for what was there. Everything can be killed at any point and continued by the next run.
//
//   .hearth-restore/tree   the restored root      .hearth-restore/old   what the volume held before
//   .hearth-restore/state  present once `tree` is whole and synced: which restore it is, and how far the switch got
#pragma once

#include <cstdint>
#include <string>

#include "base/fd.h"
#include "exit_codes.h"

namespace hearth::extract {

class Staging {
 public:
  // `identity` names the archive and the operation: a staging folder of another one is thrown away.
  static storage_job::Outcome<Staging> open(const std::string& data_dir, std::string identity);

  bool complete() const { return phase_ != Phase::growing; }
  storage_job::Outcome<Fd> fresh_tree();       // empty; everything of an earlier attempt is gone
  storage_job::Outcome<void> mark_complete();  // after the tree was checked; syncs it
  storage_job::Outcome<void> switch_over();    // then the staging folder is gone
  // Leaves no trace of an attempt that failed: the volume's root has the times it had.
  void discard();

 private:
  enum class Phase { growing, emptying, placing };
  Staging(Fd volume, std::string identity) : volume_(std::move(volume)), identity_(std::move(identity)) {}
  storage_job::Outcome<void> write_state(Phase phase);
  storage_job::Outcome<void> move_all(int from, int to, bool is_root);
  storage_job::Outcome<void> dress_root();

  Fd volume_;
  std::string identity_;
  Phase phase_ = Phase::growing;
  std::int64_t root_mtime_ = 0;  // of the restored root
  long root_mtime_nsec_ = 0;
  timespec before_[2] = {};  // of the volume's root when we came
};

}  // namespace hearth::extract
