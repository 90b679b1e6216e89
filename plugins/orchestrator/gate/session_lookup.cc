#include "orchestrator/gate/session_lookup.h"

#include "orchestrator/auth/token.h"

namespace hearth::orchestrator::gate {

void SessionLookup::find(Exchange& exchange, Then then, Failed failed) {
  const RequestView& request = exchange.request();
  const auto cookie = request.cookie(session_cookie_name(request.scheme));
  if (!cookie || cookie->empty()) return then(exchange, nullptr);
  const std::string hash = secret_hash(*cookie);
  if (const auto* entry = cache_.find(hash, worker_.loop().now(), wall_now())) {
    return then(exchange, entry->identity ? &*entry->identity : nullptr);
  }
  if (waiting_count_ >= kMaxWaiting) return failed(exchange);
  auto& asking = waiting_[hash];
  const bool first = asking.empty();
  asking.push_back({exchange.id(), std::move(then), std::move(failed)});
  ++waiting_count_;
  if (first) control_.find_session(worker_.index(), hash);
}

void SessionLookup::answered(const std::string& secret_hash, Result<std::optional<Identity>> identity) {
  auto asking = waiting_.extract(secret_hash);
  if (identity) cache_.put(secret_hash, *identity, worker_.loop().now());
  if (asking.empty()) return;
  waiting_count_ -= asking.mapped().size();
  for (Waiting& waiting : asking.mapped()) {
    Exchange* exchange = worker_.find(waiting.exchange);
    if (exchange == nullptr) continue;
    if (identity) {
      waiting.then(*exchange, *identity ? &**identity : nullptr);
    } else {
      waiting.failed(*exchange);
    }
  }
}

}  // namespace hearth::orchestrator::gate
