#include "object_store/multipart.h"

#include <gtest/gtest.h>

#include "object_store/transport.h"

namespace hearth::object_store {
namespace {

TEST(Multipart, TenThousandPartsAlwaysSuffice) {
  for (std::uint64_t size : {1ull, 5ull << 20, 80ull << 30, 156ull << 30, 1ull << 40, 5ull << 40, 40ull << 40}) {
    const PartPlan plan = plan_parts(size);
    EXPECT_GE(plan.part_size, kMinPart);
    EXPECT_LE(plan.part_size, kMaxPart);
    EXPECT_LE((size + plan.part_size - 1) / plan.part_size, kMaxParts) << size;
    // The size is an estimate; a twentieth more still fits.
    EXPECT_LE((size + size / 21 + plan.part_size - 1) / plan.part_size, kMaxParts) << size;
  }
}

TEST(Multipart, PartsInFlightStayWithinTheirMemory) {
  EXPECT_EQ(plan_parts(1).in_flight, 6u);
  for (std::uint64_t size : {1ull, 200ull << 30, 1ull << 40}) {
    const PartPlan plan = plan_parts(size);
    EXPECT_GE(plan.in_flight, 1u);
    EXPECT_TRUE(plan.in_flight == 1 || plan.in_flight * plan.part_size <= kPartMemory);
  }
}

TEST(Multipart, UnknownSizeAllowsForALargeObject) { EXPECT_GE(plan_parts(0).part_size * kMaxParts, 156ull << 30); }

TEST(Ranges, CoverTheObjectWithoutGaps) {
  EXPECT_TRUE(plan_ranges(0, 10).empty());
  const auto ranges = plan_ranges(25, 10);
  ASSERT_EQ(ranges.size(), 3u);
  std::uint64_t at = 0;
  for (const Range& range : ranges) {
    EXPECT_EQ(range.offset, at);
    at += range.size;
  }
  EXPECT_EQ(at, 25u);
  EXPECT_EQ(plan_ranges(20, 10).size(), 2u);
}

TEST(Backoff, GrowsToItsLimitAndIsJittered) {
  using std::chrono::milliseconds;
  const milliseconds first(200), limit(30'000);
  for (unsigned attempt = 0; attempt < 64; ++attempt)
    for (std::uint64_t random : {0ull, 12345ull, ~0ull}) {
      const auto wait = backoff(attempt, first, limit, random);
      EXPECT_GE(wait.count(), 0);
      EXPECT_LE(wait, std::min<milliseconds>(limit, first * (1ll << std::min(attempt, 20u))));
    }
  EXPECT_EQ(backoff(0, first, limit, 200), milliseconds(200));
  EXPECT_EQ(backoff(9, first, limit, 30'000), limit);
}

}  // namespace
}  // namespace hearth::object_store
