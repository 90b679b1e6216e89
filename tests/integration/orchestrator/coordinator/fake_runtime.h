// A container runtime made of memory, and the world it acts on, which outlives it as a real engine outlives a process.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "orchestrator/runtime/workspace_runtime.h"
#include "runtime/loop.h"

namespace hearth::orchestrator {

struct World {
  struct Container {
    std::string runtime_id;
    std::string volume;
    std::string operation;
    bool running = true;
    bool answers = true;
    int exit_code = 0;
  };
  std::map<Uuid, Container> containers;
  std::map<std::string, Uuid> volumes;
  std::set<std::string> used;  // volumes a container has run on: they hold somebody's files
  std::set<std::string> used_and_removed;
  bool away = false;  // calls fail
  bool new_containers_answer = true;
  std::function<void(const std::string&)> entering = nullptr;  // each call, by name
  int created = 0;

  RuntimeSnapshot snapshot() const {
    RuntimeSnapshot result;
    for (const auto& [id, container] : containers) {
      ObservedContainer seen;
      seen.runtime_id = container.runtime_id;
      seen.running = container.running;
      seen.state = container.running ? "running" : "exited";
      if (container.running)
        seen.address = "10.0.0.1:8080";
      else
        seen.exit_code = container.exit_code;
      result.containers[id] = seen;
    }
    for (const auto& [name, id] : volumes) result.volumes[id].push_back({name, false});
    return result;
  }
};

// Each call passes two points where its process may die: before it takes effect, and after, before its answer.
class FakeRuntime final : public WorkspaceRuntime {
 public:
  // False: dead; nothing happens from here on.
  using Alive = std::function<bool(const char* where)>;
  FakeRuntime(Loop& loop, World& world, Alive alive) : loop_(loop), world_(world), alive_(std::move(alive)) {}
  ~FakeRuntime() override { *here_ = false; }

  void observe(UniqueFunction<void(Result<RuntimeSnapshot>)> done) override {
    if (!alive_("observe")) return;
    if (world_.away) return later([done = std::move(done)]() mutable { done(away()); });
    later([done = std::move(done), seen = world_.snapshot()]() mutable { done(std::move(seen)); });
  }
  void provision(const Uuid& id, const std::string& volume, Done done) override {
    act("provision", std::move(done), [this, id, volume]() -> Result<void> {
      world_.volumes.emplace(volume, id);
      return {};
    });
  }
  void start(const StartSpec& spec, Done done) override {
    act("start", std::move(done), [this, spec]() -> Result<void> {
      if (!world_.volumes.contains(spec.volume_name))
        return fail(ErrorCode::internal, ErrorSource::runtime, "no volume");
      const auto found = world_.containers.find(spec.workspace);
      if (found != world_.containers.end() && found->second.running && found->second.operation == spec.operation_id)
        return {};
      world_.containers[spec.workspace] = {std::to_string(++world_.created) + "-container-id",
                                           spec.volume_name,
                                           spec.operation_id,
                                           true,
                                           world_.new_containers_answer,
                                           0};
      world_.used.insert(spec.volume_name);
      return {};
    });
  }
  void stop(const Uuid& id, Done done) override {
    act("stop", std::move(done), [this, id]() -> Result<void> {
      world_.containers.erase(id);
      return {};
    });
  }
  void remove_volume(const Uuid&, const std::string& volume, Done done) override {
    act("remove_volume", std::move(done), [this, volume]() -> Result<void> {
      if (world_.used.contains(volume) && world_.volumes.contains(volume)) world_.used_and_removed.insert(volume);
      world_.volumes.erase(volume);
      return {};
    });
  }
  void logs(const Uuid&, unsigned, UniqueFunction<void(Result<std::string>)> done) override { done(std::string()); }
  void probe(const std::string&, Done done) override {
    bool answers = false;
    for (const auto& [id, container] : world_.containers) answers = answers || (container.running && container.answers);
    later([done = std::move(done), answers]() mutable {
      done(answers ? Result<void>() : Result<void>(fail(ErrorCode::unavailable, ErrorSource::upstream, "not yet")));
    });
  }
  void on_event(UniqueFunction<void(std::optional<Uuid>)> hint) override { hint_ = std::move(hint); }
  std::string unready_reason() const override { return {}; }

  void event() {
    if (hint_) hint_(std::nullopt);
  }

 private:
  static tl::unexpected<Error> away() { return fail(ErrorCode::unavailable, ErrorSource::runtime, "away", true); }
  void later(UniqueFunction<void()> task) {
    loop_.post([here = here_, task = std::move(task)]() mutable {
      if (*here) task();
    });
  }
  void act(const char* name, Done done, std::function<Result<void>()> effect) {
    if (world_.entering) world_.entering(name);
    if (!alive_(name)) return;
    Result<void> result = world_.away ? Result<void>(away()) : effect();
    if (!alive_(name)) return;
    later([done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
  }

  Loop& loop_;
  World& world_;
  Alive alive_;
  UniqueFunction<void(std::optional<Uuid>)> hint_;
  std::shared_ptr<bool> here_ = std::make_shared<bool>(true);
};

}  // namespace hearth::orchestrator
