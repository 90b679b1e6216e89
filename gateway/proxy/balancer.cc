#include "proxy/balancer.h"

namespace hearth::proxy {

Balancer::Balancer(const config::UpstreamSettings& settings) : settings_(settings), states_(settings.servers.size()) {}

bool Balancer::usable(std::size_t index, std::uint64_t now_ms) const {
  const config::UpstreamServer& server = settings_.servers[index];
  const State& state = states_[index];
  if (server.max_fails == 0 || state.fails < server.max_fails) return true;
  return now_ms >= state.first_fail_ms + static_cast<std::uint64_t>(server.fail_timeout.count());
}

int Balancer::pick(std::uint64_t now_ms, std::uint64_t excluded) {
  if (states_.size() == 1) return (excluded & 1) != 0 ? -1 : 0;
  enum { kPrimary, kBackup, kAnything };
  for (int round = kPrimary; round <= kAnything; ++round) {
    int best = -1;
    long total = 0;
    for (std::size_t i = 0; i < states_.size(); ++i) {
      const config::UpstreamServer& server = settings_.servers[i];
      if (server.down || (i < 64 && (excluded >> i & 1) != 0)) continue;
      if (round != kAnything && (server.backup != (round == kBackup) || !usable(i, now_ms))) continue;
      states_[i].current += server.weight;
      total += server.weight;
      if (best < 0 || states_[i].current > states_[static_cast<std::size_t>(best)].current) best = static_cast<int>(i);
    }
    if (best >= 0) {
      states_[static_cast<std::size_t>(best)].current -= total;
      return best;
    }
  }
  return -1;
}

void Balancer::failed(int index, std::uint64_t now_ms) {
  State& state = states_[static_cast<std::size_t>(index)];
  const auto window =
      static_cast<std::uint64_t>(settings_.servers[static_cast<std::size_t>(index)].fail_timeout.count());
  if (state.fails == 0 || now_ms >= state.first_fail_ms + window) {
    state.fails = 0;
    state.first_fail_ms = now_ms;
  }
  ++state.fails;
}

void Balancer::succeeded(int index) { states_[static_cast<std::size_t>(index)].fails = 0; }

}  // namespace hearth::proxy
