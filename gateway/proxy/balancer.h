// Balancer: picks the server of an upstream block for each request: smooth weighted round robin over those that have
// not failed `max_fails` times within `fail_timeout`; backups when none is left; anything when all have failed, so
// that a wrong guess is not an outage (as nginx).
#pragma once

#include <cstdint>
#include <vector>

#include "config/settings.h"

namespace hearth::proxy {

class Balancer {
 public:
  explicit Balancer(const config::UpstreamSettings& settings);

  // Index into settings.servers; `excluded` is a bit mask of indexes already tried for this request. -1 = none left.
  int pick(std::uint64_t now_ms, std::uint64_t excluded);
  void failed(int index, std::uint64_t now_ms);
  void succeeded(int index);

 private:
  struct State {
    long current = 0;
    unsigned fails = 0;
    std::uint64_t first_fail_ms = 0;
  };
  bool usable(std::size_t index, std::uint64_t now_ms) const;

  const config::UpstreamSettings& settings_;
  std::vector<State> states_;
};

}  // namespace hearth::proxy
