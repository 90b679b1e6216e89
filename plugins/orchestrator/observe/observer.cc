#include "orchestrator/observe/observer.h"

#include <time.h>

#include <unordered_set>

namespace hearth::orchestrator {
namespace {

std::chrono::nanoseconds thread_cpu() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return Seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

template <class Map>
void add_changes(const Map& before, const Map& after, std::unordered_set<Uuid>& changed) {
  for (const auto& [id, part] : after) {
    const auto old = before.find(id);
    if (old == before.end() || !(old->second == part)) changed.insert(id);
  }
  for (const auto& [id, part] : before) {
    if (!after.contains(id)) changed.insert(id);
  }
}

}  // namespace

std::vector<Uuid> changes(const RuntimeSnapshot& before, const RuntimeSnapshot& after) {
  std::unordered_set<Uuid> changed;
  add_changes(before.containers, after.containers, changed);
  add_changes(before.volumes, after.volumes, changed);
  add_changes(before.jobs, after.jobs, changed);
  return {changed.begin(), changed.end()};
}

std::vector<Uuid> changes(const ArchiveSnapshot& before, const ArchiveSnapshot& after) {
  std::unordered_set<Uuid> changed;
  add_changes(before, after, changed);
  return {changed.begin(), changed.end()};
}

template <class Snapshot>
Listing<Snapshot>::Listing(Loop& loop, Poller::Periods periods, Ask ask, Events events)
    : poller_(loop, periods,
              [this](std::uint64_t number) {
                ask_(lifeline_.guard([this, number](Result<Snapshot> answer) { ended(std::move(answer), number); }));
              }),
      ask_(std::move(ask)),
      events_(std::move(events)) {}

template <class Snapshot>
void Listing<Snapshot>::ended(Result<Snapshot> snapshot, std::uint64_t number) {
  poller_.ended();
  if (!snapshot) return events_.failed(snapshot.error());
  const std::chrono::nanoseconds from = thread_cpu();
  const std::vector<Uuid> changed = changes(snapshot_, *snapshot);
  snapshot_ = std::move(*snapshot);
  comparing_cpu_ += thread_cpu() - from;
  number_ = number;
  events_.listed(changed);
}

template class Listing<RuntimeSnapshot>;
template class Listing<ArchiveSnapshot>;

}  // namespace hearth::orchestrator
