#include "config/loader.h"

#include <filesystem>

#include "config/builder.h"
#include "config/gateway_directives.h"
#include "config/reader.h"

namespace hearth::config {

namespace {

std::string absolute(const std::string& path, const std::string& base) {
  const std::filesystem::path p(path);
  return (p.is_absolute() ? p : std::filesystem::path(base) / p).lexically_normal().string();
}

}  // namespace

std::string LoadedConfiguration::dump() const {
  std::string out;
  for (const SourceFile& file : files) {
    out += "# configuration file " + file.path + ":\n" + file.text;
    if (file.text.empty() || file.text.back() != '\n') out += '\n';
    out += '\n';
  }
  return out;
}

Result<std::unique_ptr<LoadedConfiguration>> load(LoadOptions options) {
  std::error_code failed;
  const std::string here = std::filesystem::current_path(failed).string();
  const std::string prefix = absolute(options.prefix, here.empty() ? "/" : here);
  const std::string file = absolute(options.file, prefix);

  Builder builder(prefix, file);
  const DirectiveTable gateway = gateway_directives();
  auto loaded = std::make_unique<LoadedConfiguration>();
  Reader reader(builder, gateway, *loaded, options.load_module, options.testing);
  for (ModuleDirectives& module : options.modules) {
    if (auto added = reader.add_module(std::move(module)); !added) return fail(added.error());
  }
  if (auto read = reader.read_command_line(options.global_directives); !read) return fail(read.error());
  if (auto read = reader.read_main_file(file); !read) return fail(read.error());
  auto settings = builder.finish();
  if (!settings) return fail(settings.error());
  loaded->settings = std::move(*settings);
  loaded->warnings = std::move(builder.warnings);
  return loaded;
}

}  // namespace hearth::config
