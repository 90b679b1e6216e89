// Orchestrator: the module. Starts the orchestrator's thread (control.h) and gives each worker its part
// (worker_part.h).
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "hearth/module.h"
#include "orchestrator/gate/control_link.h"
#include "orchestrator/settings.h"

namespace hearth::orchestrator {

class Control;

// The directives that fill an OrchestratorSettings, given as the target of context "main".
const config::DirectiveTable& orchestrator_directives();

class Orchestrator : public Module {
 public:
  Orchestrator();
  ~Orchestrator() override;

  std::string_view name() const override { return "orchestrator"; }
  const config::DirectiveTable& directives() const override { return directives_; }
  void* directive_target() override { return &settings_; }
  std::vector<std::string> handlers() const override { return {"workspace", "api", "dashboard"}; }
  Result<void> configured(const config::Settings& settings) override;
  std::vector<EmbeddedServer> embedded_servers() override;

  std::optional<int> command(std::string_view name) override;
  Result<void> start(Host& host) override;
  std::unique_ptr<WorkerModule> create_worker(WorkerHost& worker) override;
  void drain() override;
  void stop() override;

 private:
  class Link;
  void run(Host& host, std::string admin_password);

  OrchestratorSettings settings_;
  config::DirectiveTable directives_;
  std::vector<EmbeddedServer> servers_;
  std::unique_ptr<Loop> loop_;  // from start() to stop(); workers post to it
  std::unique_ptr<Link> link_;
  std::thread thread_;
};

}  // namespace hearth::orchestrator
