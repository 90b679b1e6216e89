#include "runtime/deadline_wheel.h"

#include <gtest/gtest.h>

namespace hearth {
namespace {

struct Entry final : DeadlineWheel::Entry {
  explicit Entry(UniqueFunction<void()> call) : callback(std::move(call)) {}
  void on_deadline() override { callback(); }
  UniqueFunction<void()> callback;
};

class Wheel : public ::testing::Test {
 protected:
  long elapsed() const { return std::chrono::duration_cast<Milliseconds>(SteadyClock::now() - begin_).count(); }
  void run_for(Milliseconds time) {
    Timer end(loop_);
    end.start(time, [this] { loop_.stop(); });
    loop_.run();
  }
  SteadyTime begin_ = SteadyClock::now();
  Loop loop_;
  DeadlineWheel wheel_{loop_};
};

TEST_F(Wheel, FiresOnceInTimeAndNeverEarly) {
  std::vector<long> fired;
  Entry a([&] { fired.push_back(elapsed()); });
  wheel_.set(a, Milliseconds(150));
  run_for(Milliseconds(500));
  ASSERT_EQ(fired.size(), 1u);
  EXPECT_GE(fired[0], 148);
  EXPECT_LE(fired[0], 450);
  EXPECT_FALSE(a.has_deadline());
}

TEST_F(Wheel, LaterAndEarlierReplaceTheDeadline) {
  long later = 0;
  long earlier = 0;
  int cleared = 0;
  Entry a([&] { later = elapsed(); });
  Entry b([&] { earlier = elapsed(); });
  Entry c([&] { ++cleared; });
  wheel_.set(a, Milliseconds(100));
  wheel_.set(a, Milliseconds(500));
  wheel_.set(b, Milliseconds(100000000));  // beyond one turn
  wheel_.set(b, Milliseconds(100));
  wheel_.set(c, Milliseconds(100));
  c.clear_deadline();
  run_for(Milliseconds(900));
  EXPECT_GE(later, 498);
  EXPECT_GT(earlier, 0);
  EXPECT_LE(earlier, 450);
  EXPECT_EQ(cleared, 0);
}

TEST_F(Wheel, FarDeadlineStaysSet) {
  int fired = 0;
  Entry a([&] { ++fired; });
  wheel_.set(a, Milliseconds(3600000));
  run_for(Milliseconds(250));
  EXPECT_EQ(fired, 0);
  EXPECT_TRUE(a.has_deadline());
}

TEST_F(Wheel, CallbacksMayDestroyAndSetAnyEntry) {
  std::string order;
  std::unique_ptr<Entry> victim;
  std::unique_ptr<Entry> self;
  Entry again([&] {
    order += "r";
    if (order.size() < 4) wheel_.set(again, Milliseconds(1));
  });
  victim = std::make_unique<Entry>([&] { order += "!"; });
  self = std::make_unique<Entry>([&] {
    victim.reset();
    order += "s";
    self.reset();
  });
  wheel_.set(*self, Milliseconds(50));
  wheel_.set(*victim, Milliseconds(50));
  wheel_.set(again, Milliseconds(50));
  run_for(Milliseconds(700));
  EXPECT_EQ(order, "srrr");
}

}  // namespace
}  // namespace hearth
