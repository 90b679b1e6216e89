#include "orchestrator/notify/catch_up.h"

#include <gtest/gtest.h>

#include "orchestrator/notify/hint_gate.h"
#include "support/loop_until.h"

namespace hearth::orchestrator {
namespace {

using test::run_until;

constexpr WallTime at(int seconds) { return WallTime(std::chrono::seconds(seconds)); }

class CatchUpTest : public testing::Test {
 protected:
  CatchUpTest() { catch_up_.set_period(Milliseconds(1)); }

  // Waits for the next look and answers it.
  std::optional<WallTime> look(Result<Changes> changes) {
    EXPECT_TRUE(run_until(loop_, [&] { return done_.has_value(); }));
    ChangeLog::Done done = std::move(*done_);
    done_.reset();
    done(std::move(changes));
    return since_;
  }
  static Changes changes(int now, std::vector<ChangedRow> rows = {}, bool too_many = false) {
    return {at(now), std::move(rows), too_many};
  }
  static Result<Changes> failure() { return fail(ErrorCode::unavailable, ErrorSource::database, "away", true); }

  Loop loop_;
  std::optional<ChangeLog::Done> done_;
  std::optional<WallTime> since_;
  std::optional<Uuid> known_;
  std::vector<Uuid> missed_;
  int resyncs_ = 0;
  CatchUp catch_up_{loop_,
                    {[this](std::optional<WallTime> since, ChangeLog::Done done) {
                       EXPECT_FALSE(done_) << "one look at a time";
                       since_ = since;
                       done_ = std::move(done);
                     },
                     [this](const ChangedRow& row) { return known_ == row.id; },
                     [this](const ChangedRow& row) { missed_.push_back(row.id); }, [this] { ++resyncs_; }},
                    {}};
};

TEST_F(CatchUpTest, TellsWhatIsNotKnownAndReachesBackBeyondTheLastLook) {
  catch_up_.look();
  EXPECT_EQ(look(changes(1000)), std::nullopt) << "only the time at first";
  const ChangedRow one{Uuid::random(), {}, at(990), false};
  const ChangedRow two{Uuid::random(), {}, at(1001), true};
  known_ = one.id;
  EXPECT_EQ(look(changes(1015, {one, two})), at(970));
  EXPECT_EQ(missed_, std::vector<Uuid>{two.id});
  EXPECT_EQ(look(failure()), at(985));
  EXPECT_EQ(look(changes(1045)), at(985)) << "a failed look is repeated";
  EXPECT_EQ(resyncs_, 0);
}

TEST_F(CatchUpTest, AsksForAResyncWhenItCannotTell) {
  catch_up_.look();
  look(failure());
  look(changes(1000));
  EXPECT_EQ(resyncs_, 1) << "nobody knows what happened before the first look";
  look(changes(999));
  EXPECT_EQ(resyncs_, 2) << "the clock went back";
  look(changes(1000, {{Uuid::random(), {}, at(999), false}}, true));
  EXPECT_EQ(resyncs_, 3) << "too much";
  EXPECT_TRUE(missed_.empty());
  look(changes(1000 + 1801));
  EXPECT_EQ(resyncs_, 4) << "too long ago for purged rows";
  EXPECT_EQ(look(changes(2802)), at(2771));
  EXPECT_EQ(resyncs_, 4);
}

TEST_F(CatchUpTest, LooksAgainWhenAskedDuringALook) {
  catch_up_.set_period(Milliseconds(600000));
  catch_up_.look();
  catch_up_.look();
  look(changes(1000));
  look(changes(1001));
  test::run_for(loop_, Milliseconds(20));
  EXPECT_FALSE(done_);
  catch_up_.set_period(Milliseconds(5));
  look(changes(1002));
}

TEST_F(CatchUpTest, IsSilentOnceDestroyed) {
  ChangeLog::Done late;
  {
    CatchUp short_lived(loop_,
                        {[&](std::optional<WallTime>, ChangeLog::Done done) { late = std::move(done); },
                         [](const ChangedRow&) { return false; }, [](const ChangedRow&) { FAIL(); }, [] { FAIL(); }},
                        {});
    short_lived.look();
  }
  late(failure());
}

TEST(HintGate, LetsTheFirstThroughAndGathersTheRest) {
  Loop loop;
  std::vector<std::optional<Uuid>> passed;
  HintGate gate(loop, [&](std::optional<Uuid> id) { passed.push_back(id); });
  const Uuid one = Uuid::random();
  const Uuid two = Uuid::random();
  gate.hint(one);
  EXPECT_EQ(passed.size(), 1u) << "at once";
  for (int i = 0; i < 100; ++i) gate.hint(two);
  EXPECT_EQ(passed.size(), 1u);
  ASSERT_TRUE(run_until(loop, [&] { return passed.size() > 1; }));
  EXPECT_EQ(passed, (std::vector<std::optional<Uuid>>{one, two}));
  for (std::size_t i = 0; i < 2 * HintGate::kMany; ++i) gate.hint(Uuid::random());
  ASSERT_TRUE(run_until(loop, [&] { return passed.size() > 2; }));
  test::run_for(loop, Milliseconds(30));
  EXPECT_EQ(passed.size(), 3u);
  EXPECT_EQ(passed.back(), std::nullopt) << "one for all";
}

}  // namespace
}  // namespace hearth::orchestrator
