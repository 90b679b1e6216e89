// A whole orchestrator on the test's thread, over a real PostgreSQL and a fake worker: requests go in as exchanges.
#pragma once

#include <gtest/gtest.h>

#include "orchestrator/control.h"
#include "support/fake_worker.h"
#include "support/loop_until.h"
#include "support/postgres.h"

namespace hearth::orchestrator {

class Node : public Host, public ControlLink {
 public:
  explicit Node(const std::string& database, OrchestratorSettings settings = {})
      : settings_(std::move(settings)), worker_(loop_) {
    settings_.coordinator = false;
    PgOptions options;
    options.conninfo = test::PostgresServer::shared().conninfo(database);
    control_ = std::make_unique<Control>(
        loop_, *this, settings_, Control::Options{"admin-password", options, options, options}, nullptr, nullptr);
    part_ = std::make_unique<WorkerPart>(worker_, *this, settings_);
    EXPECT_TRUE(until([this] { return ready(); })) << "the node did not get ready";
  }
  ~Node() override = default;

  unsigned worker_count() const override { return 1; }
  void post(unsigned, UniqueFunction<void(WorkerModule&)> task) override {
    loop_.post([this, task = std::move(task)]() mutable {
      if (part_) task(*part_);
    });
  }
  void set_ready(const std::string& component, std::string reason) override { reasons_[component] = std::move(reason); }
  void add_metrics(std::function<std::string()>) override {}

  void worker_started(unsigned worker) override {
    loop_.post([this, worker] { control_->worker_started(worker); });
  }
  void find_session(unsigned worker, std::string hash) override {
    loop_.post([this, worker, hash] { control_->find_session(worker, hash); });
  }
  void wake(ExchangeId exchange, const Uuid& workspace, const Uuid& owner) override {
    loop_.post([=, this] { control_->wake(exchange, workspace, owner); });
  }
  void call_api(ApiRequest request) override {
    loop_.post([this, request = std::move(request)]() mutable { control_->call_api(std::move(request)); });
  }
  void stream_ended(ExchangeId exchange) override {
    loop_.post([this, exchange] { control_->stream_ended(exchange); });
  }

  bool until(UniqueFunction<bool()> condition) {
    return test::run_until(loop_, std::move(condition), Milliseconds(20000));
  }
  bool ready() const {
    if (reasons_.size() < 2) return false;
    for (const auto& [component, reason] : reasons_) {
      if (!reason.empty()) return false;
    }
    return true;
  }

  test::FakeExchange& begin(std::string_view handler, test::FakeExchange::Wanted wanted) {
    test::FakeExchange& exchange = worker_.begin(std::move(wanted));
    part_->handler(handler).handle(exchange);
    return exchange;
  }
  // Another worker, which knows no session yet.
  void renew_worker() { part_ = std::make_unique<WorkerPart>(worker_, *this, settings_); }
  Control& control() { return *control_; }
  WorkerPart& part() { return *part_; }

 private:
  OrchestratorSettings settings_;
  Loop loop_;
  test::FakeWorker worker_;
  std::map<std::string, std::string> reasons_;
  std::unique_ptr<Control> control_;
  std::unique_ptr<WorkerPart> part_;
};

// One person's browser at a node.
class Browser {
 public:
  explicit Browser(Node& node, std::string address = "192.0.2.1") : node_(node), address_(std::move(address)) {}

  test::FakeExchange& start(std::string method, std::string path, const Json& body = nullptr,
                            std::vector<std::pair<std::string, std::string>> headers = {}) {
    test::FakeExchange::Wanted wanted;
    wanted.method = std::move(method);
    wanted.target = "/api/v1" + std::move(path);
    wanted.address = address_;
    if (!body.is_null()) {
      wanted.body = body.dump();
      wanted.headers.emplace_back("Content-Type", "application/json");
    }
    bool own_origin = false;
    for (auto& header : headers) {
      own_origin |= header.first == "Sec-Fetch-Site" || header.first == "Authorization";
      wanted.headers.push_back(std::move(header));
    }
    if (!own_origin) wanted.headers.emplace_back("Sec-Fetch-Site", "same-origin");
    if (!cookie.empty()) wanted.headers.emplace_back("Cookie", cookie);
    return node_.begin("api", std::move(wanted));
  }

  // Waits for the answer; its JSON is in `json`.
  int call(std::string method, std::string path, const Json& body = nullptr,
           std::vector<std::pair<std::string, std::string>> headers = {}) {
    last = &start(std::move(method), std::move(path), body, std::move(headers));
    EXPECT_TRUE(node_.until([this] { return last->over(); })) << "no answer";
    json = Json::parse(last->answer ? last->answer->body : "", nullptr, false);
    return last->status();
  }
  std::string code() const { return json["error"]["code"].get<std::string>(); }

  int log_in(const std::string& username = "admin", const std::string& password = "admin-password") {
    const int status = call("POST", "/login", {{"username", username}, {"password", password}});
    const std::string set = last->header("Set-Cookie");
    if (status == 200) cookie = set.substr(0, set.find(';'));
    return status;
  }

  test::FakeExchange& open(const std::string& path, bool navigation) {
    test::FakeExchange::Wanted wanted;
    wanted.target = path;
    if (navigation) wanted.headers.emplace_back("Sec-Fetch-Mode", "navigate");
    if (!cookie.empty()) wanted.headers.emplace_back("Cookie", cookie);
    return node_.begin("workspace", std::move(wanted));
  }

  std::string cookie;
  Json json;
  test::FakeExchange* last = nullptr;

 private:
  Node& node_;
  std::string address_;
};

class NodeTest : public testing::Test {
 protected:
  std::string sql(const std::string& text) { return test::PostgresServer::shared().sql(database_, text); }
  const std::string database_ = test::PostgresServer::shared().create_database();
};

}  // namespace hearth::orchestrator
