#include "orchestrator/auth/login_guard.h"

#include <algorithm>

#include "base/strings.h"

namespace hearth::orchestrator {

namespace {
std::string key_of(std::string_view account, std::string_view address) {
  std::string key = to_lower(account);
  key.push_back('\0');
  key.append(address);
  return key;
}

Seconds lock_after(int failures) {
  const int doublings = std::min(failures - LoginGuard::kFreeFailures, 10);
  return std::min(LoginGuard::kFirstLock * (1 << doublings), LoginGuard::kLongestLock);
}
}  // namespace

LoginGuard::Order::iterator LoginGuard::touch(std::string key, SteadyTime now) {
  const auto found = index_.find(key);
  if (found != index_.end()) {
    order_.splice(order_.begin(), order_, found->second);
    Entry& entry = *found->second;
    if (now - std::max(entry.last, entry.locked_until) > kForget) entry.failures = 0;
    return found->second;
  }
  if (order_.size() >= capacity_) {
    index_.erase(order_.back().key);
    order_.pop_back();
  }
  order_.push_front(Entry{key, 0, now, {}});
  index_.emplace(std::move(key), order_.begin());
  return order_.begin();
}

std::optional<Seconds> LoginGuard::begin(std::string_view account, std::string_view address, SteadyTime now) {
  Entry& entry = *touch(key_of(account, address), now);
  if (now < entry.locked_until) return std::chrono::ceil<Seconds>(entry.locked_until - now);
  entry.last = now;
  if (++entry.failures >= kFreeFailures) entry.locked_until = now + lock_after(entry.failures);
  return std::nullopt;
}

void LoginGuard::succeeded(std::string_view account, std::string_view address) {
  const auto found = index_.find(key_of(account, address));
  if (found == index_.end()) return;
  order_.erase(found->second);
  index_.erase(found);
}

void LoginGuard::abandoned(std::string_view account, std::string_view address) {
  const auto found = index_.find(key_of(account, address));
  if (found == index_.end()) return;
  Entry& entry = *found->second;
  if (entry.failures >= kFreeFailures) entry.locked_until = {};
  entry.failures = std::max(0, entry.failures - 1);
}

}  // namespace hearth::orchestrator
