#include "plugin/loader.h"

#include <dlfcn.h>

#include <cstring>
#include <utility>

namespace hearth::plugin {

namespace {
tl::unexpected<Error> refuse(std::string message) {
  return fail(ErrorCode::invalid_argument, ErrorSource::config, std::move(message));
}
}  // namespace

LoadedModule::LoadedModule(const hearth_module_descriptor& descriptor, Module* module)
    : destroy_(descriptor.destroy), module_(module) {}

LoadedModule::LoadedModule(LoadedModule&& other) noexcept
    : destroy_(other.destroy_), module_(std::exchange(other.module_, nullptr)) {}

LoadedModule::~LoadedModule() {
  if (module_ != nullptr) destroy_(module_);
}

Result<LoadedModule> load(const std::string& path) {
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = ::dlerror();
    return refuse("cannot load module: " + std::string(why != nullptr ? why : path));
  }
  const void* symbol = ::dlsym(library, HEARTH_MODULE_SYMBOL);
  if (symbol == nullptr) {
    return refuse("\"" + path + "\" is not a hearth module: it has no symbol \"" HEARTH_MODULE_SYMBOL "\"");
  }
  return instantiate(static_cast<const hearth_module_descriptor*>(symbol), path);
}

Result<LoadedModule> instantiate(const hearth_module_descriptor* descriptor, const std::string& origin) {
  if (descriptor->abi_version != HEARTH_MODULE_ABI_VERSION) {
    return refuse("module \"" + origin + "\" has ABI version " + std::to_string(descriptor->abi_version) +
                  ", this hearth needs " + std::to_string(HEARTH_MODULE_ABI_VERSION) + ": build it again");
  }
  if (descriptor->build_fingerprint == nullptr ||
      std::strcmp(descriptor->build_fingerprint, HEARTH_BUILD_FINGERPRINT) != 0) {
    return refuse("module \"" + origin + "\" comes from another build (" +
                  (descriptor->build_fingerprint != nullptr ? descriptor->build_fingerprint : "none") +
                  "), this hearth is " HEARTH_BUILD_FINGERPRINT ": build both together");
  }
  if (descriptor->create == nullptr || descriptor->destroy == nullptr || descriptor->name == nullptr) {
    return refuse("module \"" + origin + "\" has an incomplete descriptor");
  }
  void* object = descriptor->create();
  if (object == nullptr) return refuse("module \"" + origin + "\" could not be created");
  return LoadedModule(*descriptor, static_cast<Module*>(object));
}

}  // namespace hearth::plugin
