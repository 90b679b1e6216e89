// Rows and conditions for the tests of decide/.
#pragma once

#include "orchestrator/decide/decide.h"

namespace hearth::orchestrator::test {

inline constexpr WallTime kNow{std::chrono::microseconds(1'700'000'000'000'000)};

// Letters: c = container, r = running, a = answers /healthz, x = exited, g = being removed, v = volume.
inline Conditions conditions(std::string_view letters) {
  const auto has = [&](char letter) { return letters.find(letter) != std::string_view::npos; };
  const auto make = [](std::string_view type, bool value, std::string_view reason) {
    return Condition{std::string(type), value ? "True" : "False", std::string(reason), "", kNow, 0};
  };
  Conditions result;
  result.list.push_back(make(kContainerPresent, has('c'), "Test"));
  result.list.push_back(make(kContainerRunning, has('r'),
                             has('x')   ? kReasonExited
                             : has('g') ? kReasonRemoving
                                        : "Test"));
  result.list.push_back(make(kContainerReady, has('a'), "Test"));
  result.list.push_back(make(kVolumePresent, has('v'), "Test"));
  return result;
}

inline Workspace row(DesiredState desired, Operation operation = Operation::none, std::string volume = "vol-1") {
  Workspace result;
  result.id = *Uuid::parse("6f2c0e9a-58a4-4d1c-9b2e-0a1b2c3d4e5f");
  result.desired_state = desired;
  result.operation = operation;
  result.volume_name = std::move(volume);
  if (operation != Operation::none) result.op_started_at = kNow - Seconds(5);
  if (desired == DesiredState::deleted) result.deleted_at = kNow - Seconds(10);
  return result;
}

struct Case {
  Workspace workspace;
  Conditions observed;
  View view() const {
    View result{workspace, observed};
    result.seen = true;
    result.fresh = true;
    result.now = kNow;
    return result;
  }
};

}  // namespace hearth::orchestrator::test
