// Observation: one listing of everything this deployment has at the engine: both answers and how each ended container
// ended, or an error; never half of it.
//
// Owned by the DockerRuntime, which destroys it after `done`. Thread: the loop's.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "orchestrator/runtime/docker/engine.h"
#include "orchestrator/runtime/docker/job_wire.h"
#include "orchestrator/runtime/docker/wire.h"
#include "orchestrator/runtime/workspace_runtime.h"
#include "runtime/loop.h"
#include "runtime/timer.h"

namespace hearth::orchestrator::docker {

// How a container ended: the listing does not say it all, so it is asked for once and kept.
struct Exit {
  int code = 0;
  bool oom_killed = false;
  std::string message;  // of a job that failed
};
using Exits = std::unordered_map<std::string, Exit>;  // by engine id

class Observation {
 public:
  static constexpr Milliseconds kTimeout{5000};
  using Done = UniqueFunction<void(Result<RuntimeSnapshot>)>;

  // Everything referred to outlives it. Forgets in `exits` what the engine no longer has.
  Observation(Loop& loop, Engine& engine, const RuntimeSettings& settings, const std::string& deployment, Exits& exits,
              Done done);
  void begin();

 private:
  void list(std::string path, UniqueFunction<Result<void>(std::string_view)> read);
  void call(std::string path, UniqueFunction<void(const HttpResponse&)> next);
  void look_at_exits();
  void look_at_exit(const Uuid& workspace, const std::string& engine_id);
  void look_at_job(const Uuid& workspace, const std::string& engine_id);
  void read_last_words(const std::string& engine_id, Exit exit);
  void complete();
  void end(Result<RuntimeSnapshot> result);

  Engine& engine_;
  const RuntimeSettings& settings_;
  const std::string& deployment_;
  Exits& exits_;
  Done done_;
  Timer deadline_;
  RuntimeSnapshot snapshot_;
  ListedJobs jobs_;
  int pending_ = 0;
  bool ended_ = false;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace hearth::orchestrator::docker
