// The SDK's worker side without a gateway: exchanges that remember how they were answered. One thread, header only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hearth/module.h"

namespace hearth::test {

class FakeExchange final : public Exchange {
 public:
  struct Wanted {
    std::string method = "GET";
    std::string target = "/";
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};
    bool websocket = false;
    std::string host = "hearth.example";
    std::string address = "192.0.2.1";
  };

  FakeExchange(ExchangeId id, Wanted wanted) : id_(id), wanted_(std::move(wanted)) {
    view_.method = wanted_.method;
    view_.target = wanted_.target;
    const std::size_t mark = view_.target.find('?');
    view_.path = view_.target.substr(0, mark);
    view_.has_query = mark != std::string_view::npos;
    if (view_.has_query) view_.query = view_.target.substr(mark + 1);
    view_.host = wanted_.host;
    view_.scheme = "http";
    view_.remote_address = wanted_.address;
    view_.request_id = "test";
    for (const auto& [name, value] : wanted_.headers) view_.headers.push_back({name, value});
    view_.has_body = !wanted_.body.empty();
    view_.websocket = wanted_.websocket;
  }

  ExchangeId id() const override { return id_; }
  const RequestView& request() const override { return view_; }
  void reply(Reply r) override {
    answer = std::move(r);
    end();
  }
  void proxy(ProxyPlan p) override {
    plan = std::move(p);
    end();
  }
  void start_stream(int, ReplyHeaders) override { streaming = true; }
  bool send(std::string_view bytes) override {
    sent.append(bytes);
    return true;
  }
  void finish() override {
    finished = true;
    end();
  }
  void read_body(std::size_t limit, UniqueFunction<void(Result<std::string>)> done) override {
    if (wanted_.body.size() > limit) return done(fail(ErrorCode::limit, ErrorSource::client, "too large"));
    done(wanted_.body);
  }
  void on_end(UniqueFunction<void()> callback) override { ended_ = std::move(callback); }
  void set_user(std::string) override {}

  bool over() const { return over_; }
  int status() const { return answer ? answer->status : 0; }
  std::string header(std::string_view name) const {
    for (const auto& [n, v] : answer ? answer->headers : ReplyHeaders{}) {
      if (n == name) return v;
    }
    return {};
  }
  void end() {
    over_ = true;
    if (auto callback = std::move(ended_)) callback();
  }

  std::optional<Reply> answer;
  std::optional<ProxyPlan> plan;
  bool streaming = false;
  bool finished = false;
  std::string sent;

 private:
  ExchangeId id_;
  Wanted wanted_;
  RequestView view_;
  UniqueFunction<void()> ended_;
  bool over_ = false;
};

class FakeWorker final : public WorkerHost {
 public:
  explicit FakeWorker(Loop& loop, unsigned index = 0) : loop_(loop), index_(index) {}

  unsigned index() const override { return index_; }
  Loop& loop() override { return loop_; }
  Exchange* find(ExchangeId id) override {
    const auto found = exchanges_.find(id.serial);
    return found == exchanges_.end() || found->second->over() ? nullptr : found->second.get();
  }
  // Stays readable after its end.
  FakeExchange& begin(FakeExchange::Wanted wanted) {
    const std::uint64_t serial = ++last_;
    auto exchange = std::make_unique<FakeExchange>(ExchangeId{index_, serial}, std::move(wanted));
    return *exchanges_.emplace(serial, std::move(exchange)).first->second;
  }

 private:
  Loop& loop_;
  unsigned index_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::unique_ptr<FakeExchange>> exchanges_;
};

}  // namespace hearth::test
