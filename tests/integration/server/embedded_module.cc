// A module that asks for one embedded server: the script named by HEARTH_TEST_SCRIPT, which gets the prefix's
// directory from HEARTH_TEST_DIRECTORY.
#include <cstdlib>

#include "hearth/module.h"

namespace {

class EmbeddedModule final : public hearth::Module {
 public:
  std::string_view name() const override { return "embedded-test"; }
  const hearth::config::DirectiveTable& directives() const override { return directives_; }
  void* directive_target() override { return nullptr; }
  std::vector<std::string> handlers() const override { return {}; }
  hearth::Result<void> configured(const hearth::config::Settings&) override { return {}; }
  std::vector<hearth::EmbeddedServer> embedded_servers() override {
    hearth::EmbeddedServer server;
    server.name = "script";
    server.prepare = [] { return std::system("echo prepared >> \"$HEARTH_TEST_DIRECTORY/events\"") == 0 ? 0 : 1; };
    server.argv = {"/bin/sh", std::getenv("HEARTH_TEST_SCRIPT")};
    server.environment = {"GREETING=hello=there"};
    server.stop_timeout = hearth::Milliseconds(3000);
    return {server};
  }
  hearth::Result<void> start(hearth::Host&) override { return {}; }
  std::unique_ptr<hearth::WorkerModule> create_worker(hearth::WorkerHost&) override { return nullptr; }
  void drain() override {}
  void stop() override {}

 private:
  hearth::config::DirectiveTable directives_;
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const hearth_module_descriptor hearth_module = {
    HEARTH_MODULE_ABI_VERSION, HEARTH_BUILD_FINGERPRINT, "embedded-test",
    [] { return static_cast<void*>(static_cast<hearth::Module*>(new EmbeddedModule)); },
    [](void* module) { delete static_cast<hearth::Module*>(module); }};
