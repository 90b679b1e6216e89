// Networks: makes sure that the deployment's own network is here, once. The engine makes several of one name when asked
// at the same time, and then refuses to use any of them; so concurrent wishes share one look, and what somebody else
// made at the same moment is removed as far as nothing is attached to it. Thread: the loop's; destroyed after the
// Engine.
#pragma once

#include <string>
#include <vector>

#include "orchestrator/runtime/docker/engine.h"
#include "orchestrator/settings.h"

namespace hearth::orchestrator::docker {

class Networks {
 public:
  using Done = UniqueFunction<void(Result<void>)>;
  // All referred to outlives it.
  Networks(Engine& engine, const RuntimeSettings& settings, const std::string& deployment);

  // Error{conflict}: the name is somebody else's. A network that the settings name must exist; it is never made.
  void ensure(Done done);

 private:
  void look_for_given();
  void look();
  void looked(const HttpResponse& answer);
  void create();
  void remove_surplus(std::vector<std::string> ids, std::size_t left);
  void answer(Result<void> result);
  template <class Next>
  void call(Request request, Next next);

  Engine& engine_;
  const std::string& deployment_;
  const std::string name_;
  const bool own_;
  int rounds_ = 0;
  std::vector<Done> waiting_;
};

}  // namespace hearth::orchestrator::docker
