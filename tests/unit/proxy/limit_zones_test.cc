#include "proxy/limit_zones.h"

#include <gtest/gtest.h>

#include <thread>

namespace hearth::proxy {
namespace {

config::LimitZoneSettings zone(std::uint64_t rate, std::size_t size = 1 << 20) { return {"z", "", size, rate, {}}; }
config::LimitReqSettings limit(std::uint64_t burst, std::uint64_t delay = 0) { return {"z", burst, delay, {}}; }

TEST(RequestZone, RequestsWaitTheirTurnAndMoreThanTheBurstAreRefused) {
  RequestZone requests(zone(10 * 1000));  // one every 100 ms
  const auto at = [&](std::uint64_t ms) { return requests.admit("a", ms, limit(2), true); };
  EXPECT_EQ(at(1000), Milliseconds(0));
  EXPECT_EQ(at(1000), Milliseconds(100));
  EXPECT_EQ(at(1000), Milliseconds(200));
  EXPECT_EQ(at(1000), std::nullopt);
  EXPECT_EQ(at(1100), Milliseconds(200)) << "one has had its turn";
  EXPECT_EQ(at(1100), std::nullopt);
  EXPECT_EQ(at(9000), Milliseconds(0));
  EXPECT_EQ(requests.admit("b", 1000, limit(2), true), Milliseconds(0)) << "another key";
}

TEST(RequestZone, WithoutDelayTheBurstComesAtOnce) {
  RequestZone requests(zone(10 * 1000));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(requests.admit("a", 1000, limit(2, UINT64_MAX), true), Milliseconds(0));
  EXPECT_EQ(requests.admit("a", 1000, limit(2, UINT64_MAX), true), std::nullopt);
  RequestZone some(zone(10 * 1000));
  EXPECT_EQ(some.admit("a", 1000, limit(3, 1), true), Milliseconds(0));
  EXPECT_EQ(some.admit("a", 1000, limit(3, 1), true), Milliseconds(0));
  EXPECT_EQ(some.admit("a", 1000, limit(3, 1), true), Milliseconds(100));
}

TEST(RequestZone, AskingCostsNothing) {
  RequestZone requests(zone(1000));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(requests.admit("a", 1000, limit(0), false), Milliseconds(0));
  EXPECT_EQ(requests.admit("a", 1000, limit(0), true), Milliseconds(0));
  EXPECT_EQ(requests.admit("a", 1000, limit(0), false), std::nullopt);
}

TEST(RequestZone, AFullZoneForgetsWhoCameLongestAgo) {
  RequestZone requests(zone(1000, kBytesPerKey * kZoneParts));  // one key in each part
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(requests.admit(std::to_string(i), 1000, limit(0), true));
  EXPECT_EQ(requests.admit("999", 1000, limit(0), true), std::nullopt);
}

TEST(ConnectionZone, CountsUntilTheTicketIsGone) {
  ConnectionZone connections(zone(0));
  auto one = connections.enter("a", 2);
  ASSERT_TRUE(one);
  {
    const auto two = connections.enter("a", 2);
    EXPECT_TRUE(two);
    EXPECT_FALSE(connections.enter("a", 2));
    EXPECT_TRUE(connections.enter("b", 2));
  }
  auto two = connections.enter("a", 2);
  EXPECT_TRUE(two);
  ConnectionZone::Ticket moved = std::move(*one);
  one.reset();
  EXPECT_FALSE(connections.enter("a", 2)) << "what was moved away still counts";
}

TEST(ConnectionZone, AFullZoneRefusesNewKeys) {
  ConnectionZone connections(zone(0, kBytesPerKey * kZoneParts));
  std::vector<ConnectionZone::Ticket> tickets;
  for (int i = 0; i < 1000; ++i) {
    if (auto ticket = connections.enter(std::to_string(i), 1)) tickets.push_back(std::move(*ticket));
  }
  EXPECT_EQ(tickets.size(), kZoneParts);
}

TEST(ConnectionZone, IsSharedByThreads) {
  ConnectionZone connections(zone(0));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 2000; ++j) EXPECT_TRUE(connections.enter("a", 4));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(connections.enter("a", 1)) << "all have left";
}

}  // namespace
}  // namespace hearth::proxy
