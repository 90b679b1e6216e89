#include "orchestrator/notify/event_bus.h"

#include <gtest/gtest.h>

namespace hearth::orchestrator {
namespace {

class EventBusTest : public testing::Test {
 protected:
  Identity person(const Uuid& id, std::string hash = "h") {
    Identity identity;
    identity.user = id;
    identity.secret_hash = std::move(hash);
    identity.expires_at = WallTime::max();
    return identity;
  }
  EventBus bus_{"boot",
                {[this](unsigned, std::vector<std::uint64_t> streams, const Frame& frame) {
                   for (const auto s : streams) got_[s] += *frame;
                 },
                 [this](ExchangeId id) { ended_.push_back(id.serial); }},
                3};
  std::map<std::uint64_t, std::string> got_;
  std::vector<std::uint64_t> ended_;
  const Uuid ann_ = Uuid::random(), bob_ = Uuid::random();
};

TEST_F(EventBusTest, DeliversToTheOwnerOnly) {
  bus_.add({0, 1}, person(ann_));
  bus_.add({0, 2}, person(bob_));
  bus_.publish(ann_, "workspace", "{}");
  EXPECT_EQ(got_[1], "id: boot-1\nevent: workspace\ndata: {}\n\n");
  EXPECT_EQ(got_.count(2), 0u);
  bus_.remove({0, 1});
  bus_.publish(ann_, "workspace", "{}");
  EXPECT_EQ(got_[1].find("boot-2"), std::string::npos);
}

TEST_F(EventBusTest, ReplaysWhileTheRingReachesBack) {
  for (int i = 1; i <= 5; ++i) bus_.publish(i == 4 ? bob_ : ann_, "workspace", std::to_string(i));
  EXPECT_EQ(bus_.since(1, ann_), std::nullopt) << "2 is gone";
  ASSERT_NE(bus_.since(2, ann_), std::nullopt);
  EXPECT_EQ(*bus_.since(3, ann_), event_frame("boot-5", "workspace", "5"));
  EXPECT_EQ(*bus_.since(5, ann_), "");
  EXPECT_EQ(bus_.since(6, ann_), std::nullopt);
}

TEST_F(EventBusTest, KnowsItsOwnIdsOnly) {
  bus_.publish(ann_, "workspace", "{}");
  EXPECT_EQ(bus_.parse_id("boot-1"), 1u);
  EXPECT_EQ(bus_.parse_id("boot-0"), 0u);
  for (const char* id : {"", "boot", "boot-", "boot-2", "boot-x", "boo-1", "other-1", "1"}) {
    EXPECT_EQ(bus_.parse_id(id), std::nullopt) << id;
  }
}

TEST_F(EventBusTest, EndsStreamsOfASessionAndAUser) {
  bus_.add({0, 1}, person(ann_, "a"));
  bus_.add({0, 2}, person(ann_, "b"));
  bus_.add({0, 3}, person(bob_, "c"));
  bus_.finish_session("a");
  EXPECT_EQ(ended_, std::vector<std::uint64_t>{1});
  bus_.finish_user(bob_);
  EXPECT_EQ(ended_, (std::vector<std::uint64_t>{1, 3}));
  bus_.finish_all();
  EXPECT_EQ(bus_.streams(), 0u);
}

TEST_F(EventBusTest, BoundsTheStreamsOfOneUser) {
  for (std::uint64_t i = 0; i < EventBus::kStreamsPerUser; ++i) EXPECT_TRUE(bus_.add({0, i}, person(ann_)));
  EXPECT_FALSE(bus_.add({0, 1000}, person(ann_)));
  EXPECT_TRUE(bus_.add({0, 1000}, person(bob_)));
}

TEST_F(EventBusTest, NamesSessionsWhoseTimeIsUp) {
  Identity identity = person(ann_);
  identity.expires_at = wall_now();
  bus_.add({0, 1}, identity);
  ASSERT_EQ(bus_.expired(wall_now() + Seconds(1)).size(), 1u);
  bus_.renew(person(ann_));
  EXPECT_TRUE(bus_.expired(wall_now() + Seconds(1)).empty());
}

}  // namespace
}  // namespace hearth::orchestrator
