// Modules' own directives, blocks and content handlers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/reference.h"
#include "unit/config/load_text.h"

namespace hearth::config {
namespace {

struct Store {
  std::string url;
  std::string region;
};
struct Orchestrator {
  Milliseconds ttl{0};
  std::vector<Store> stores;
  bool seen = false;
};

Orchestrator& orchestrator(void* target) { return *static_cast<Orchestrator*>(target); }

DirectiveTable orchestrator_table() {
  DirectiveTable table;
  table.push_back({.name = "orchestrator",
                   .contexts = "main",
                   .opens = "orchestrator",
                   .enter =
                       [](void* target, const Statement&, LoadContext&) {
                         orchestrator(target).seen = true;
                         return Result<void*>(target);
                       },
                   .leave = [](void* target, const Statement&, LoadContext&) -> Result<void> {
                     if (!orchestrator(target).stores.empty()) return {};
                     return fail(ErrorCode::invalid_argument, ErrorSource::config, "no store");
                   }});
  table.push_back({.name = "standby_ttl",
                   .contexts = "orchestrator",
                   .min_args = 1,
                   .max_args = 1,
                   .set = [](void* target, const Statement& statement, LoadContext&) -> Result<void> {
                     auto time = parse_time(statement.args[0]);
                     if (!time) return fail(time.error());
                     orchestrator(target).ttl = *time;
                     return {};
                   },
                   .syntax = "standby_ttl time",
                   .fallback = "30m",
                   .help = "How long."});
  // One name, with and without a block.
  const auto add_store = [](void* target, const Statement& statement) {
    orchestrator(target).stores.push_back({statement.args[0], ""});
  };
  table.push_back({.name = "archive_store",
                   .contexts = "orchestrator",
                   .min_args = 1,
                   .max_args = 1,
                   .set = [add_store](void* target, const Statement& statement, LoadContext&) -> Result<void> {
                     add_store(target, statement);
                     return {};
                   }});
  table.push_back({.name = "archive_store",
                   .contexts = "orchestrator",
                   .min_args = 1,
                   .max_args = 1,
                   .opens = "archive_store",
                   .enter = [add_store](void* target, const Statement& statement, LoadContext&) -> Result<void*> {
                     add_store(target, statement);
                     return static_cast<void*>(&orchestrator(target).stores.back());
                   }});
  table.push_back({.name = "region",
                   .contexts = "archive_store",
                   .min_args = 1,
                   .max_args = 1,
                   .set = [](void* target, const Statement& statement, LoadContext&) -> Result<void> {
                     static_cast<Store*>(target)->region = statement.args[0];
                     return {};
                   }});
  return table;
}

class ConfigModules : public ConfigTest {
 protected:
  ConfigModules() {
    options_.load_module = [this](const std::string& path) -> Result<ModuleDirectives> {
      loaded_.push_back(path);
      target_ = {};
      if (path.find("broken") != std::string::npos) {
        return fail(ErrorCode::invalid_argument, ErrorSource::config, "\"" + path + "\" is not a module");
      }
      ModuleDirectives module;
      module.name = "orchestrator";
      module.table = &table_;
      module.main_target = &target_;
      module.keep = owner_;
      module.handlers = {{"workspace", "The workspace proxy."}, {"api", ""}};
      return module;
    };
  }

  DirectiveTable table_ = orchestrator_table();
  Orchestrator target_;
  std::shared_ptr<int> owner_ = std::make_shared<int>(0);
  std::vector<std::string> loaded_;
};

TEST_F(ConfigModules, LoadModuleTakesEffectAtOnce) {
  const std::string serve = in_server("location /w/ { workspace; } location /api/ { api; }");
  auto loaded = load_text(
      "load_module modules/o.so;\norchestrator { standby_ttl 5m; archive_store s3://b { region r; } }" + serve);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_THAT(loaded_, ::testing::ElementsAre(directory_.path() + "/modules/o.so"));
  EXPECT_EQ(target_.ttl, Milliseconds(300000));
  ASSERT_EQ(target_.stores.size(), 1u);
  EXPECT_EQ(target_.stores[0].region, "r");
  const auto& locations = (*loaded)->settings->http.servers[0].locations;
  EXPECT_EQ(locations[0].handler, "workspace");
  EXPECT_EQ(locations[1].handler, "api");
  ASSERT_EQ((*loaded)->modules.size(), 1u);
  EXPECT_EQ((*loaded)->modules[0].name, "orchestrator");
  EXPECT_EQ(owner_.use_count(), 2);
  loaded->reset();
  EXPECT_EQ(owner_.use_count(), 1);
}

TEST_F(ConfigModules, Errors) {
  const auto expect = [&](const std::string& text, const std::string& error) {
    EXPECT_EQ(error_of(text), error) << text;
  };
  expect("orchestrator { }", "P/c.conf:1: unknown directive \"orchestrator\"");
  expect("\nload_module broken.so;", "P/c.conf:2: \"P/broken.so\" is not a module");
  expect("load_module o.so;\nload_module o.so;", "P/c.conf:2: module \"P/o.so\" is already loaded");
  expect("load_module o.so;\norchestrator { archive_store x; stanby_ttl 5m; }",
         "P/c.conf:2: unknown directive \"stanby_ttl\", did you mean \"standby_ttl\"?");
  expect("load_module o.so; orchestrator { standby_ttl 5x; }",
         "P/c.conf:1: invalid value \"5x\" in \"standby_ttl\" directive, it must be a time such as 30s, 500ms, 1h30m "
         "or 7d");
  expect("load_module o.so; orchestrator { listen 80; }",
         "P/c.conf:1: \"listen\" directive is not allowed here (allowed in: server)");
  expect("load_module o.so;\norchestrator {\n}", "P/c.conf:2: no store");
  expect("load_module o.so; orchestrator { archive_store a; archive_store b { } }",
         "P/c.conf:1: \"archive_store\" directive is duplicate");
  expect("load_module o.so; http { load_module p.so; }",
         "P/c.conf:1: \"load_module\" directive is not allowed here (allowed in: main)");
  expect(
      "load_module o.so;" + in_location("\nworkspace;\napi;"),
      "P/c.conf:3: \"api\" conflicts with \"workspace\" at P/c.conf:2: location \"/a\" can be answered by only one of "
      "them");
  expect(
      "load_module o.so;" + in_location("proxy_pass http://127.0.0.1; workspace;"),
      "P/c.conf:1: \"workspace\" conflicts with \"proxy_pass\" at P/c.conf:1: location \"/a\" can be answered by only "
      "one of them");
  expect("load_module o.so;" + in_location("workspace x;"),
         "P/c.conf:1: invalid number of arguments in \"workspace\" directive, expected: workspace");
  expect("load_module o.so;" + in_location("workspce;"),
         "P/c.conf:1: unknown directive \"workspce\", did you mean \"workspace\"?");
}

TEST_F(ConfigModules, RefusesTablesThatCannotWork) {
  table_.push_back({.name = "lost", .contexts = "location", .set = [](void*, const Statement&, LoadContext&) {
                      return Result<void>();
                    }});
  EXPECT_EQ(error_of("load_module o.so;"),
            "P/c.conf:1: module \"orchestrator\": no block opens the context \"location\" of its directive \"lost\"");
  options_.modules.push_back({});
  options_.modules.back().name = "gateway";
  options_.modules.back().handlers = {{"root", ""}};
  EXPECT_EQ(error_of(""), "module \"gateway\": its content handler \"root\" has the name of another directive");
}

TEST_F(ConfigModules, LinkedInHandlers) {
  options_.modules.push_back({});
  options_.modules.back().name = "gateway";
  options_.modules.back().handlers = {{"metrics", ""}};
  EXPECT_EQ(location_of("metrics; allow 127.0.0.1; deny all;")->handler, "metrics");
}

TEST_F(ConfigModules, Reference) {
  ModuleDirectives module;
  module.name = "orchestrator";
  module.table = &table_;
  module.handlers = {{"workspace", "The workspace proxy."}};
  const std::string text = directive_reference({module});
  EXPECT_NE(text.find("#### `listen`\n"), std::string::npos);
  EXPECT_NE(text.find("#### `include`\n"), std::string::npos);
  EXPECT_NE(text.find("| syntax | `daemon on \\| off;` |\n| default | `off` |\n| context | `main` |\n"),
            std::string::npos);
  EXPECT_NE(text.find("## orchestrator\n"), std::string::npos);
  EXPECT_NE(
      text.find("#### `standby_ttl`\n\n| | |\n|---|---|\n| syntax | `standby_ttl time;` |\n| default | `30m` |\n| "
                "context | `orchestrator` |\n\nHow long.\n"),
      std::string::npos);
  EXPECT_NE(text.find("#### `workspace`\n"), std::string::npos);
}

}  // namespace
}  // namespace hearth::config
