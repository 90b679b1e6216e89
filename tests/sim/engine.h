// Engine: a node's way to the container engine. Each call may fail before or after it took effect, be answered late, be
// answered never, or take effect long after its caller gave up.
#pragma once

#include "sim/node.h"

namespace hearth::sim {

class Engine final : public WorkspaceRuntime {
 public:
  Engine(Simulation& simulation, World& world, Node& node) : sim_(simulation), world_(world), node_(node) {}

  void observe(UniqueFunction<void(Result<RuntimeSnapshot>)> done) override;
  void list_volumes(UniqueFunction<void(Result<Volumes>)> done) override;
  void provision(const Uuid& workspace, const std::string& volume_name, Done done) override;
  void start(const StartSpec& spec, Done done) override;
  void stop(const Uuid& workspace, Done done) override;
  void remove_volume(const Uuid& workspace, const std::string& volume_name, Done done) override;
  void archive(const JobSpec& spec, Done done) override;
  void restore(const JobSpec& spec, Done done) override;
  void remove_job(const Uuid& workspace, const Uuid& operation, Done done) override;
  void logs(const Uuid&, unsigned, UniqueFunction<void(Result<std::string>)> done) override { done(std::string()); }
  void probe(const std::string& address, Done done) override;
  void on_event(UniqueFunction<void(std::optional<Uuid>)> hint) override { hint_ = std::move(hint); }
  std::string unready_reason() const override { return {}; }
  void event() {
    if (hint_) hint_(std::nullopt);
  }

 private:
  using Effect = std::function<Result<void>()>;
  // `destroys`: checked to come from the leader, or one deposed too lately to know.
  void call(std::string what, bool destroys, Done done, Effect effect);
  void answer(Milliseconds after, std::shared_ptr<Done> done, Result<void> result);
  void start_created(const Uuid& workspace, const std::shared_ptr<Done>& done);

  Simulation& sim_;
  World& world_;
  Node& node_;
  UniqueFunction<void(std::optional<Uuid>)> hint_;
};

}  // namespace hearth::sim
