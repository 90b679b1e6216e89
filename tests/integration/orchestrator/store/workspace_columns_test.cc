#include "orchestrator/store/workspace_columns.h"

#include "integration/orchestrator/database_fixture.h"

namespace hearth::orchestrator {
namespace {

Conditions some_conditions() {
  Conditions conditions;
  conditions.address = "172.18.0.2:8080";
  conditions.list = {{"VolumePresent", "True", "Observed", "", wall_now(), 3},
                     {"ContainerReady", "False", "Probing", "says \"später\"\n", wall_now(), 0}};
  return conditions;
}

TEST(ConditionsJson, GoThereAndBack) {
  const Conditions conditions = some_conditions();
  const auto back = decode_conditions(encode_conditions(conditions));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, conditions);
  EXPECT_EQ(*decode_conditions(encode_conditions({})), Conditions{});
}

TEST(ConditionsJson, BytesThatAreNotTextAreReplaced) {
  Conditions conditions = some_conditions();
  conditions.list[0].message = "\xff\xfe";
  EXPECT_TRUE(decode_conditions(encode_conditions(conditions)));
}

TEST(ConditionsJson, NonsenseIsCorruptNotACrash) {
  for (const char* json : {"", "[]", "null", "{\"conditions\": 7}", "{\"conditions\": [7]}", "{\"conditions\": [{}]}",
                           "{\"conditions\": [{\"last_transition_time\": \"2026-13-01T00:00:00.000000Z\"}]}"}) {
    const auto result = decode_conditions(json);
    ASSERT_FALSE(result) << json;
    EXPECT_EQ(result.error().code, ErrorCode::corrupt);
  }
  EXPECT_TRUE(decode_conditions("{}"));
}

class WorkspaceColumns : public SchemaTest {
 protected:
  PgConnection connection_{loop_, options(), {}};
};

TEST_F(WorkspaceColumns, ANewRowHasTheModelsDefaults) {
  const Uuid owner = add_user();
  const Uuid id = add_workspace(owner, "my project");
  const auto result = run(connection_, "SELECT " + workspace_columns() + " FROM workspaces");
  ASSERT_TRUE(result) << result.error().message;
  const auto rows = decode_workspaces(*result);
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_EQ(rows->size(), 1u);
  const Workspace& w = rows->front();
  EXPECT_EQ(w.id, id);
  EXPECT_EQ(w.owner_user_id, owner);
  EXPECT_EQ(w.name, "my project");
  EXPECT_EQ(w.phase, Phase::pending);
  EXPECT_EQ(w.desired_state, DesiredState::running);
  EXPECT_EQ(w.operation, Operation::none);
  EXPECT_EQ(w.error_reason, ErrorReason::none);
  EXPECT_EQ(w.conditions, Conditions{});
  EXPECT_FALSE(w.observed_at || w.op_started_at || w.archive_op_id || w.restore_op_id || w.next_retry_at ||
               w.deleted_at || w.last_access_at || w.standby_ttl_seconds || w.archive_ttl_seconds);
  EXPECT_LT(wall_now() - w.created_at, std::chrono::minutes(5));
}

TEST_F(WorkspaceColumns, EveryColumnIsReadIntoItsPlace) {
  const Uuid id = add_workspace(add_user());
  const Conditions conditions = some_conditions();
  const Uuid archive = Uuid::random();
  const Uuid restore = Uuid::random();
  const WallTime t = wall_now();
  const auto at = [t](int hours) { return t + std::chrono::hours(hours); };
  const auto changed = run(
      connection_,
      "UPDATE workspaces SET description = 'd', memo = 'm', image_ref = 'i', conditions = $1, observed_at = $2,"
      " phase = 'STANDBY', phase_changed_at = $3, operation = 'STARTING', op_started_at = $4, archive_op_id = $5,"
      " restore_op_id = $6, archive_key = 'k', volume_name = 'v', error_reason = 'ActionFailed', error_message = 'e',"
      " error_count = 4, next_retry_at = $7, desired_state = 'DELETED', deleted_at = $8, last_access_at = $9,"
      " standby_ttl_seconds = 11, archive_ttl_seconds = 12, created_at = $10 WHERE id = $11",
      {pg(encode_conditions(conditions)), pg(at(1)), pg(at(2)), pg(at(3)), pg(archive), pg(restore), pg(at(4)),
       pg(at(5)), pg(at(6)), pg(at(7)), pg(id)});
  ASSERT_TRUE(changed) << changed.error().message;
  const auto result = run(connection_, "SELECT 7, " + workspace_columns("w") + " FROM workspaces w");
  ASSERT_TRUE(result) << result.error().message;
  const auto w = decode_workspace(*result, 0, 1);
  ASSERT_TRUE(w) << w.error().message;
  EXPECT_EQ(w->description + w->memo + w->image_ref + w->archive_key + w->volume_name + w->error_message, "dmikve");
  EXPECT_EQ(w->conditions, conditions);
  EXPECT_EQ(w->observed_at, at(1));
  EXPECT_EQ(w->phase, Phase::standby);
  EXPECT_EQ(w->phase_changed_at, at(2));
  EXPECT_EQ(w->operation, Operation::starting);
  EXPECT_EQ(w->op_started_at, at(3));
  EXPECT_EQ(w->archive_op_id, archive);
  EXPECT_EQ(w->restore_op_id, restore);
  EXPECT_EQ(w->error_reason, ErrorReason::action_failed);
  EXPECT_EQ(w->error_count, 4);
  EXPECT_EQ(w->next_retry_at, at(4));
  EXPECT_EQ(w->desired_state, DesiredState::deleted);
  EXPECT_EQ(w->deleted_at, at(5));
  EXPECT_EQ(w->last_access_at, at(6));
  EXPECT_EQ(w->standby_ttl_seconds, 11);
  EXPECT_EQ(w->archive_ttl_seconds, 12);
  EXPECT_EQ(w->created_at, at(7));
}

TEST_F(WorkspaceColumns, AWordFromTheFutureIsCorrupt) {
  add_workspace(add_user());
  sql("ALTER TABLE workspaces DROP CONSTRAINT workspaces_phase_check");
  sql("UPDATE workspaces SET phase = 'HIBERNATING'");
  const auto result = run(connection_, "SELECT " + workspace_columns() + " FROM workspaces");
  const auto rows = decode_workspaces(*result);
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, ErrorCode::corrupt);
  EXPECT_NE(rows.error().message.find("phase \"HIBERNATING\""), std::string::npos) << rows.error().message;
}

}  // namespace
}  // namespace hearth::orchestrator
