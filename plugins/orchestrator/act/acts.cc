#include "orchestrator/act/acts.h"

#include <algorithm>

namespace hearth::orchestrator {
namespace {

// DELETING: container, then the volumes one after another. A resource that is not ours is left where it is.
struct Deletion {
  ActLinks& links;
  const Lifeline& lifeline;
  Uuid workspace;
  std::vector<std::string> volumes;
  Executor::Finish done;

  static bool ours_is_gone(const Result<void>& outcome) {
    return outcome || outcome.error().code == ErrorCode::conflict;
  }

  static void next(std::unique_ptr<Deletion> self) {
    if (self->volumes.empty()) return self->done({});
    Deletion& here = *self;
    here.links.confirm_epoch(here.lifeline.guard([self = std::move(self)](Result<void> ours) mutable {
      if (!ours) return self->done(std::move(ours));
      remove_one(std::move(self));
    }));
  }

  static void remove_one(std::unique_ptr<Deletion> self) {
    Deletion& here = *self;
    const std::string volume = std::move(here.volumes.back());
    here.volumes.pop_back();
    here.links.runtime.remove_volume(
        here.workspace, volume, here.lifeline.guard([self = std::move(self)](Result<void> outcome) mutable {
          if (!ours_is_gone(outcome)) return self->done(std::move(outcome));
          next(std::move(self));
        }));
  }

  static void begin(std::unique_ptr<Deletion> self) {
    Deletion& here = *self;
    here.links.runtime.stop(here.workspace, here.lifeline.guard([self = std::move(self)](Result<void> outcome) mutable {
      if (!ours_is_gone(outcome)) return self->done(std::move(outcome));
      next(std::move(self));
    }));
  }
};

void after_confirmation(ActLinks& links, const Lifeline& lifeline, const Workspace& row, const std::string& image,
                        std::vector<std::string> volumes, Executor::Finish done) {
  switch (row.operation) {
    case Operation::provisioning:
      return links.runtime.provision(row.id, row.volume_name, std::move(done));
    case Operation::starting:
      return links.runtime.start(
          {row.id, row.image_ref.empty() ? image : row.image_ref, row.volume_name, operation_id(row)}, std::move(done));
    case Operation::stopping:
      return links.runtime.stop(row.id, std::move(done));
    case Operation::deleting:
      if (!row.volume_name.empty() && std::find(volumes.begin(), volumes.end(), row.volume_name) == volumes.end()) {
        volumes.push_back(row.volume_name);
      }
      return Deletion::begin(
          std::make_unique<Deletion>(Deletion{links, lifeline, row.id, std::move(volumes), std::move(done)}));
    default:
      return done(fail(ErrorCode::invalid_argument, ErrorSource::us,
                       std::string(name(row.operation)) + " is unsupported: archives are not configured"));
  }
}

}  // namespace

void run_act(ActLinks& links, const Lifeline& lifeline, const Workspace& row, const std::string& default_image,
             std::vector<std::string> volumes, Executor::Finish done) {
  links.confirm_epoch(lifeline.guard([&links, &lifeline, row, image = default_image, volumes = std::move(volumes),
                                      done = std::move(done)](Result<void> ours) mutable {
    if (!ours) return done(std::move(ours));
    after_confirmation(links, lifeline, row, image, std::move(volumes), std::move(done));
  }));
}

ErrorReason reason_of(Operation operation, const Error& error) {
  switch (error.code) {
    case ErrorCode::not_found:
      return operation == Operation::starting ? ErrorReason::image_pull_failed : ErrorReason::action_failed;
    case ErrorCode::conflict:
      return ErrorReason::name_conflict;
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
      return ErrorReason::unreachable;
    default:
      return ErrorReason::action_failed;
  }
}

std::string operation_id(const Workspace& row) {
  return row.op_started_at ? std::to_string(row.op_started_at->time_since_epoch().count()) : "0";
}

}  // namespace hearth::orchestrator
