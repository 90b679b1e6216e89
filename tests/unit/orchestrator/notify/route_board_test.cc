#include "orchestrator/notify/route_board.h"

#include <gtest/gtest.h>

#include "support/loop_until.h"

namespace hearth::orchestrator {
namespace {

class RouteBoardTest : public testing::Test {
 protected:
  RouteBoardTest() {
    row_.id = Uuid::random();
    row_.name = "box";
    touch();
  }
  void touch() { row_.updated_at = WallTime(std::chrono::microseconds(++ticks_)); }
  std::vector<Workspace> rows() { return {row_}; }

  Loop loop_;
  Workspace row_;
  int ticks_ = 0;
  std::vector<RouteBoard::Rows> reads_;       // of some rows, unanswered
  std::vector<RouteBoard::Rows> everything_;  // of all rows, unanswered
  std::vector<RouteDelta> deltas_;
  std::vector<Workspace> announced_;
  RouteBoard board_{loop_,
                    {[this](const std::vector<Uuid>&, RouteBoard::Rows done) { reads_.push_back(std::move(done)); },
                     [this](RouteBoard::Rows done) { everything_.push_back(std::move(done)); },
                     [this](RouteDelta delta) { deltas_.push_back(std::move(delta)); },
                     [this](const Workspace& row) { announced_.push_back(row); }}};
};

TEST_F(RouteBoardTest, ReadsWhatChangedAndPublishesIt) {
  board_.resync();
  everything_.at(0)(rows());
  ASSERT_EQ(deltas_.size(), 1u);
  EXPECT_TRUE(deltas_[0].complete);
  EXPECT_TRUE(announced_.empty());
  row_.phase = Phase::running;
  row_.conditions.address = "172.18.0.2:8080";
  touch();
  board_.changed(row_.id);
  board_.changed(row_.id);
  reads_.at(0)(rows());
  ASSERT_EQ(deltas_.size(), 2u);
  EXPECT_EQ(deltas_[1].upserts.at(0).address.text(), "172.18.0.2:8080");
  EXPECT_EQ(announced_.size(), 1u);
  board_.changed(row_.id);
  reads_.at(1)(rows());
  EXPECT_EQ(deltas_.size(), 2u) << "nothing new";
}

TEST_F(RouteBoardTest, ARowThatWentIsRemovedAndAnnounced) {
  board_.resync();
  everything_.at(0)(rows());
  board_.changed(row_.id);
  reads_.at(0)(std::vector<Workspace>());
  EXPECT_EQ(deltas_.at(1).removals, std::vector<Uuid>{row_.id});
  ASSERT_EQ(announced_.size(), 1u);
  EXPECT_TRUE(announced_[0].deleted_at.has_value());
}

TEST_F(RouteBoardTest, ARowWrittenMeanwhileIsNotLostToAnOlderReading) {
  board_.resync();
  board_.put(row_);
  everything_.at(0)(std::vector<Workspace>());  // read before it was there
  EXPECT_EQ(deltas_.back().upserts.size(), 1u);
  reads_.at(0)(rows());
  EXPECT_EQ(board_.complete().upserts.size(), 1u);
}

TEST_F(RouteBoardTest, AFailedReadingIsRepeated) {
  board_.changed(row_.id);
  reads_.at(0)(fail(ErrorCode::unavailable, ErrorSource::database, "away", true));
  EXPECT_EQ(reads_.size(), 1u);
  ASSERT_TRUE(test::run_until(loop_, [&] { return reads_.size() == 2; }));
  reads_[1](rows());
  EXPECT_EQ(board_.complete().upserts.size(), 1u);
}

TEST_F(RouteBoardTest, KnowsWhatItHolds) {
  EXPECT_FALSE(board_.knows(row_.id, row_.updated_at, false));
  EXPECT_TRUE(board_.knows(row_.id, row_.updated_at, true));
  board_.resync();
  everything_.at(0)(rows());
  EXPECT_TRUE(board_.knows(row_.id, row_.updated_at, false));
  EXPECT_FALSE(board_.knows(row_.id, row_.updated_at, true));
  touch();
  EXPECT_FALSE(board_.knows(row_.id, row_.updated_at, false));
}

TEST_F(RouteBoardTest, WhenTooMuchChangedEverythingIsRead) {
  board_.resync();
  everything_.at(0)(rows());
  board_.changed(row_.id);  // keeps it reading
  for (std::size_t i = 0; i <= RouteBoard::kDirtyLimit; ++i) board_.changed(Uuid::random());
  reads_.at(0)(rows());
  ASSERT_EQ(everything_.size(), 2u);
  everything_.at(1)(rows());
  EXPECT_EQ(reads_.size(), 1u);
}

}  // namespace
}  // namespace hearth::orchestrator
