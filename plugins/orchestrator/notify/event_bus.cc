#include "orchestrator/notify/event_bus.h"

#include <algorithm>
#include <map>

#include "base/strings.h"

namespace hearth::orchestrator {

std::string event_frame(std::string_view id, std::string_view event, std::string_view data) {
  std::string frame;
  frame.reserve(id.size() + event.size() + data.size() + 24);
  if (!id.empty()) frame.append("id: ").append(id).append("\n");
  frame.append("event: ").append(event).append("\ndata: ").append(data).append("\n\n");
  return frame;
}

EventBus::EventBus(std::string boot, Outlets outlets, std::size_t ring)
    : boot_(std::move(boot)), outlets_(std::move(outlets)), capacity_(ring) {}

void EventBus::publish(const Uuid& owner, std::string_view event, std::string_view data) {
  const std::uint64_t sequence = ++last_;
  auto frame = std::make_shared<const std::string>(event_frame(id(sequence), event, data));
  ring_.push_back({sequence, owner, frame});
  if (ring_.size() > capacity_) ring_.pop_front();
  std::map<unsigned, std::vector<std::uint64_t>> by_worker;
  for (const Stream& stream : streams_) {
    if (stream.identity.user == owner) by_worker[stream.id.worker].push_back(stream.id.serial);
  }
  for (auto& [worker, streams] : by_worker) outlets_.send(worker, std::move(streams), frame);
}

std::string EventBus::id(std::uint64_t sequence) const { return boot_ + "-" + std::to_string(sequence); }

std::optional<std::uint64_t> EventBus::parse_id(std::string_view text) const {
  if (!text.starts_with(boot_) || text.size() <= boot_.size() + 1 || text[boot_.size()] != '-') return std::nullopt;
  const auto sequence = parse_decimal<std::uint64_t>(text.substr(boot_.size() + 1));
  return sequence && *sequence <= last_ ? sequence : std::nullopt;
}

std::optional<std::string> EventBus::since(std::uint64_t sequence, const Uuid& user) const {
  if (sequence > last_ || sequence + ring_.size() < last_) return std::nullopt;
  std::string missed;
  for (const Event& event : ring_) {
    if (event.sequence > sequence && event.owner == user) missed += *event.frame;
  }
  return missed;
}

bool EventBus::add(ExchangeId stream, Identity identity) {
  const auto mine = std::count_if(streams_.begin(), streams_.end(),
                                  [&identity](const Stream& s) { return s.identity.user == identity.user; });
  if (static_cast<std::size_t>(mine) >= kStreamsPerUser) return false;
  streams_.push_back({stream, std::move(identity)});
  return true;
}

void EventBus::remove(ExchangeId stream) {
  std::erase_if(streams_, [&stream](const Stream& s) { return s.id == stream; });
}

template <class Predicate>
void EventBus::finish_if(Predicate predicate) {
  std::vector<ExchangeId> ended;
  std::erase_if(streams_, [&](const Stream& stream) {
    if (!predicate(stream)) return false;
    ended.push_back(stream.id);
    return true;
  });
  for (const ExchangeId& id : ended) outlets_.finish(id);
}

void EventBus::finish_session(const std::string& secret_hash) {
  finish_if([&secret_hash](const Stream& s) { return s.identity.secret_hash == secret_hash; });
}

void EventBus::finish_user(const Uuid& user) {
  finish_if([&user](const Stream& s) { return s.identity.user == user; });
}

void EventBus::finish_all() {
  finish_if([](const Stream&) { return true; });
}

std::vector<Identity> EventBus::expired(WallTime now) const {
  std::map<std::string, Identity> found;
  for (const Stream& stream : streams_) {
    if (stream.identity.expires_at <= now) found.emplace(stream.identity.secret_hash, stream.identity);
  }
  std::vector<Identity> identities;
  identities.reserve(found.size());
  for (auto& [hash, identity] : found) identities.push_back(std::move(identity));
  return identities;
}

void EventBus::renew(const Identity& identity) {
  for (Stream& stream : streams_) {
    if (stream.identity.secret_hash == identity.secret_hash) stream.identity = identity;
  }
}

}  // namespace hearth::orchestrator
