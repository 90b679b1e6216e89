// The C entry of orchestrator.so.
#include "hearth/module_abi.h"
#include "orchestrator/orchestrator.h"

extern "C" {
extern __attribute__((visibility("default"))) const hearth_module_descriptor hearth_module;

const hearth_module_descriptor hearth_module = {
    HEARTH_MODULE_ABI_VERSION,
    HEARTH_BUILD_FINGERPRINT,
    "orchestrator",
    []() -> void* {
      try {
        hearth::Module* module = new hearth::orchestrator::Orchestrator;
        return module;
      } catch (...) {
        return nullptr;
      }
    },
    [](void* module) { delete static_cast<hearth::Module*>(module); },
};
}
