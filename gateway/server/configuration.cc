#include "server/configuration.h"

namespace hearth::server {

std::vector<config::ContentHandler> built_in_handlers() {
  return {{"metrics", "Answers with the process's counters in Prometheus' text format."}};
}

Result<std::shared_ptr<Configuration>> load_configuration(const CommandLine& options) {
  auto configuration = std::make_shared<Configuration>();
  config::LoadOptions load;
  load.file = options.file;
  load.prefix = options.prefix;
  load.global_directives = options.directives;
  load.testing = options.test || options.dump;
  config::ModuleDirectives own;
  own.name = "gateway";
  own.handlers = built_in_handlers();
  load.modules.push_back(std::move(own));
  load.load_module = [&](const std::string& path) -> Result<config::ModuleDirectives> {
    auto loaded = plugin::load(path);
    if (!loaded) return fail(loaded.error());
    auto module = std::make_shared<plugin::LoadedModule>(std::move(*loaded));
    configuration->modules.push_back(module);
    config::ModuleDirectives directives;
    directives.name = std::string((*module)->name());
    directives.table = &(*module)->directives();
    directives.main_target = (*module)->directive_target();
    directives.keep = module;
    for (const std::string& handler : (*module)->handlers()) directives.handlers.push_back({handler, {}});
    return directives;
  };
  auto loaded = config::load(std::move(load));
  if (!loaded) return fail(loaded.error());
  configuration->loaded = std::move(*loaded);
  configuration->limit_zones = std::make_unique<proxy::LimitZones>(configuration->settings().http);
  for (const auto& module : configuration->modules) {
    if (auto checked = (*module)->configured(configuration->settings()); !checked) return fail(checked.error());
  }
  return configuration;
}

}  // namespace hearth::server
