// Configuration: the settings of one generation together with the module objects that read their part of it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/loader.h"
#include "plugin/loader.h"
#include "proxy/limit_zones.h"

namespace hearth::server {

struct CommandLine {
  std::string file = "conf/hearth.conf";
  std::string prefix = ".";
  std::string directives;  // -g
  bool test = false;       // -t
  bool dump = false;       // -T
};

struct Configuration {
  std::unique_ptr<config::LoadedConfiguration> loaded;
  std::vector<std::shared_ptr<plugin::LoadedModule>> modules;
  std::unique_ptr<proxy::LimitZones> limit_zones;  // shared by the workers

  const config::Settings& settings() const { return *loaded->settings; }
};

// Reads the files, loads modules and has each of them check its part.
Result<std::shared_ptr<Configuration>> load_configuration(const CommandLine& options);
// The gateway's own handlers: `metrics`.
std::vector<config::ContentHandler> built_in_handlers();

}  // namespace hearth::server
