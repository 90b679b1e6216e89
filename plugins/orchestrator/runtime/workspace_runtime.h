// WorkspaceRuntime: what a container runtime must do for us (SPEC section 6). Docker today.
//
// Every call is idempotent (already there, already gone = success) and proves nothing: only a later observation does.
// Thread: the orchestrator's loop. Each call has the runtime's own deadline; a call whose answer was lost fails with
// Error{timeout} and is looked at again by the next observation. Destroying the runtime cancels all calls silently.
// Error codes that matter to the caller: not_found (image missing after a pull), conflict (a resource of that name is
// not ours: NameConflict), unavailable/timeout (retry), permission_denied, others = the action failed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/unique_function.h"
#include "base/uuid.h"

namespace hearth::orchestrator {

struct ObservedContainer {
  std::string runtime_id;  // the engine's id: a new container has a new one
  bool running = false;
  std::string address;  // ip:8080 while it has one
  std::optional<int> exit_code;
  bool oom_killed = false;
  std::string state;     // the engine's own word: "created", "running", "exited" …
  bool foreign = false;  // our name, not our labels
  bool operator==(const ObservedContainer&) const = default;
};

struct ObservedVolume {
  std::string name;
  bool foreign = false;
  bool operator==(const ObservedVolume&) const = default;
};

// A one-shot storage job: a container named by its operation, so that there is never a second one for it.
struct ObservedJob {
  Uuid operation;  // archive_op_id or restore_op_id
  bool running = false;
  std::optional<int> exit_code;  // once it has ended: storage-job/exit_codes.h
  std::string message;           // what a failed one said last
  bool operator==(const ObservedJob&) const = default;
};

// Everything of this deployment, or an error: never half of it.
struct RuntimeSnapshot {
  std::unordered_map<Uuid, ObservedContainer> containers;
  std::unordered_map<Uuid, std::vector<ObservedVolume>> volumes;
  std::unordered_map<Uuid, std::vector<ObservedJob>> jobs;
};

struct StartSpec {
  Uuid workspace;
  std::string image;
  std::string volume_name;
  std::string operation_id;  // label hearth.operation
};

struct JobSpec {
  Uuid workspace;
  Uuid operation;
  std::string volume_name;  // archive: empty archives an empty home
  std::string archive_key;  // the object to write or to read (archives/archive_store.h)
  // archive: the row's archive so far, which is copied when nothing changed since; empty if there is none.
  std::string previous_key{};
};

class WorkspaceRuntime {
 public:
  using Done = UniqueFunction<void(Result<void>)>;
  virtual ~WorkspaceRuntime() = default;

  virtual void observe(UniqueFunction<void(Result<RuntimeSnapshot>)> done) = 0;
  // The volumes of observe() alone, which costs little.
  using Volumes = std::unordered_map<Uuid, std::vector<ObservedVolume>>;
  virtual void list_volumes(UniqueFunction<void(Result<Volumes>)> done) = 0;
  virtual void provision(const Uuid& workspace, const std::string& volume_name, Done done) = 0;
  virtual void start(const StartSpec& spec, Done done) = 0;  // image, create, start
  virtual void stop(const Uuid& workspace, Done done) = 0;   // stop and remove the container; the volume stays
  virtual void remove_volume(const Uuid& workspace, const std::string& volume_name, Done done) = 0;

  // The job of spec.operation is there and was started, or has ended well already; one that failed is replaced. The
  // call ends when it was started, not when the job has ended: that is observed. `archive` mounts the volume read-only.
  // A volume that does not exist is an error, never made.
  virtual void archive(const JobSpec& spec, Done done) = 0;
  virtual void restore(const JobSpec& spec, Done done) = 0;
  virtual void remove_job(const Uuid& workspace, const Uuid& operation, Done done) = 0;  // running or not

  virtual void logs(const Uuid& workspace, unsigned tail_lines, UniqueFunction<void(Result<std::string>)> done) = 0;

  // Is the workspace's server answering /healthz at `address` (ip:port)?
  virtual void probe(const std::string& address, Done done) = 0;

  // Called whenever something of this deployment changed (engine events), and after each reconnection of the event
  // stream. A hint: the snapshot is the truth. Set once, before the first call.
  virtual void on_event(UniqueFunction<void(std::optional<Uuid> workspace)> hint) = 0;
  // For /readyz: empty when the engine answers.
  virtual std::string unready_reason() const = 0;
};

// Names (SPEC section 6).
std::string container_name(const std::string& deployment, const Uuid& workspace);
std::string volume_name(const std::string& deployment, const Uuid& workspace, const std::string& generation);
std::string job_name(const std::string& deployment, const Uuid& operation);

}  // namespace hearth::orchestrator
