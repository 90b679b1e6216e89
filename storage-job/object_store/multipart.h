// How an object is cut into parts and ranges. Pure functions.
#pragma once

#include <cstdint>
#include <vector>

namespace hearth::object_store {

// S3's limits: 10 000 parts of 5 MiB to 5 GiB each, the last one may be smaller.
inline constexpr std::uint64_t kMinPart = 5ull << 20;
inline constexpr std::uint64_t kMaxPart = 5ull << 30;
inline constexpr unsigned kMaxParts = 10000;
inline constexpr std::uint64_t kDefaultPart = 8ull << 20;
// What parts in flight may hold together; fewer of them fly when they are large.
inline constexpr std::uint64_t kPartMemory = 48ull << 20;

struct PartPlan {
  std::uint64_t part_size = kDefaultPart;
  unsigned in_flight = 4;  // 1 to 8
};

// For an object of at most `expected_size` bytes (0: unknown). All parts have one size, because some stores insist.
// With an unknown size: 16 MiB parts, enough for 156 GiB.
PartPlan plan_parts(std::uint64_t expected_size);

struct Range {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};
// [0, size) in pieces of `piece`, the last one shorter; none for an empty object.
std::vector<Range> plan_ranges(std::uint64_t size, std::uint64_t piece);

}  // namespace hearth::object_store
