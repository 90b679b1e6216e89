// SessionCache: what is remembered about session cookies. Each worker has one, so that the data path asks nobody, and the
// orchestrator has one of what all of them asked, for when the database cannot be. An entry is at most kMaxAge old;
// logout and revocation clear at once. Bounded. Owner's thread.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "orchestrator/auth/identity.h"

namespace hearth::orchestrator::gate {

class SessionCache {
 public:
  static constexpr Seconds kMaxAge{60};
  static constexpr Seconds kMaxAgeOfNothing{5};  // for a cookie that is no session
  // How much longer a session is believed while nobody can be asked: a database that restarts stops nobody's work.
  static constexpr Seconds kGrace{300};
  static constexpr std::size_t kCapacity = 10000;

  struct Entry {
    std::optional<Identity> identity;  // nullopt: no such session
    SteadyTime until{};
  };

  // Null when unknown or too old: ask. `wall` is compared with the session's own end.
  const Entry* find(const std::string& secret_hash, SteadyTime now, WallTime wall) const;
  // For when asking has failed: a session that was known until lately and has not ended; else null.
  const Entry* last_known(const std::string& secret_hash, SteadyTime now, WallTime wall) const;
  const Entry& put(const std::string& secret_hash, std::optional<Identity> identity, SteadyTime now);
  void forget_session(const std::string& secret_hash);
  void forget_user(const Uuid& user);

 private:
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace hearth::orchestrator::gate
