// Composition root: arguments → configuration → modules → supervisor or server. No logic of its own.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "config/reference.h"
#include "log/log.h"
#include "server/configuration.h"
#include "server/pid_file.h"
#include "server/supervisor.h"

namespace {

using hearth::server::CommandLine;
using hearth::server::Configuration;

int report(const hearth::Error& error) {
  std::fprintf(stderr, "hearth: [emerg] %s\n", error.message.c_str());
  return 1;
}

int print_version(bool verbose) {
  std::fprintf(stderr, "hearth version: hearth/" HEARTH_VERSION "\n");
  if (verbose) std::fprintf(stderr, "build: " HEARTH_BUILD_FINGERPRINT "\nlibuv %s\n", uv_version_string());
  return 0;
}

int send_signal(const Configuration& configuration, const std::string& command) {
  const auto pid = hearth::server::running_pid(configuration.settings().pid_file);
  if (!pid) return report(pid.error());
  const int number = command == "stop" ? SIGTERM : command == "quit" ? SIGQUIT : command == "reload" ? SIGHUP : SIGUSR1;
  if (::kill(*pid, number) != 0) return report(hearth::system_error(errno, "signal pid " + std::to_string(*pid)));
  return 0;
}

int test_or_dump(const CommandLine& options, const hearth::Result<std::shared_ptr<Configuration>>& loaded, bool quiet) {
  if (!loaded) {
    report(loaded.error());
    std::fprintf(stderr, "hearth: configuration file %s test failed\n", options.file.c_str());
    return 1;
  }
  const std::string& file = (*loaded)->settings().file;
  if (!quiet) {
    std::fprintf(stderr, "hearth: the configuration file %s syntax is ok\n", file.c_str());
    std::fprintf(stderr, "hearth: configuration file %s test is successful\n", file.c_str());
  }
  if (options.dump) std::fputs((*loaded)->loaded->dump().c_str(), stdout);
  return 0;
}

int run_command(const Configuration& configuration, const std::string& command) {
  for (const auto& module : configuration.modules) {
    if (const auto code = (*module)->command(command)) return *code;
  }
  std::fprintf(stderr, "hearth: [emerg] no module that %s loads knows --%s: load_module orchestrator.so?\n",
               configuration.settings().file.c_str(), command.c_str());
  return 1;
}

int serve(const CommandLine& options, std::shared_ptr<Configuration> configuration) {
  const hearth::config::Settings& settings = configuration->settings();
  const auto level = static_cast<hearth::log::Level>(settings.error_log.level);
  if (auto opened = hearth::log::open(settings.error_log.target, level); !opened) return report(opened.error());
  for (const std::string& warning : configuration->loaded->warnings) hearth::log::warn("{}", warning);
  if (!settings.master_process) return hearth::server::run_without_supervisor(std::move(configuration));
  return hearth::server::Supervisor(options, std::move(configuration)).run();
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine options;
  options.file = "/etc/hearth/hearth.conf";
  options.prefix = "/var/lib/hearth";
  bool version = false;
  bool verbose_version = false;
  bool quiet = false;
  bool directives = false;
  std::string signal;

  CLI::App app{
      "Hearth: a gateway that keeps cloud development environments.\nWithout -s, -t, -T, -v or --gc-dry-run it serves, "
      "in the "
      "foreground unless \"daemon on;\" is configured."};
  app.name("hearth");
  app.add_option("-c", options.file, "configuration file, relative to the prefix")->capture_default_str();
  app.add_option("-p", options.prefix, "prefix: where relative paths in the configuration start")
      ->capture_default_str();
  app.add_option("-g", options.directives, "directives set before the file, e.g. \"worker_threads 2;\"");
  app.add_flag("-t", options.test, "test the configuration and exit");
  app.add_flag("-T", options.dump, "test the configuration, print all of it and exit");
  app.add_flag("-q", quiet, "with -t: say nothing unless it fails");
  app.add_option("-s", signal, "tell the running hearth: stop (at once), quit (drain first), reload, reopen (logs)")
      ->check(CLI::IsMember({"stop", "quit", "reload", "reopen"}));
  bool gc_dry_run = false;
  app.add_flag("--gc-dry-run", gc_dry_run,
               "print which archives, volumes and uploads no workspace needs, and which of them would be removed now");
  app.add_flag("-v", version, "print the version and exit");
  app.add_flag("-V", verbose_version, "print version and build and exit");
  app.add_flag("--directives", directives, "print the directive reference (with -c: of the modules loaded there, too)");
  CLI11_PARSE(app, argc, argv);

  if (version || verbose_version) return print_version(verbose_version);
  if (directives) options.test = true;
  auto loaded = hearth::server::load_configuration(options);
  if (directives) {
    if (!loaded) return report(loaded.error());
    std::fputs(hearth::config::directive_reference((*loaded)->loaded->modules).c_str(), stdout);
    return 0;
  }
  if (options.test || options.dump) return test_or_dump(options, loaded, quiet);
  if (!loaded) return report(loaded.error());
  if (gc_dry_run) return run_command(**loaded, "gc-dry-run");
  if (!signal.empty()) return send_signal(**loaded, signal);
  return serve(options, std::move(*loaded));
}
