#include "integration/orchestrator/database_fixture.h"
#include "orchestrator/model/workspace.h"

namespace hearth::orchestrator {
namespace {

class WorkspacesSchema : public SchemaTest {
 protected:
  void SetUp() override {
    SchemaTest::SetUp();
    owner_ = add_user();
    id_ = add_workspace(owner_);
  }
  Result<PgResult> update(const std::string& change) {
    return run(connection_, "UPDATE workspaces SET " + change + " WHERE id = '" + id_.text() + "'");
  }
  void refused(const std::string& change) {
    const auto result = update(change);
    ASSERT_FALSE(result) << change;
    EXPECT_TRUE(is_check_violation(result.error())) << result.error().message;
  }

  Uuid owner_;
  Uuid id_;
  PgConnection connection_{loop_, options(), {}};
};

TEST_F(WorkspacesSchema, TakesEveryWordOfTheModelAndNoOther) {
  for (int i = 0; i <= static_cast<int>(Phase::deleted); ++i) {
    EXPECT_TRUE(update("phase = '" + std::string(name(static_cast<Phase>(i))) + "'"));
  }
  EXPECT_TRUE(update("phase = 'PENDING'"));
  for (int i = 1; i <= static_cast<int>(Operation::deleting); ++i) {
    EXPECT_TRUE(
        update("op_started_at = now(), archive_op_id = gen_random_uuid(), restore_op_id = gen_random_uuid(),"
               " operation = '" +
               std::string(name(static_cast<Operation>(i))) + "'"));
  }
  for (int i = 0; i <= static_cast<int>(ErrorReason::unreachable); ++i) {
    EXPECT_TRUE(update("error_reason = '" + std::string(name(static_cast<ErrorReason>(i))) + "'"));
  }
  for (const DesiredState state : {DesiredState::archived, DesiredState::standby, DesiredState::running}) {
    EXPECT_TRUE(update("desired_state = '" + std::string(name(state)) + "'"));
  }
  refused("phase = 'SLEEPING'");
  refused("operation = 'WAITING'");
  refused("error_reason = 'Whatever'");
  refused("desired_state = 'PENDING'");
}

TEST_F(WorkspacesSchema, RefusesRowsThatCannotBe) {
  refused("operation = 'STARTING'");                          // without a start
  refused("op_started_at = now()");                           // without an operation
  refused("operation = 'ARCHIVING', op_started_at = now()");  // without its id
  refused("operation = 'RESTORING', op_started_at = now()");
  refused("phase = 'ERROR', operation = 'STARTING', op_started_at = now()");
  refused("desired_state = 'DELETED'");  // both or none
  refused("deleted_at = now()");
  refused("name = ''");
  refused("name = repeat('x', 256)");
  refused("description = repeat('x', 501)");
  refused("image_ref = repeat('x', 513)");
  refused("standby_ttl_seconds = -1");
  EXPECT_TRUE(update("description = repeat('ä', 500), name = repeat('ä', 255)"));
}

TEST_F(WorkspacesSchema, NamesAreUniquePerOwnerAmongLiveRows) {
  const char* insert = "INSERT INTO workspaces (owner_user_id, name) VALUES ($1, 'home')";
  const auto twice = run(connection_, insert, {pg(owner_)});
  ASSERT_FALSE(twice);
  EXPECT_TRUE(is_unique_violation(twice.error()));
  EXPECT_TRUE(run(connection_, insert, {pg(add_user("grace"))}));
  ASSERT_TRUE(update("deleted_at = now(), desired_state = 'DELETED'"));
  EXPECT_TRUE(run(connection_, insert, {pg(owner_)}));
}

TEST_F(WorkspacesSchema, UsernamesAreUniqueWhateverTheCase) {
  const auto twice = run(connection_, "INSERT INTO users (username, password_hash) VALUES ('ADA', 'x')");
  ASSERT_FALSE(twice);
  EXPECT_TRUE(is_unique_violation(twice.error()));
}

TEST_F(WorkspacesSchema, UpdatedAtFollowsWhatIsSeen) {
  const auto updated_at = [&] { return sql("SELECT updated_at FROM workspaces"); };
  const std::string before = updated_at();
  ASSERT_TRUE(update("observed_at = now()"));
  EXPECT_EQ(updated_at(), before);
  ASSERT_TRUE(update("memo = 'x'"));
  EXPECT_NE(updated_at(), before);
}

TEST_F(WorkspacesSchema, DeletingAUserEndsSessionsButNotWorkspaces) {
  const Uuid other = add_user("grace");
  sql("INSERT INTO sessions (token_hash, user_id, expires_at) VALUES (repeat('a', 64), '" + other.text() + "', now())");
  ASSERT_TRUE(run(connection_, "DELETE FROM users WHERE id = $1", {pg(other)}));
  EXPECT_EQ(sql("SELECT count(*) FROM sessions"), "0");
  EXPECT_FALSE(run(connection_, "DELETE FROM users WHERE id = $1", {pg(owner_)}));
}

}  // namespace
}  // namespace hearth::orchestrator
