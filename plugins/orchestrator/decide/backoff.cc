#include "orchestrator/decide/backoff.h"

#include <algorithm>

namespace hearth::orchestrator {

Milliseconds backoff(int failures, double jitter) {
  const int doublings = std::clamp(failures - 1, 0, 16);
  const Milliseconds full = std::min(kBackoffMost, kBackoffFirst * (1 << doublings));
  const auto off = static_cast<std::int64_t>(static_cast<double>(full.count()) * 0.25 * std::clamp(jitter, 0.0, 1.0));
  return std::max(kBackoffFirst, full - Milliseconds(off));
}

int CrashWindow::add(WallTime now) {
  times_.push_back(now);
  return count(now);
}

int CrashWindow::count(WallTime now) {
  while (!times_.empty() && now - times_.front() > kCrashWindow) times_.pop_front();
  return static_cast<int>(times_.size());
}

}  // namespace hearth::orchestrator
