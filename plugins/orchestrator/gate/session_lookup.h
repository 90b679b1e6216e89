// SessionLookup: who sent this request, from the worker's cache or, after a pause, from the orchestrator. Requests that
// ask about the same cookie at once share one question. Worker's thread.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "hearth/module.h"
#include "orchestrator/gate/control_link.h"
#include "orchestrator/gate/session_cache.h"

namespace hearth::orchestrator::gate {

class SessionLookup {
 public:
  static constexpr std::size_t kMaxWaiting = 4096;  // exchanges
  // null: no valid session.
  using Then = UniqueFunction<void(Exchange&, const Identity*)>;
  // Instead of Then: it cannot be said now (no database, too many waiting).
  using Failed = UniqueFunction<void(Exchange&)>;

  SessionLookup(WorkerHost& worker, ControlLink& control) : worker_(worker), control_(control) {}

  // Calls one of the two, perhaps before it returns; neither when the client goes away first.
  void find(Exchange& exchange, Then then, Failed failed);

  void answered(const std::string& secret_hash, Result<std::optional<Identity>> identity);
  void forget_session(const std::string& secret_hash) { cache_.forget_session(secret_hash); }
  void forget_user(const Uuid& user) { cache_.forget_user(user); }

 private:
  struct Waiting {
    ExchangeId exchange;
    Then then;
    Failed failed;
  };

  WorkerHost& worker_;
  ControlLink& control_;
  SessionCache cache_;
  std::unordered_map<std::string, std::vector<Waiting>> waiting_;  // by hash
  std::size_t waiting_count_ = 0;
};

}  // namespace hearth::orchestrator::gate
