#include "orchestrator/decide/judge.h"

namespace hearth::orchestrator {
namespace {

// An archive that nobody has looked for yet is not missing: no phase changes because a store was unreachable.
bool archive_may_exist(const Conditions& observed) {
  const Condition* archive = observed.find(kArchivePresent);
  return archive == nullptr || archive->status != "False";
}

struct Facts {
  const Workspace& row;
  const Conditions& observed;
  bool container;
  bool ready;
  bool volume;
  bool archive;

  bool deleted() const { return row.deleted_at.has_value(); }
  bool sticky_error() const { return is_terminal(row.error_reason, row.error_count); }
  // A volume named by the row must exist, unless the operation under way is the one that makes or removes it.
  bool volume_expected() const {
    switch (row.operation) {
      case Operation::provisioning:
      case Operation::restoring:
      case Operation::archiving:
      case Operation::deleting:
        return false;
      default:
        return !row.volume_name.empty();
    }
  }
  bool archive_expected() const { return !row.archive_key.empty(); }
};

struct Rule {
  bool (*applies)(const Facts&);
  Phase phase;
  ErrorReason reason;
  const char* message;
};

// SPEC section 3, in its order: the first that applies decides. The archives of a deleted workspace are the GC's, which
// finds them by their missing row; so they keep no phase. A container that starts late, while its volume is being
// archived or filled, does not make the workspace RUNNING: what its owner wrote there would be lost.
constexpr Rule kRules[] = {
    {[](const Facts& f) { return f.deleted() && (f.container || f.volume); }, Phase::deleting, ErrorReason::none, ""},
    {[](const Facts& f) { return f.deleted(); }, Phase::deleted, ErrorReason::none, ""},
    {[](const Facts& f) { return f.sticky_error(); }, Phase::error, ErrorReason::none, ""},  // the row's own reason
    {[](const Facts& f) { return f.container && !f.volume; }, Phase::error, ErrorReason::container_without_volume,
     "a container exists but its volume does not"},
    {[](const Facts& f) { return f.volume_expected() && !f.volume; }, Phase::error, ErrorReason::data_lost,
     "the home volume does not exist any more"},
    {[](const Facts& f) { return f.ready && f.volume && !uses_storage(f.row.operation); }, Phase::running,
     ErrorReason::none, ""},
    {[](const Facts& f) { return f.volume && f.row.operation != Operation::restoring; }, Phase::standby,
     ErrorReason::none, ""},
    {[](const Facts& f) { return f.archive_expected() && f.archive; }, Phase::archived, ErrorReason::none, ""},
    {[](const Facts& f) { return f.archive_expected(); }, Phase::error, ErrorReason::data_lost,
     "the archive is missing or incomplete"},
};

}  // namespace

bool is_terminal(ErrorReason reason, int error_count) {
  switch (reason) {
    case ErrorReason::none:
      return false;
    case ErrorReason::action_failed:
    case ErrorReason::unreachable:
      return error_count >= kMaxAttempts;
    default:
      return true;
  }
}

Verdict judge(const Workspace& row, const Conditions& observed) {
  const bool container = observed.is_true(kContainerPresent);
  const Facts facts{row,
                    observed,
                    container,
                    container && observed.is_true(kContainerRunning) && observed.is_true(kContainerReady),
                    observed.is_true(kVolumePresent),
                    archive_may_exist(observed)};
  for (const Rule& rule : kRules) {
    if (!rule.applies(facts)) continue;
    if (rule.phase != Phase::error) return {rule.phase, ErrorReason::none, ""};
    if (rule.reason == ErrorReason::none) return {Phase::error, row.error_reason, row.error_message};
    std::string message = rule.message;
    if (rule.reason == ErrorReason::data_lost && facts.volume_expected()) message += ": " + row.volume_name;
    return {Phase::error, rule.reason, std::move(message)};
  }
  return {Phase::pending, ErrorReason::none, ""};
}

bool container_exited(const Conditions& observed) {
  const Condition* running = observed.find(kContainerRunning);
  return observed.is_true(kContainerPresent) && running != nullptr && running->status == "False" &&
         (running->reason == kReasonExited || running->reason == kReasonOutOfMemory);
}

}  // namespace hearth::orchestrator
