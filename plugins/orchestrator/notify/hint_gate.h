// HintGate: lets the first hint through at once and gathers those that follow closely, each workspace once; when very
// many gather, one "any may have" (nullopt) stands for all. Thread: the loop's.
#pragma once

#include <optional>
#include <unordered_set>

#include "base/uuid.h"
#include "runtime/timer.h"

namespace hearth::orchestrator {

class HintGate {
 public:
  static constexpr Milliseconds kWindow{10};
  static constexpr std::size_t kMany = 500;
  using Pass = UniqueFunction<void(std::optional<Uuid>)>;

  HintGate(Loop& loop, Pass pass) : window_(loop), pass_(std::move(pass)) {}

  void hint(const Uuid& id) {
    if (window_.active()) {
      if (gathered_.size() <= kMany) gathered_.insert(id);
      return;
    }
    window_.start(kWindow, [this] { release(); });
    pass_(id);
  }

 private:
  void release() {
    if (gathered_.empty()) return;
    std::unordered_set<Uuid> gathered;
    gathered.swap(gathered_);
    window_.start(kWindow, [this] { release(); });
    if (gathered.size() > kMany) return pass_(std::nullopt);
    for (const Uuid& id : gathered) pass_(id);
  }

  Timer window_;
  Pass pass_;
  std::unordered_set<Uuid> gathered_;
};

}  // namespace hearth::orchestrator
