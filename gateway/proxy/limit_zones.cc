#include "proxy/limit_zones.h"

#include <algorithm>

namespace hearth::proxy {
namespace {

constexpr std::uint64_t kOne = 1000;  // a request

std::size_t keys_in_a_part(const config::LimitZoneSettings& settings) {
  return std::max<std::size_t>(1, settings.size / kBytesPerKey / kZoneParts);
}

std::size_t part_of(std::string_view key) { return std::hash<std::string_view>()(key) % kZoneParts; }

}  // namespace

RequestZone::RequestZone(const config::LimitZoneSettings& settings)
    : rate_(settings.rate), most_(keys_in_a_part(settings)) {}

std::optional<Milliseconds> RequestZone::admit(std::string_view key, std::uint64_t now_ms,
                                               const config::LimitReqSettings& limit, bool charge) {
  Part& part = parts_[part_of(key)];
  const std::lock_guard lock(part.mutex);
  const auto found = part.by_key.find(key);
  std::uint64_t excess = 0;
  if (found != part.by_key.end()) {
    const Entry& entry = *found->second;
    const std::uint64_t since = now_ms > entry.at_ms ? now_ms - entry.at_ms : 0;  // workers' clocks may differ by a turn
    const std::uint64_t leaked = rate_ * since / 1000;
    excess = entry.excess + kOne - std::min(entry.excess + kOne, leaked);
  }
  if (excess > limit.burst * kOne) return std::nullopt;
  if (charge && found != part.by_key.end()) {
    Entry& entry = *found->second;
    entry.excess = excess;
    entry.at_ms = std::max(entry.at_ms, now_ms);
    part.entries.splice(part.entries.begin(), part.entries, found->second);
  } else if (charge) {
    if (part.entries.size() >= most_) {
      part.by_key.erase(part.entries.back().key);
      part.entries.pop_back();
    }
    part.entries.push_front({std::string(key), excess, now_ms});
    part.by_key.emplace(part.entries.front().key, part.entries.begin());
  }
  const bool waits = limit.delay != UINT64_MAX && excess > limit.delay * kOne;
  return Milliseconds(waits ? (excess - limit.delay * kOne) * 1000 / rate_ : 0);
}

ConnectionZone::ConnectionZone(const config::LimitZoneSettings& settings) : most_(keys_in_a_part(settings)) {}

ConnectionZone::Ticket::~Ticket() {
  if (zone_ != nullptr) zone_->leave(key_);
}

std::optional<ConnectionZone::Ticket> ConnectionZone::enter(std::string_view key, std::uint64_t most) {
  Part& part = parts_[part_of(key)];
  std::string name(key);
  const std::lock_guard lock(part.mutex);
  const auto found = part.counts.find(name);
  if (found == part.counts.end()) {
    if (part.counts.size() >= most_) return std::nullopt;
    part.counts.emplace(name, 1);
  } else {
    if (found->second >= most) return std::nullopt;
    ++found->second;
  }
  return Ticket(*this, std::move(name));
}

void ConnectionZone::leave(const std::string& key) {
  Part& part = parts_[part_of(key)];
  const std::lock_guard lock(part.mutex);
  const auto found = part.counts.find(key);
  if (--found->second == 0) part.counts.erase(found);
}

LimitZones::LimitZones(const config::HttpSettings& settings) {
  for (const config::LimitZoneSettings& zone : settings.limit_req_zones)
    requests_.emplace(zone.name, Requests{zone.key, std::make_unique<RequestZone>(zone)});
  for (const config::LimitZoneSettings& zone : settings.limit_conn_zones)
    connections_.emplace(zone.name, Connections{zone.key, std::make_unique<ConnectionZone>(zone)});
}

}  // namespace hearth::proxy
