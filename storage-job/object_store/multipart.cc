#include "object_store/multipart.h"

#include <algorithm>

namespace hearth::object_store {

PartPlan plan_parts(std::uint64_t expected_size) {
  constexpr std::uint64_t kStep = 1ull << 20;
  PartPlan plan;
  if (expected_size == 0) {
    plan.part_size = 16ull << 20;
  } else {
    // 5 % to spare: what is expected is an estimate from the walk.
    const std::uint64_t room = kMaxParts - kMaxParts / 20;
    const std::uint64_t needed = (expected_size / room / kStep + 1) * kStep;
    plan.part_size = std::clamp(needed, kDefaultPart, kMaxPart);
  }
  plan.in_flight = static_cast<unsigned>(std::clamp<std::uint64_t>(kPartMemory / plan.part_size, 1, 6));
  return plan;
}

std::vector<Range> plan_ranges(std::uint64_t size, std::uint64_t piece) {
  std::vector<Range> out;
  for (std::uint64_t offset = 0; offset < size; offset += piece)
    out.push_back({offset, std::min(piece, size - offset)});
  return out;
}

}  // namespace hearth::object_store
