// Observer: asks the runtime for everything there is, and the archive store for everything it holds, again and again.
//
// Two listings, each whole or not at all, each at its own pace: a store that is away never hides what the runtime
// shows, nor the other way round. What a listing does not change is not reported again, so the cost of a report follows
// the changes and not the number of workspaces. Thread: the loop's. Destroying it silences everything.
#pragma once

#include <vector>

#include "base/result.h"
#include "orchestrator/act/lifeline.h"
#include "orchestrator/archives/archive_store.h"
#include "orchestrator/observe/poller.h"
#include "orchestrator/runtime/workspace_runtime.h"

namespace hearth::orchestrator {

// A listing of one kind and what it was before.
template <class Snapshot>
class Listing {
 public:
  struct Events {
    // `changed`: the workspaces whose part differs from the last successful listing; at first all that have a part.
    UniqueFunction<void(const std::vector<Uuid>& changed)> listed = nullptr;
    UniqueFunction<void(const Error&)> failed = nullptr;  // this listing is skipped whole
  };
  using Ask = UniqueFunction<void(UniqueFunction<void(Result<Snapshot>)>)>;

  Listing(Loop& loop, Poller::Periods periods, Ask ask, Events events);

  Poller& poller() { return poller_; }
  std::uint64_t next_number() const { return poller_.next_number(); }
  // The newest listing and its number; 0 before the first.
  const Snapshot& snapshot() const { return snapshot_; }
  std::uint64_t number() const { return number_; }
  // CPU time spent so far on comparing listings and dropping old ones: what grows with the number of workspaces.
  std::chrono::nanoseconds comparing_cpu() const { return comparing_cpu_; }

 private:
  void ended(Result<Snapshot> snapshot, std::uint64_t number);

  Poller poller_;
  Ask ask_;
  Events events_;
  Snapshot snapshot_;
  std::uint64_t number_ = 0;
  std::chrono::nanoseconds comparing_cpu_{0};
  Lifeline lifeline_;
};

using RuntimeObserver = Listing<RuntimeSnapshot>;
using ArchiveObserver = Listing<ArchiveSnapshot>;

// An archive may be looked for less often than a container: nothing but a storage operation changes it.
inline constexpr Poller::Periods kArchivePeriods{.idle = Milliseconds(60000)};

std::vector<Uuid> changes(const RuntimeSnapshot& before, const RuntimeSnapshot& after);
std::vector<Uuid> changes(const ArchiveSnapshot& before, const ArchiveSnapshot& after);

}  // namespace hearth::orchestrator
