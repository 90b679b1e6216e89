// DockerRuntime: WorkspaceRuntime over the Docker Engine API. Nothing is remembered that the engine does not know.
//
// Reaches workspaces by their address on the deployment's bridge network, so it runs on the engine's host, outside
// rootless and desktop engines. Thread: the loop's.
#pragma once

#include "orchestrator/runtime/docker/event_stream.h"
#include "orchestrator/runtime/docker/job_sequence.h"
#include "orchestrator/runtime/docker/observation.h"
#include "orchestrator/runtime/docker/sequence.h"
#include "orchestrator/runtime/workspace_runtime.h"
#include "orchestrator/settings.h"

namespace hearth::orchestrator {

class DockerRuntime final : public WorkspaceRuntime {
 public:
  static constexpr Milliseconds kProbeTimeout{250};

  DockerRuntime(Loop& loop, const OrchestratorSettings& settings);
  ~DockerRuntime() override;

  void observe(UniqueFunction<void(Result<RuntimeSnapshot>)> done) override;
  void list_volumes(UniqueFunction<void(Result<Volumes>)> done) override;
  void provision(const Uuid& workspace, const std::string& volume_name, Done done) override;
  void start(const StartSpec& spec, Done done) override;
  void stop(const Uuid& workspace, Done done) override;
  void remove_volume(const Uuid& workspace, const std::string& volume_name, Done done) override;
  void archive(const JobSpec& spec, Done done) override;
  void restore(const JobSpec& spec, Done done) override;
  void remove_job(const Uuid& workspace, const Uuid& operation, Done done) override;
  void logs(const Uuid& workspace, unsigned tail_lines, UniqueFunction<void(Result<std::string>)> done) override;
  void probe(const std::string& address, Done done) override;
  void on_event(UniqueFunction<void(std::optional<Uuid> workspace)> hint) override;
  std::string unready_reason() const override { return engine_.unready_reason(); }

 private:
  using MakeSequence = UniqueFunction<std::unique_ptr<docker::Sequence>(docker::Sequence::Done)>;
  void run(MakeSequence make, Done done);
  void run_job(docker::JobKind kind, const JobSpec& spec, Done done);

  Loop& loop_;
  const OrchestratorSettings all_settings_;
  const RuntimeSettings& settings_;
  const std::string& deployment_;
  std::uint64_t next_ = 1;
  std::unordered_map<std::uint64_t, std::unique_ptr<docker::Sequence>> sequences_;
  std::unordered_map<std::uint64_t, std::unique_ptr<docker::Observation>> observations_;
  docker::Exits exits_;
  std::unique_ptr<docker::EventStream> events_;
  std::unique_ptr<docker::Images> images_;
  std::unique_ptr<docker::Networks> networks_;
  std::unordered_map<std::uint64_t, std::unique_ptr<HttpCall>> probes_;
  HttpClient probe_client_;
  docker::Engine engine_;  // destroyed first: no answer reaches what is above
};

}  // namespace hearth::orchestrator
