// The loader: configuration text to frozen Settings.
//
// Several sources of directives take part: the gateway's own tables, modules linked in, and modules that `load_module`
// brings while the text is read. A block belongs to the source that opened it: only that source's directives are known
// inside. In main every source's `main` directives are known, each with its source's own target.
//
// Every error reads `file:line: message`, with nginx's words; an unknown directive names the nearest known one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/settings.h"
#include "hearth/directive.h"

namespace hearth::config {

// A content handler: inside `location`, the bare directive `name;` sets LocationSettings::handler to `name`.
struct ContentHandler {
  std::string name;
  std::string help;
};

// What one module (or the gateway's own parts) adds to the language.
struct ModuleDirectives {
  std::string name;                       // for messages and the reference: "orchestrator"
  const DirectiveTable* table = nullptr;  // may be null; must stay valid while the LoadedConfiguration lives
  void* main_target = nullptr;            // what its directives in main write into; one per load
  std::shared_ptr<void> keep;             // kept as long as the LoadedConfiguration; may own main_target
  std::vector<ContentHandler> handlers;
};

struct LoadOptions {
  std::string file;               // -c; relative to the prefix unless absolute
  std::string prefix;             // -p; relative to the working directory unless absolute
  std::string global_directives;  // -g; read before the file
  bool testing = false;           // -t, -T
  std::vector<ModuleDirectives> modules;
  // Called at each `load_module PATH;` (resolved against the prefix), before the next statement is read. Null: the
  // directive is refused. An error's message is completed with the place.
  std::function<Result<ModuleDirectives>(const std::string& path)> load_module;
};

struct SourceFile {
  std::string path;
  std::string text;
};

struct LoadedConfiguration {
  std::shared_ptr<const Settings> settings;  // all paths absolute, all lists inherited, default servers marked
  std::vector<SourceFile> files;             // everything read, in order, each path once
  std::vector<std::string> warnings;         // `file:line: message`
  std::vector<ModuleDirectives> modules;     // the given ones, then the loaded ones in order

  // The files as `hearth -T` prints them: "# configuration file PATH:" before each.
  std::string dump() const;
};

// Blocks: reads files and resolves names.
Result<std::unique_ptr<LoadedConfiguration>> load(LoadOptions options);

}  // namespace hearth::config
