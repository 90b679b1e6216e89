#include "support/gateway/test_module.h"

namespace hearth::test {

namespace {

class FunctionHandler final : public Handler {
 public:
  FunctionHandler(const HandlerFunction& function, WorkerHost& worker) : function_(function), worker_(worker) {}
  void handle(Exchange& exchange) override { function_(exchange, worker_); }

 private:
  const HandlerFunction& function_;
  WorkerHost& worker_;
};

class TestWorker final : public WorkerModule {
 public:
  TestWorker(const Handlers& handlers, WorkerHost& worker) {
    for (const auto& [name, function] : handlers) handlers_.emplace(name, FunctionHandler(function, worker));
  }
  Handler& handler(std::string_view name) override { return handlers_.at(std::string(name)); }

 private:
  std::map<std::string, FunctionHandler> handlers_;
};

class TestModule final : public Module {
 public:
  explicit TestModule(Handlers handlers) : handlers_(std::move(handlers)) {}
  std::string_view name() const override { return "test"; }
  const config::DirectiveTable& directives() const override { return directives_; }
  void* directive_target() override { return nullptr; }
  std::vector<std::string> handlers() const override {
    std::vector<std::string> names;
    for (const auto& [name, function] : handlers_) names.push_back(name);
    return names;
  }
  Result<void> configured(const config::Settings&) override { return {}; }
  Result<void> start(Host&) override { return {}; }
  std::unique_ptr<WorkerModule> create_worker(WorkerHost& worker) override {
    return std::make_unique<TestWorker>(handlers_, worker);
  }
  void drain() override {}
  void stop() override {}

 private:
  Handlers handlers_;
  config::DirectiveTable directives_;
};

}  // namespace

std::shared_ptr<plugin::LoadedModule> make_test_module(Handlers handlers) {
  const hearth_module_descriptor descriptor{HEARTH_MODULE_ABI_VERSION, HEARTH_BUILD_FINGERPRINT, "test", nullptr,
                                            [](void* module) { delete static_cast<TestModule*>(module); }};
  return std::make_shared<plugin::LoadedModule>(descriptor, new TestModule(std::move(handlers)));
}

}  // namespace hearth::test
