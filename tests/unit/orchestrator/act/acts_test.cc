#include "orchestrator/act/acts.h"

#include <gtest/gtest.h>

namespace hearth::orchestrator {
namespace {

// Writes down what is called; every call answers at once with `answer`.
class RecordingRuntime final : public WorkspaceRuntime {
 public:
  std::vector<std::string>& log;
  Result<void> answer;
  explicit RecordingRuntime(std::vector<std::string>& calls) : log(calls) {}

  void observe(UniqueFunction<void(Result<RuntimeSnapshot>)> done) override { done(RuntimeSnapshot{}); }
  void list_volumes(UniqueFunction<void(Result<Volumes>)> done) override { done(Volumes{}); }
  void provision(const Uuid&, const std::string& volume, Done done) override {
    record("provision " + volume, std::move(done));
  }
  void start(const StartSpec& spec, Done done) override {
    record("start " + spec.image + " " + spec.volume_name, std::move(done));
  }
  void stop(const Uuid&, Done done) override { record("stop", std::move(done)); }
  void remove_volume(const Uuid&, const std::string& volume, Done done) override {
    record("remove " + volume, std::move(done));
  }
  void archive(const JobSpec& spec, Done done) override {
    const std::string after = spec.previous_key.empty() ? "" : " after " + spec.previous_key;
    record("archive " + spec.volume_name + " as " + spec.archive_key + after, std::move(done));
  }
  void restore(const JobSpec& spec, Done done) override {
    record("restore " + spec.archive_key + " into " + spec.volume_name, std::move(done));
  }
  void remove_job(const Uuid&, const Uuid&, Done done) override { record("remove job", std::move(done)); }
  void logs(const Uuid&, unsigned, UniqueFunction<void(Result<std::string>)> done) override { done(std::string()); }
  void probe(const std::string&, Done done) override { done({}); }
  void on_event(UniqueFunction<void(std::optional<Uuid>)>) override {}
  std::string unready_reason() const override { return {}; }

 private:
  void record(std::string what, Done done) {
    log.push_back(std::move(what));
    done(answer);
  }
};

struct ActsTest : testing::Test {
  std::vector<std::string> log;
  RecordingRuntime runtime{log};
  int confirmations_left = 1000;
  ActLinks links{runtime, [this](UniqueFunction<void(Result<void>)> done) {
                   log.push_back("confirm");
                   if (confirmations_left-- > 0) return done({});
                   done(fail(ErrorCode::stale, ErrorSource::database, "another leader"));
                 }};
  Lifeline lifeline;
  std::optional<Result<void>> outcome;

  void run(Operation operation, std::vector<std::string> volumes = {}, std::string image = "") {
    Act act;
    act.row.operation = operation;
    act.row.volume_name = "home-2";
    act.row.image_ref = std::move(image);
    act.row.archive_op_id = act.row.restore_op_id = Uuid::random();
    act.row.archive_key = recorded_key;
    act.archive_key = "new";
    act.image = "default";
    act.volumes = std::move(volumes);
    act.jobs = jobs;
    run_act(links, lifeline, std::move(act), [this](Result<void> result) { outcome = std::move(result); });
  }
  std::string recorded_key = "old";
  std::vector<Uuid> jobs;
  using Calls = std::vector<std::string>;
};

TEST_F(ActsTest, EachOperationDoesItsOwn) {
  run(Operation::provisioning);
  run(Operation::starting);
  run(Operation::starting, {}, "mine");
  run(Operation::stopping);
  EXPECT_EQ(log, (Calls{"confirm", "provision home-2", "confirm", "start default home-2", "confirm",
                        "start mine home-2", "confirm", "stop"}));
  EXPECT_TRUE(outcome->has_value());
}

TEST_F(ActsTest, StorageOperationsRunTheirJobs) {
  run(Operation::archiving);
  run(Operation::restoring);
  EXPECT_EQ(log, (Calls{"confirm", "archive home-2 as new after old", "confirm", "provision home-2", "confirm",
                        "restore old into home-2"}));
}

TEST_F(ActsTest, ARecordedArchivingRemovesWhatItArchived) {
  recorded_key = "new";
  run(Operation::archiving, {"home-1", "home-2"});
  EXPECT_EQ(log, (Calls{"confirm", "remove job", "confirm", "stop", "confirm", "remove home-2"}));
}

TEST_F(ActsTest, JobsOfOtherOperationsGoFirst) {
  jobs = {Uuid::random()};
  run(Operation::starting);
  EXPECT_EQ(log, (Calls{"confirm", "remove job", "confirm", "start default home-2"}));
}

TEST_F(ActsTest, NoVolumeIsRemovedBeforeItsArchiveIsRecorded) {
  for (const Operation operation : {Operation::none, Operation::provisioning, Operation::starting, Operation::stopping,
                                    Operation::archiving, Operation::create_empty_archive, Operation::restoring}) {
    run(operation, {"home-1", "home-2"});
  }
  for (const std::string& call : log) EXPECT_FALSE(call.starts_with("remove")) << call;
}

TEST_F(ActsTest, DeletingTakesContainerThenEveryVolumeConfirmingEach) {
  run(Operation::deleting, {"home-1"});
  EXPECT_EQ(log, (Calls{"confirm", "stop", "confirm", "remove home-1", "confirm", "remove home-2"}));
  EXPECT_TRUE(outcome->has_value());
}

TEST_F(ActsTest, AStaleLeaderStopsBetweenTwoCalls) {
  confirmations_left = 2;
  run(Operation::deleting, {"home-1"});
  EXPECT_EQ(log, (Calls{"confirm", "stop", "confirm", "remove home-1", "confirm"}));
  ASSERT_FALSE(outcome->has_value());
  EXPECT_EQ(outcome->error().code, ErrorCode::stale);
}

TEST_F(ActsTest, AStaleLeaderDoesNothingAtAll) {
  confirmations_left = 0;
  for (const Operation operation :
       {Operation::provisioning, Operation::starting, Operation::stopping, Operation::deleting}) {
    run(operation);
  }
  EXPECT_EQ(log, (Calls(4, "confirm")));
}

TEST_F(ActsTest, DeletingLeavesWhatIsNotOursAndIsDone) {
  runtime.answer = fail(ErrorCode::conflict, ErrorSource::runtime, "foreign");
  run(Operation::deleting);
  EXPECT_TRUE(outcome->has_value());
}

TEST_F(ActsTest, AfterACutNothingIsDone) {
  UniqueFunction<void(Result<void>)> held;
  links.confirm_epoch = [&](UniqueFunction<void(Result<void>)> done) { held = std::move(done); };
  run(Operation::stopping);
  lifeline.cut();
  held({});
  EXPECT_TRUE(log.empty());
  EXPECT_FALSE(outcome);
}

TEST(Acts, ErrorsBecomeReasonsInOnePlace) {
  const auto error = [](ErrorCode code) { return Error{code, ErrorSource::runtime, false, 0, ""}; };
  EXPECT_EQ(reason_of(Operation::starting, error(ErrorCode::not_found)), ErrorReason::image_pull_failed);
  EXPECT_EQ(reason_of(Operation::stopping, error(ErrorCode::not_found)), ErrorReason::action_failed);
  EXPECT_EQ(reason_of(Operation::starting, error(ErrorCode::conflict)), ErrorReason::name_conflict);
  EXPECT_EQ(reason_of(Operation::starting, error(ErrorCode::unavailable)), ErrorReason::unreachable);
  EXPECT_EQ(reason_of(Operation::starting, error(ErrorCode::timeout)), ErrorReason::unreachable);
  EXPECT_EQ(reason_of(Operation::starting, error(ErrorCode::internal)), ErrorReason::action_failed);
}

TEST(Acts, AJobsEndBecomesAReason) {
  using enum Operation;
  for (const Operation operation : {restoring, archiving, create_empty_archive})
    EXPECT_EQ(reason_of_job(operation, 10), ErrorReason::unreachable);
  EXPECT_EQ(reason_of_job(restoring, 12), ErrorReason::data_lost);
  EXPECT_EQ(reason_of_job(restoring, 13), ErrorReason::archive_corrupted);
  for (const int code : {1, 2, 11, 14, 15, 16, 137, 143})
    EXPECT_EQ(reason_of_job(restoring, code), ErrorReason::action_failed);
  // Its volume is still there, whatever became of what it stored.
  for (const int code : {1, 12, 13, 14}) EXPECT_EQ(reason_of_job(archiving, code), ErrorReason::action_failed);
}

TEST(Acts, AnAttemptKeepsItsNameAcrossLeaders) {
  Workspace row;
  row.op_started_at = WallTime(std::chrono::microseconds(1234567));
  EXPECT_EQ(operation_id(row), "1234567");
}

}  // namespace
}  // namespace hearth::orchestrator
