// ApiHandler: /api/v1/ on a worker. Reads the body, hands the request to the orchestrator's thread, and gives its
// answer, or the events of a stream, to the client. Worker's thread.
#pragma once

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "hearth/module.h"
#include "orchestrator/gate/control_link.h"
#include "orchestrator/notify/event_bus.h"
#include "runtime/timer.h"

namespace hearth::orchestrator {

class ApiHandler : public Handler {
 public:
  static constexpr std::size_t kMaxWaiting = 1024;  // calls without an answer yet, per worker
  static constexpr Milliseconds kHeartbeat{15000};

  ApiHandler(WorkerHost& worker, ControlLink& control);
  ~ApiHandler() override;

  void handle(Exchange& exchange) override;

  void answered(ExchangeId id, Reply reply);
  void open_stream(ExchangeId id, const std::string& first_frames);
  void send_frame(const std::vector<std::uint64_t>& streams, const Frame& frame);
  void finish_stream(ExchangeId id);

 private:
  void submit(Exchange& exchange, std::string body);
  void beat();

  WorkerHost& worker_;
  ControlLink& control_;
  std::unordered_set<std::uint64_t> waiting_;  // ExchangeId::serial
  std::unordered_set<std::uint64_t> streams_;
  Timer heartbeat_;
  std::shared_ptr<bool> alive_;  // exchanges may end after us
};

}  // namespace hearth::orchestrator
