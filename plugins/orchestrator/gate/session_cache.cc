#include "orchestrator/gate/session_cache.h"

namespace hearth::orchestrator::gate {

const SessionCache::Entry* SessionCache::find(const std::string& secret_hash, SteadyTime now, WallTime wall) const {
  const auto found = entries_.find(secret_hash);
  if (found == entries_.end() || now >= found->second.until) return nullptr;
  const Entry& entry = found->second;
  if (entry.identity && wall >= entry.identity->expires_at) return nullptr;
  return &entry;
}

const SessionCache::Entry* SessionCache::last_known(const std::string& secret_hash, SteadyTime now,
                                                    WallTime wall) const {
  const auto found = entries_.find(secret_hash);
  if (found == entries_.end() || !found->second.identity || now >= found->second.until + kGrace) return nullptr;
  return wall < found->second.identity->expires_at ? &found->second : nullptr;
}

const SessionCache::Entry& SessionCache::put(const std::string& secret_hash, std::optional<Identity> identity,
                                             SteadyTime now) {
  if (entries_.size() >= kCapacity && !entries_.contains(secret_hash)) {
    std::erase_if(entries_, [now](const auto& item) { return now >= item.second.until; });
    if (entries_.size() >= kCapacity) entries_.erase(entries_.begin());
  }
  const SteadyTime until = now + (identity ? kMaxAge : kMaxAgeOfNothing);
  return entries_[secret_hash] = Entry{std::move(identity), until};
}

void SessionCache::forget_session(const std::string& secret_hash) { entries_.erase(secret_hash); }

void SessionCache::forget_user(const Uuid& user) {
  std::erase_if(entries_,
                [&user](const auto& item) { return item.second.identity && item.second.identity->user == user; });
}

}  // namespace hearth::orchestrator::gate
