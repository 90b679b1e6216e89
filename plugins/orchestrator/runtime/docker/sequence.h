// Sequences: the runtime's calls that need several steps at the engine. Each is one object that lives until it has
// reported, owned by the DockerRuntime. A resource whose labels are not ours is never touched: Error{conflict}.
#pragma once

#include "orchestrator/runtime/docker/engine.h"
#include "orchestrator/runtime/docker/images.h"
#include "orchestrator/runtime/docker/networks.h"
#include "orchestrator/runtime/docker/wire.h"

namespace hearth::orchestrator::docker {

struct Links {
  Engine& engine;
  Images& images;
  Networks& networks;
  const RuntimeSettings& settings;
  const std::string& deployment;
};

class Sequence {
 public:
  using Done = UniqueFunction<void(Result<void>)>;
  Sequence(const Links& links, Done done) : links_(links), done_(std::move(done)) {}
  virtual ~Sequence() = default;
  virtual void begin() = 0;

 protected:
  using Next = UniqueFunction<void(const HttpResponse&)>;
  // A step: `next` gets the engine's answer; no answer ends the sequence.
  void step(Request request, Next next);
  void finish(Result<void> result) { done_(std::move(result)); }  // the last thing a sequence does
  void finish_with(const HttpResponse& response, std::string_view what) {
    finish(tl::unexpected(error_of(response, what)));
  }
  void finish_foreign(const std::string& resource);
  // The workspace's container: by its name, else, when somebody has renamed it, by its labels. nullopt: there is none.
  // One that bears the name and is not ours ends the sequence.
  void find_workspace_container(const Uuid& workspace, UniqueFunction<void(std::optional<ContainerDetail>)> next);
  // Removes the container with this engine id, by force; the volume stays. Then `next`.
  void remove_container(const std::string& engine_id, UniqueFunction<void()> next);

  Links links_;

 private:
  using Found = UniqueFunction<void(std::optional<ContainerDetail>)>;
  void find_by_labels(const Uuid& workspace, Found next);
  void look_at_container(const std::string& id_or_name, const Uuid& workspace, Found next,
                         UniqueFunction<void(Found)> absent);

  Done done_;
};

// Volume and network and image, then a container of this operation, running.
std::unique_ptr<Sequence> start_sequence(const Links& links, StartSpec spec, Sequence::Done done);
// Container stopped (10 s, then killed) and removed.
std::unique_ptr<Sequence> stop_sequence(const Links& links, const Uuid& workspace, Sequence::Done done);
std::unique_ptr<Sequence> provision_sequence(const Links& links, const Uuid& workspace, std::string volume,
                                             Sequence::Done done);
std::unique_ptr<Sequence> remove_volume_sequence(const Links& links, const Uuid& workspace, std::string volume,
                                                 Sequence::Done done);

}  // namespace hearth::orchestrator::docker
