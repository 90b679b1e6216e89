#include <gtest/gtest.h>

#include <memory>

#include "base/arena.h"
#include "base/unique_function.h"

namespace hearth {
namespace {

TEST(Arena, AlignsAndGrowsAndKeepsOneBlock) {
  Arena arena(64);
  for (const std::size_t align : {1u, 2u, 8u, 16u}) {
    arena.allocate(3, 1);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(arena.allocate(5, align)) % align, 0u);
  }
  const std::string_view large = arena.copy(std::string(1000, 'x'));
  EXPECT_EQ(large, std::string(1000, 'x'));
  EXPECT_GE(arena.bytes_reserved(), 1064u);
  arena.reset();
  EXPECT_EQ(arena.bytes_reserved(), 64u);
  arena.copy("again");
  EXPECT_EQ(arena.bytes_reserved(), 64u);
  arena.release();
  EXPECT_EQ(arena.bytes_reserved(), 0u);
  EXPECT_EQ(arena.copy(""), "");
}

TEST(UniqueFunction, OwnsMoveOnlyCaptures) {
  auto owned = std::make_unique<int>(7);
  UniqueFunction<int(int)> f = [owned = std::move(owned)](int add) { return *owned + add; };
  UniqueFunction<int(int)> g = std::move(f);
  EXPECT_FALSE(f);
  EXPECT_EQ(g(1), 8);
}

TEST(UniqueFunction, DestroysSmallAndLargeTargetsOnce) {
  auto counted = std::make_shared<int>(0);
  struct Large {
    std::shared_ptr<int> kept;
    char padding[200] = {};
    void operator()() const {}
  };
  {
    UniqueFunction<void()> small = [counted] {};
    UniqueFunction<void()> large = Large{counted};
    EXPECT_EQ(counted.use_count(), 3);
    small = std::move(large);
    EXPECT_EQ(counted.use_count(), 2);
    small();
    small = nullptr;
    EXPECT_EQ(counted.use_count(), 1);
  }
  EXPECT_EQ(counted.use_count(), 1);
}

TEST(UniqueFunctionDeathTest, CallingAnEmptyOneAborts) {
  UniqueFunction<void()> empty;
  EXPECT_DEATH(empty(), "table_ != nullptr");
}

}  // namespace
}  // namespace hearth
