// Images: makes sure that an image is here, pulling it when the settings allow. Concurrent wishes for one image share
// one pull. Thread: the loop's; destroyed after the Engine.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "orchestrator/runtime/docker/engine.h"
#include "orchestrator/settings.h"

namespace hearth::orchestrator::docker {

class Images {
 public:
  using Done = UniqueFunction<void(Result<void>)>;
  Images(Engine& engine, RuntimeSettings::Pull policy) : engine_(engine), policy_(policy) {}

  // Error{not_found} when the image is not here and cannot be had.
  void ensure(const std::string& image, Done done);

 private:
  struct Pull {
    std::vector<Done> waiting;
    std::string partial;  // an unfinished line of the engine's report
    std::string error;
  };
  void pull(const std::string& image, Done done);
  void progress(Pull& pull, std::string_view bytes);
  void pulled(const std::string& image, Result<HttpResponse> answer);

  Engine& engine_;
  RuntimeSettings::Pull policy_;
  std::unordered_map<std::string, Pull> pulls_;
};

}  // namespace hearth::orchestrator::docker
