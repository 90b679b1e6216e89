// Loads modules: one shared object each, or one linked into the program (tests).
//
// The plain-C descriptor is checked first (ABI version, then build fingerprint); only then is anything C++ touched.
// A shared object stays mapped until the process ends: code of it may still be referenced by what it handed out.
// Thread: main, while the configuration is read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "hearth/module.h"

namespace hearth::plugin {

class LoadedModule {
 public:
  LoadedModule(const hearth_module_descriptor& descriptor, Module* module);
  LoadedModule(LoadedModule&& other) noexcept;
  LoadedModule& operator=(LoadedModule&&) = delete;
  ~LoadedModule();  // destroys the module object

  Module& operator*() const { return *module_; }
  Module* operator->() const { return module_; }

 private:
  void (*destroy_)(void*);
  Module* module_;
};

// Error messages name the file, what was expected, and what was found.
Result<LoadedModule> load(const std::string& path);
// The checks of load() on a descriptor already in hand; `origin` names it in errors.
Result<LoadedModule> instantiate(const hearth_module_descriptor* descriptor, const std::string& origin);

}  // namespace hearth::plugin
