// Authenticator: who stands behind a secret, and what happens when that ends. Thread: the orchestrator's.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "orchestrator/store/account_store.h"

namespace hearth::orchestrator {

class Authenticator {
 public:
  using Done = UniqueFunction<void(Result<std::optional<Identity>>)>;
  // Called at once when sessions end before their time, so that workers and event streams forget them.
  struct Outlets {
    std::function<void(const std::string& secret_hash)> session_ended;
    std::function<void(const Uuid& user, bool sessions_ended)> user_changed;
  };

  Authenticator(AccountStore& accounts, Outlets outlets) : accounts_(accounts), outlets_(std::move(outlets)) {}

  // An answer that was on its way while something was revoked is asked for again: it may be from before.
  void find_session(std::string secret_hash, Done done);
  void find_token(std::string secret_hash, Done done);

  // To be called after the database knows.
  void end_session(const std::string& secret_hash);
  void change_user(const Uuid& user, bool sessions_ended);

 private:
  AccountStore& accounts_;
  Outlets outlets_;
  std::uint64_t revocations_ = 0;
};

}  // namespace hearth::orchestrator
