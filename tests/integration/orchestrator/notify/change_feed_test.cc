#include "orchestrator/notify/change_feed.h"

#include "integration/orchestrator/database_fixture.h"

namespace hearth::orchestrator {
namespace {

using test::run_until;

class ChangeFeedTest : public SchemaTest {
 protected:
  void SetUp() override {
    SchemaTest::SetUp();
    owner_ = add_user();
    id_ = add_workspace(owner_);
    ChangeFeed::Events events;
    events.changed = [this](const Uuid& id, const Uuid& owner) {
      heard_.push_back("changed " + label(id) + label(owner));
    };
    events.woken = [this](const Uuid& id) { heard_.push_back("woken " + label(id)); };
    events.resync = [this] { heard_.emplace_back("resync"); };
    feed_ = std::make_unique<ChangeFeed>(loop_, options(), std::move(events));
    ASSERT_TRUE(run_until(loop_, [&] { return !heard_.empty(); }));
    EXPECT_EQ(heard_, std::vector<std::string>{"resync"});
    EXPECT_EQ(feed_->unready_reason(), "");
    heard_.clear();
  }
  std::string label(const Uuid& id) { return id == id_ ? "W" : id == owner_ ? "O" : id == marker_ ? "M" : "?"; }

  // What is heard of one change. A marker sent after it tells that all of it has come.
  std::vector<std::string> after(const std::string& text) {
    heard_.clear();
    sql(text);
    sql("SELECT pg_notify('ws_wake', '" + marker_.text() + "')");
    EXPECT_TRUE(run_until(loop_, [&] { return !heard_.empty() && heard_.back() == "woken M"; }));
    std::vector<std::string> heard = heard_;
    if (!heard.empty()) heard.pop_back();
    return heard;
  }
  std::vector<std::string> after_update(const std::string& change) { return after("UPDATE workspaces SET " + change); }

  using Heard = std::vector<std::string>;
  const Uuid marker_ = Uuid::random();
  Uuid owner_;
  Uuid id_;
  Heard heard_;
  std::unique_ptr<ChangeFeed> feed_;
};

TEST_F(ChangeFeedTest, TellsOfWhatAUserSees) {
  EXPECT_EQ(after_update("memo = 'x'"), (Heard{"changed WO"}));
  EXPECT_EQ(after_update("phase = 'STANDBY'"), (Heard{"changed WO"}));
  EXPECT_EQ(after_update("operation = 'STARTING', op_started_at = now()"), (Heard{"changed WO"}));
  EXPECT_EQ(after_update(R"(conditions = '{"conditions": [], "address": "10.0.0.1:8080"}')"), (Heard{"changed WO"}));
}

TEST_F(ChangeFeedTest, IsSilentWhenNothingChanged) {
  EXPECT_EQ(after_update("observed_at = now()"), Heard{});
  EXPECT_EQ(after_update("name = name, memo = memo, phase = phase"), Heard{});
}

TEST_F(ChangeFeedTest, WakesTheCoordinatorForItsWork) {
  EXPECT_EQ(after_update("desired_state = 'STANDBY'"), (Heard{"changed WO", "woken W"}));
  EXPECT_EQ(after_update("error_reason = 'Timeout'"), (Heard{"changed WO"}));
  EXPECT_EQ(after_update("error_reason = ''"), (Heard{"changed WO", "woken W"}));
  EXPECT_EQ(after_update("desired_state = 'DELETED', deleted_at = now()"), (Heard{"changed WO", "woken W"}));
}

TEST_F(ChangeFeedTest, TellsOfNewAndPurgedRows) {
  EXPECT_EQ(after("INSERT INTO workspaces (owner_user_id, name) VALUES ('" + owner_.text() + "', 'two')"),
            (Heard{"changed ?O", "woken ?"}));
  EXPECT_EQ(after("DELETE FROM workspaces WHERE id = '" + id_.text() + "'"), (Heard{"changed WO"}));
}

TEST_F(ChangeFeedTest, AsksForAResyncAfterEveryReconnection) {
  server().stop();
  ASSERT_TRUE(run_until(loop_, [&] { return !feed_->unready_reason().empty(); }));
  server().start();
  ASSERT_TRUE(run_until(loop_, [&] { return !heard_.empty(); }));
  EXPECT_EQ(heard_, Heard{"resync"});
  EXPECT_EQ(after_update("memo = 'again'"), (Heard{"changed WO"}));
}

TEST_F(ChangeFeedTest, ForeignNoticesAreIgnored) {
  for (const char* payload : {"", "x", "[]", "{}", R"({"id": 7, "owner_user_id": 7})"}) {
    EXPECT_EQ(after("SELECT pg_notify('ws_changed', '" + std::string(payload) + "')"), Heard{}) << payload;
  }
  EXPECT_EQ(after("SELECT pg_notify('ws_wake', 'nobody')"), Heard{});
}

}  // namespace
}  // namespace hearth::orchestrator
