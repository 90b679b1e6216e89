#include "sim/engine.h"

namespace hearth::sim {
namespace {

constexpr Milliseconds kGivesUp{30000};
constexpr Milliseconds kListingGivesUp{5000};

Error simulated(ErrorCode code, const char* what) { return {code, ErrorSource::runtime, true, 0, what}; }

}  // namespace

void Engine::answer(Milliseconds after, std::shared_ptr<Done> done, Result<void> result) {
  // The node may be another one by then; it then only hears nothing.
  sim_.after(after, [node = node_.handle(), done = std::move(done), result = std::move(result)]() mutable {
    if (Node* there = *node) there->deliver([done, result] { (*done)(result); });
  });
}

void Engine::call(std::string what, bool destroys, Done callback, Effect effect) {
  if (!node_.may_act(what.c_str())) return;
  if (destroys) node_.check_still_entitled(what);
  sim_.say("node {}: {}", node_.number(), what);
  const Mishap mishap = sim_.mishap(what);
  if (mishap == Mishap::death_before) return node_.kill("a call");
  auto done = std::make_shared<Done>(std::move(callback));
  const bool up = world_.engine_up;
  if (!up || mishap == Mishap::error_before || sim_.fault("engine call refused", 0.02)) {
    return answer(sim_.between(1, 50), done, fail(simulated(ErrorCode::unavailable, "simulated: refused")));
  }
  if (mishap == Mishap::timeout_before || sim_.fault("engine call never arrives", 0.01)) {
    return answer(kGivesUp, done, fail(simulated(ErrorCode::timeout, "simulated: no answer")));
  }
  const bool late = sim_.fault("engine call takes effect late", 0.02);
  const bool answer_lost = late || mishap == Mishap::timeout_after || sim_.fault("engine answer lost", 0.02);
  const bool failing = sim_.fault("engine says no", 0.02);
  const bool garbled =
      mishap == Mishap::garbage || mishap == Mishap::error_after || sim_.fault("engine answer garbled", 0.01);
  const bool dies = mishap == Mishap::death_after;
  const Milliseconds delay = late                     ? sim_.between(1000, 60000)
                             : mishap == Mishap::slow ? Milliseconds(20000)
                                                      : sim_.between(1, 300);
  sim_.after(delay, [this, node = node_.handle(), done, effect = std::move(effect), failing, garbled, dies, answer_lost,
                     what = std::move(what)] {
    Result<void> result =
        failing ? Result<void>(fail(ErrorCode::internal, ErrorSource::runtime, "simulated: failed")) : effect();
    if (Node* there = *node; there == nullptr || answer_lost) return;
    if (dies) return (*node)->kill("an answer");
    if (garbled) result = fail(simulated(ErrorCode::protocol, "simulated: garbage"));
    answer(sim_.between(0, 20), done, std::move(result));
  });
  if (answer_lost) answer(kGivesUp, done, fail(simulated(ErrorCode::timeout, "simulated: no answer")));
}

void Engine::observe(UniqueFunction<void(Result<RuntimeSnapshot>)> done) {
  if (!node_.may_act("observe")) return;
  const Mishap mishap = sim_.mishap("observe");
  if (mishap == Mishap::death_before || mishap == Mishap::death_after) return node_.kill("observe");
  auto shared = std::make_shared<decltype(done)>(std::move(done));
  const bool silent = mishap == Mishap::timeout_before || mishap == Mishap::timeout_after || mishap == Mishap::slow ||
                      sim_.fault("listing never answers", 0.005);
  const bool fails = !world_.engine_up || (mishap != Mishap::none && !silent) || sim_.fault("listing fails", 0.02);
  sim_.after(sim_.between(1, 30), [this, node = node_.handle(), shared, fails, silent] {
    if (*node == nullptr) return;
    auto seen = std::make_shared<Result<RuntimeSnapshot>>(world_.snapshot());
    if (fails || silent) *seen = fail(simulated(ErrorCode::unavailable, "simulated: listing"));
    sim_.after(silent ? kListingGivesUp : sim_.between(0, 30), [node, shared, seen] {
      if (Node* there = *node) there->deliver([shared, seen] { (*shared)(std::move(*seen)); });
    });
  });
}

void Engine::list_volumes(UniqueFunction<void(Result<Volumes>)> done) {
  observe([done = std::move(done)](Result<RuntimeSnapshot> seen) mutable {
    if (!seen) return done(fail(std::move(seen.error())));
    done(std::move(seen->volumes));
  });
}

void Engine::provision(const Uuid& workspace, const std::string& volume, Done done) {
  call("provision " + volume, false, std::move(done),
       [&world = world_, workspace, volume] { return world.create_volume(volume, workspace); });
}

// Image, create, start: the node speaks between the steps, so it may die there.
void Engine::start(const StartSpec& spec, Done done) {
  auto shared = std::make_shared<Done>(std::move(done));
  const auto old = world_.containers.find(spec.workspace);
  if (old != world_.containers.end()) {
    if (old->second.operation == spec.operation_id) return start_created(spec.workspace, shared);
    const std::string id = old->second.runtime_id;
    return call(
        "replace container " + id, true,
        [this, spec, shared](Result<void> removed) mutable {
          if (!removed) return (*shared)(std::move(removed));
          start(spec, [shared](Result<void> result) { (*shared)(std::move(result)); });
        },
        [&world = world_, id] { return world.remove_container(id); });
  }
  call(
      "create container of " + spec.workspace.text(), false,
      [this, spec, shared](Result<void> created) {
        if (!created) return (*shared)(std::move(created));
        start_created(spec.workspace, shared);
      },
      [&world = world_, spec] { return world.create_container(spec); });
}

void Engine::start_created(const Uuid& workspace, const std::shared_ptr<Done>& done) {
  const auto found = world_.containers.find(workspace);
  const std::string id = found == world_.containers.end() ? "" : found->second.runtime_id;
  call(
      "start container " + id, false, [done](Result<void> result) { (*done)(std::move(result)); },
      [&world = world_, workspace, id] { return world.start_container(workspace, id); });
}

// By the engine's id, as it is at the time of the call: a late removal hits what it was meant for.
void Engine::stop(const Uuid& workspace, Done done) {
  const auto found = world_.containers.find(workspace);
  const std::string id = found == world_.containers.end() ? "" : found->second.runtime_id;
  call("stop container " + id, true, std::move(done), [&world = world_, id] { return world.remove_container(id); });
}

void Engine::remove_volume(const Uuid&, const std::string& volume, Done done) {
  call("remove volume " + volume, true, std::move(done),
       [&world = world_, volume] { return world.remove_volume(volume); });
}

void Engine::archive(const JobSpec& spec, Done done) {
  call("archive job " + spec.operation.text(), false, std::move(done),
       [&world = world_, spec] { return world.start_job(spec, false); });
}

void Engine::restore(const JobSpec& spec, Done done) {
  call("restore job " + spec.operation.text(), false, std::move(done),
       [&world = world_, spec] { return world.start_job(spec, true); });
}

void Engine::remove_job(const Uuid&, const Uuid& operation, Done done) {
  call("remove job " + operation.text(), true, std::move(done),
       [&world = world_, operation] { return world.remove_job(operation); });
}

void Engine::probe(const std::string& address, Done done) {
  if (!node_.may_act("probe")) return;
  const bool yes = world_.answers(address) && !sim_.fault("probe lost", 0.02);
  answer(sim_.between(1, 20), std::make_shared<Done>(std::move(done)),
         yes ? Result<void>() : Result<void>(fail(simulated(ErrorCode::unavailable, "simulated: not yet"))));
}

}  // namespace hearth::sim
