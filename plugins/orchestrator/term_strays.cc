// What runs and nobody asks for: containers of workspaces that have no row, and jobs of operations that are over.
// Volumes are never touched here.
#include "log/log.h"
#include "orchestrator/term.h"

namespace hearth::orchestrator {

void Term::look_for_strays(const Ids& changed) {
  const RuntimeSnapshot& snapshot = observer_.snapshot();
  for (const Uuid& id : changed) {
    if (snapshot.jobs.contains(id)) strays_.insert(id);
    const auto container = snapshot.containers.find(id);
    if (container != snapshot.containers.end() && !container->second.foreign && !tracks_.contains(id)) {
      orphans_.try_emplace(id);
    }
  }
  for (auto orphan = orphans_.begin(); orphan != orphans_.end();) {
    const auto container = snapshot.containers.find(orphan->first);
    if (container == snapshot.containers.end() || tracks_.contains(orphan->first)) {
      orphan = orphans_.erase(orphan);
      continue;
    }
    // Twice the same before anything is done: a row may be on its way.
    if (orphan->second == container->second.runtime_id)
      remove_orphan(orphan->first);
    else
      observer_.poller().look_now();
    orphan->second = container->second.runtime_id;
    ++orphan;
  }
  for (auto stray = strays_.begin(); stray != strays_.end();) {
    Uuid operation;
    if (stray_job(*stray, operation))
      remove_stray_job(*stray, operation);
    else if (!snapshot.jobs.contains(*stray)) {
      stray = strays_.erase(stray);
      continue;
    }
    ++stray;
  }
}

// A job of this workspace that its row does not ask for. The row is always newer than the job: a job is begun only
// after its operation was claimed.
bool Term::stray_job(const Uuid& workspace, Uuid& operation) {
  const auto jobs = observer_.snapshot().jobs.find(workspace);
  if (jobs == observer_.snapshot().jobs.end() || executor_.busy(workspace)) return false;
  const auto track = tracks_.find(workspace);
  if (track != tracks_.end() && (track->second.writing > 0 || observer_.number() < track->second.needed)) return false;
  const std::optional<Uuid> current = track == tracks_.end() ? std::nullopt : storage_operation(track->second.row);
  for (const ObservedJob& job : jobs->second) {
    if (job.operation == current) continue;
    operation = job.operation;
    return true;
  }
  return false;
}

void Term::remove_orphan(const Uuid& id) {
  if (executor_.busy(id)) return;
  store_.load(id, lifeline_.guard([this, id](Result<std::optional<Workspace>> row) {
    if (!row) return database_failed("cannot read a workspace", row.error());
    if (*row) {  // created since the rows were read
      apply(std::move(**row));
      return reconcile(id);
    }
    if (executor_.busy(id)) return;
    log::info("workspace {}: has no row; removing its container", id.text());
    executor_.submit(
        id,
        [this, id](Executor::Finish finish) {
          act_links_.confirm_epoch(lifeline_.guard([this, id, finish = std::move(finish)](Result<void> ours) mutable {
            if (!ours) return finish(std::move(ours));
            runtime_.stop(id, std::move(finish));
          }));
        },
        [this, id](const Result<void>& outcome) {
          if (!outcome) log::warn("workspace {}: orphan container: {}", id.text(), outcome.error().message);
          room_made();
        });
  }));
}

void Term::remove_stray_job(const Uuid& id, const Uuid& operation) {
  log::info("workspace {}: removing the job of operation {}, which is over", id.text(), operation.text());
  executor_.submit(
      id,
      [this, id, operation](Executor::Finish finish) {
        act_links_.confirm_epoch(
            lifeline_.guard([this, id, operation, finish = std::move(finish)](Result<void> ours) mutable {
              if (!ours) return finish(std::move(ours));
              runtime_.remove_job(id, operation, std::move(finish));
            }));
      },
      [this, id](const Result<void>& outcome) {
        if (!outcome) log::warn("workspace {}: job: {}", id.text(), outcome.error().message);
        const auto found = tracks_.find(id);
        if (found != tracks_.end()) found->second.needed = observer_.next_number();
        observer_.poller().look_now();
        reconcile(id);
        room_made();
      });
}

}  // namespace hearth::orchestrator
