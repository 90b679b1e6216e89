// The garbage collector over a real PostgreSQL: what is marked, what goes, and above all what stays.
#include <filesystem>
#include <fstream>

#include "integration/orchestrator/coordinator/node.h"
#include "orchestrator/archives/object_archive_store.h"
#include "orchestrator/gc/dry_run.h"

namespace hearth::orchestrator {
namespace {

namespace fs = std::filesystem;

class GcTest : public CoordinatorTest {
 protected:
  void SetUp() override {
    CoordinatorTest::SetUp();
    settings.gc_interval = Milliseconds(30);
    settings.gc_orphan_delay = std::chrono::hours(1);
  }

  // As when a row of that id was purged.
  const Uuid& known(const Uuid& id) {
    sql("INSERT INTO released_resources (name) VALUES ('" + id.text() + "') ON CONFLICT DO NOTHING");
    return id;
  }
  std::string orphan_volume(const Uuid& id = Uuid::random()) {
    known(id);
    const std::string name = volume_name("main", id, "gone");
    world.volumes.emplace(name, id);
    return name;
  }
  std::string archive(const Uuid& id = Uuid::random(), const Uuid& operation = Uuid::random()) {
    known(id);
    const std::string key = archive_key("", "main", id, operation);
    world.archives[key] = {id, operation};
    return key;
  }
  StoredUpload upload(const Uuid& id = Uuid::random()) {
    known(id);
    const Uuid operation = Uuid::random();
    world.uploads.push_back({id, operation, archive_key("", "main", id, operation), "u", ""});
    return world.uploads.back();
  }
  // Lets the marks be as old as the delay.
  void age() { sql("UPDATE gc_candidates SET first_seen_at = first_seen_at - interval '61 minutes'"); }
  std::string marked() { return sql("SELECT count(*) FROM gc_candidates"); }
  bool marks(int number) {
    return run_until([&] { return marked() == std::to_string(number); });
  }
  // Lets `number` more runs begin and end.
  void runs(const Node& node, std::uint64_t number = 2) {
    const auto metrics = const_cast<Node&>(node).coordinator().gc_metrics();
    const std::uint64_t until = metrics->runs + number + 1;
    ASSERT_TRUE(run_until([&] { return metrics->runs >= until; }));
  }
  // A row that no coordinator has anything to do for.
  Uuid at_rest(const std::string& columns, const std::string& values) {
    return *Uuid::parse(sql("INSERT INTO workspaces (owner_user_id, name, " + columns + ") VALUES ('" + owner.text() +
                            "', 'r" + std::to_string(++made_) + "', " + values + ") RETURNING id"));
  }

 private:
  int made_ = 0;
};

TEST_F(GcTest, WhatNobodyNeedsIsMarkedAndGoesWhenItsTimeIsOver) {
  const std::string volume = orphan_volume();
  const std::string key = archive();
  const Uuid marker = Uuid::random();
  world.markers[known(marker)] = {Uuid::random(), "x"};
  upload();
  const auto node = start_node();
  ASSERT_TRUE(marks(4));
  EXPECT_EQ(sql("SELECT string_agg(kind, ' ' ORDER BY kind) FROM gc_candidates WHERE deployment = 'main'"),
            "archive archive upload volume");
  runs(*node);
  EXPECT_TRUE(world.volumes.contains(volume) && world.archives.contains(key) && world.markers.contains(marker));
  EXPECT_EQ(world.uploads.size(), 1u);
  age();
  ASSERT_TRUE(run_until([&] {
    return world.volumes.empty() && world.archives.empty() && world.markers.empty() && world.uploads.empty();
  }));
  EXPECT_TRUE(marks(0));
  const std::string metrics = node->coordinator().gc_metrics()->render();
  EXPECT_NE(metrics.find("hearth_gc_deleted_total{kind=\"archive\"} 2\n"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("hearth_gc_deleted_total{kind=\"volume\"} 1\n"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("hearth_gc_errors_total 0\n"), std::string::npos) << metrics;
}

TEST_F(GcTest, WhatALiveWorkspaceNamesIsNotEvenMarked) {
  settings.gc_orphan_delay = Milliseconds(0);
  const auto node = start_node();
  const Uuid running = create();
  const Uuid archived = create("ARCHIVED");
  const Uuid kept = create("STANDBY");
  ASSERT_TRUE(reaches(running, "RUNNING"));
  ASSERT_TRUE(reaches(archived, "ARCHIVED"));
  ASSERT_TRUE(reaches(kept, "STANDBY"));
  for (const char* desired : {"ARCHIVED", "STANDBY", "ARCHIVED"}) {
    want(kept, desired);
    ASSERT_TRUE(reaches(kept, desired));
  }
  EXPECT_TRUE(run_until([&] { return world.archives.size() == 2; })) << "the first archive of the third goes";
  runs(*node, 5);
  EXPECT_TRUE(world.archives.contains(column(archived, "archive_key")));
  EXPECT_TRUE(world.archives.contains(column(kept, "archive_key")));
  EXPECT_TRUE(world.volumes.contains(column(running, "volume_name")));
  EXPECT_EQ(world.volumes.size(), 1u);
  EXPECT_TRUE(world.markers.contains(kept));
  EXPECT_EQ(marked(), "0");
}

TEST_F(GcTest, ADeletedWorkspacesArchivesGoToo) {
  settings.gc_orphan_delay = Milliseconds(0);
  const auto node = start_node();
  const Uuid id = create("STANDBY");
  ASSERT_TRUE(reaches(id, "STANDBY"));
  for (const char* desired : {"ARCHIVED", "STANDBY", "DELETED"}) {
    want(id, desired);
    ASSERT_TRUE(reaches(id, std::string(desired) == "DELETED" ? "" : desired));
  }
  EXPECT_TRUE(run_until([&] { return world.archives.empty() && world.markers.empty(); }));
}

// A database restored from a backup, or another installation with the same names in the same store.
TEST_F(GcTest, WhatTheDatabaseKnowsNothingOfIsKeptAndSaid) {
  settings.gc_orphan_delay = Milliseconds(0);
  orphan_volume();
  archive();
  upload();
  const Uuid older = Uuid::random();
  const Uuid made = Uuid::random();
  const std::string key = archive(older, made);
  at_rest("id, phase, desired_state, archive_key, archive_op_id",
          "'" + older.text() + "', 'ARCHIVED', 'ARCHIVED', '" + key + "', '" + made.text() + "'");
  orphan_volume(older);
  archive(older);
  sql("DELETE FROM released_resources");
  const auto node = start_node();
  runs(*node, 4);
  EXPECT_EQ(world.volumes.size() + world.archives.size() + world.uploads.size(), 6u);
  EXPECT_EQ(marked(), "0");
  const std::string metrics = node->coordinator().gc_metrics()->render();
  for (const char* line : {"hearth_gc_unknown{kind=\"volume\"} 2\n", "hearth_gc_unknown{kind=\"upload\"} 1\n"})
    EXPECT_NE(metrics.find(line), std::string::npos) << metrics;
}

TEST_F(GcTest, WhatARowLetsGoIsKnownToBeOver) {
  const Uuid operation = Uuid::random();
  const Uuid id = at_rest("volume_name, archive_op_id", "'v1', '" + operation.text() + "'");
  const auto released = [this] { return sql("SELECT string_agg(name, ' ' ORDER BY name) FROM released_resources"); };
  sql("UPDATE workspaces SET memo = 'x', volume_name = volume_name, archive_op_id = archive_op_id");
  EXPECT_EQ(released(), "");
  sql("UPDATE workspaces SET volume_name = ''");
  EXPECT_EQ(released(), "v1");
  sql("UPDATE workspaces SET archive_op_id = gen_random_uuid()");
  EXPECT_NE(released().find(operation.text()), std::string::npos);
  EXPECT_EQ(released().find(id.text()), std::string::npos);
  sql("DELETE FROM workspaces");
  EXPECT_NE(released().find(id.text()), std::string::npos);
}

TEST_F(GcTest, WhatWasOverForADayIsForgottenOnceNothingOfItIsLeft) {
  settings.gc_orphan_delay = Milliseconds(0);
  settings.gc_max_deletes = 0;
  const Uuid present = Uuid::random();
  orphan_volume(present);
  known(Uuid::random());
  sql("UPDATE released_resources SET released_at = now() - interval '25 hours'");
  known(*Uuid::parse("0a0a0a0a-58a4-4d1c-9b2e-0a1b2c3d4e5f"));
  const auto node = start_node();
  runs(*node);
  EXPECT_EQ(sql("SELECT count(*) FROM released_resources"), "3") << "a run that was cut short forgets nothing";
  settings.gc_max_deletes = 100;
  ASSERT_TRUE(run_until([&] { return sql("SELECT count(*) FROM released_resources") == "1"; }));
  EXPECT_EQ(sql("SELECT name FROM released_resources"), "0a0a0a0a-58a4-4d1c-9b2e-0a1b2c3d4e5f");
}

TEST_F(GcTest, ARowInErrorProtectsAllItHas) {
  settings.gc_orphan_delay = Milliseconds(0);
  const Uuid id = at_rest("phase, desired_state, error_reason", "'ERROR', 'STANDBY', 'ArchiveCorrupted'");
  orphan_volume(id);
  archive(id);
  upload(id);
  const auto node = start_node();
  runs(*node, 4);
  EXPECT_EQ(world.volumes.size() + world.archives.size() + world.uploads.size(), 3u);
  EXPECT_EQ(marked(), "0");
}

TEST_F(GcTest, WhatIsNeededAgainIsForgottenAndItsTimeBeginsAnew) {
  const Uuid id = Uuid::random();
  const std::string key = archive(id);
  const auto node = start_node();
  ASSERT_TRUE(marks(1));
  at_rest("id, phase, desired_state, archive_key", "'" + id.text() + "', 'ARCHIVED', 'ARCHIVED', '" + key + "'");
  ASSERT_TRUE(marks(0));
  sql("DELETE FROM workspaces");
  ASSERT_TRUE(marks(1));
  EXPECT_EQ(sql("SELECT count(*) FROM gc_candidates WHERE first_seen_at > now() - interval '1 minute'"), "1");
  runs(*node);
  EXPECT_TRUE(world.archives.contains(key));
}

TEST_F(GcTest, NoRunRemovesMoreThanItMay) {
  settings.gc_max_deletes = 2;
  for (int i = 0; i < 5; ++i) orphan_volume();
  const auto node = start_node();
  ASSERT_TRUE(marks(5));
  const auto metrics = node->coordinator().gc_metrics();
  std::map<std::uint64_t, int> by_run;
  world.entering = [&](const std::string& call) {
    if (call == "remove_volume") ++by_run[metrics->runs];
  };
  age();
  ASSERT_TRUE(run_until([&] { return world.volumes.empty(); }));
  std::vector<int> counts;
  for (const auto& [run, count] : by_run) counts.push_back(count);
  EXPECT_EQ(counts, (std::vector<int>{2, 2, 1}));
}

TEST_F(GcTest, ARowThatAppearsBeforeTheRemovalIsSeen) {
  const Uuid first = *Uuid::parse("00000000-58a4-4d1c-9b2e-0a1b2c3d4e5f");
  const Uuid second = *Uuid::parse("ffffffff-58a4-4d1c-9b2e-0a1b2c3d4e5f");
  archive(first);
  const std::string key = archive(second);
  const auto node = start_node();
  ASSERT_TRUE(marks(2));
  bool inserted = false;
  world.entering = [&](const std::string& call) {
    if (!call.starts_with("remove archive") || inserted) return;
    inserted = true;
    at_rest("id, phase, desired_state, archive_key", "'" + second.text() + "', 'ARCHIVED', 'ARCHIVED', '" + key + "'");
  };
  sql("UPDATE gc_candidates SET first_seen_at = now() - interval '2 hours'");
  ASSERT_TRUE(run_until([&] { return world.archives.size() == 1; }));
  runs(*node);
  EXPECT_TRUE(inserted);
  EXPECT_TRUE(world.archives.contains(key));
}

TEST_F(GcTest, NothingIsDoneAboutAKindThatCannotBeListed) {
  const std::string key = archive();
  upload();
  orphan_volume();
  const auto node = start_node();
  ASSERT_TRUE(marks(3));
  world.refused = "list all";
  runs(*node);
  age();
  ASSERT_TRUE(run_until([&] { return world.volumes.empty() && world.uploads.empty(); })) << "the others are";
  runs(*node);
  EXPECT_TRUE(world.archives.contains(key));
  EXPECT_EQ(marked(), "1") << "its mark stays";
  EXPECT_GT(node->coordinator().gc_metrics()->errors, 0u);
  world.refused.clear();
  EXPECT_TRUE(run_until([&] { return world.archives.empty(); }));
}

TEST_F(GcTest, AnAbsentRuntimeOrStoreMeansNothingIsThereToRemove) {
  archive();
  orphan_volume();
  const auto node = start_node();
  ASSERT_TRUE(marks(2));
  world.away = world.store_away = true;
  age();
  runs(*node, 3);
  EXPECT_EQ(marked(), "2");
  EXPECT_EQ(world.archives.size() + world.volumes.size(), 2u);
  world.away = world.store_away = false;
  node->runtime().event();
  EXPECT_TRUE(run_until([&] { return world.volumes.empty(); }));
}

TEST_F(GcTest, ARemovalThatFailsKeepsNobodyElseFromGoing) {
  const std::string held = orphan_volume(*Uuid::parse("00000000-58a4-4d1c-9b2e-0a1b2c3d4e5f"));
  world.stuck.insert(held);
  orphan_volume();
  settings.gc_max_deletes = 1;
  const auto node = start_node();
  ASSERT_TRUE(marks(2));
  age();
  ASSERT_TRUE(run_until([&] { return world.volumes.size() == 1; }));
  EXPECT_TRUE(world.volumes.contains(held));
  EXPECT_EQ(marked(), "1");
  world.stuck.clear();
  EXPECT_TRUE(run_until([&] { return world.volumes.empty(); }));
}

TEST_F(GcTest, ALeaderThatWasReplacedRemovesNothingMore) {
  orphan_volume();
  orphan_volume();
  const auto node = start_node();
  ASSERT_TRUE(marks(2));
  // Another is elected in the middle of a run, and this one has not heard of it.
  world.entering = [&](const std::string& call) {
    if (call == "remove_volume") sql("UPDATE coordinator_epoch SET epoch = epoch + 1");
  };
  sql("UPDATE gc_candidates SET first_seen_at = now() - interval '2 hours'");
  ASSERT_TRUE(run_until([&] { return world.volumes.size() == 1; }));
  world.entering = nullptr;
  EXPECT_FALSE(run_until([&] { return world.volumes.empty(); }, Milliseconds(300)));
}

TEST_F(GcTest, TheDryRunTellsItAllAndTouchesNothing) {
  settings.gc_interval = std::chrono::hours(4);
  const std::string due = orphan_volume();
  const std::string young = archive();
  upload();
  sql("INSERT INTO gc_candidates VALUES ('main', 'volume', '" + due +
      "', now() - interval '2 hours'),"
      " ('main', 'archive', '" +
      young + "', now()), ('other', 'volume', 'elsewhere', now() - interval '2 hours')");
  const auto always = [](const char*) { return true; };
  FakeRuntime runtime(loop_, world, always);
  FakeArchives archives(loop_, world, always);
  PgConnection connection(loop_, options(), {});
  LeaderSession session{
      [&](PgStatement statement, PgCallback done) { connection.query(std::move(statement), std::move(done)); },
      nullptr};
  gc::GcStore store(session, "main", 0);
  const Lifeline lifeline;
  const auto ask = [&] {
    std::optional<Result<gc::DryRun>> result;
    connection.query({"SET default_transaction_read_only = on", {}}, [](const Result<PgResult>&) {});
    gc::dry_run(settings, {runtime, archives, store}, lifeline,
                [&](Result<gc::DryRun> answer) { result = std::move(answer); });
    EXPECT_TRUE(run_until([&] { return result.has_value(); }));
    return std::move(*result);
  };
  const auto result = ask();
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_EQ(result->lines.size(), 3u);
  EXPECT_EQ(result->lines[0].orphan.resource.name, due);
  EXPECT_TRUE(result->lines[0].due);
  EXPECT_EQ(result->lines[1].orphan.resource.name, young);
  EXPECT_TRUE(result->lines[1].first_seen && !result->lines[1].due);
  EXPECT_EQ(result->lines[2].orphan.resource.kind, gc::Kind::upload);
  EXPECT_FALSE(result->lines[2].first_seen);
  EXPECT_EQ(marked(), "3");
  EXPECT_EQ(world.volumes.size() + world.archives.size() + world.uploads.size(), 3u);

  world.store_away = true;
  const auto half = ask();
  ASSERT_TRUE(half);
  EXPECT_EQ(half->lines.size(), 1u);
  EXPECT_TRUE(half->failed.contains(gc::Kind::archive) && half->failed.contains(gc::Kind::upload));
}

// With the real store over a directory.
class GcDirectoryTest : public GcTest {
 protected:
  GcDirectoryTest() {
    char name[] = "/tmp/hearth-gc-XXXXXX";
    root_ = mkdtemp(name);
    settings.archives.directory = root_.string();
  }
  ~GcDirectoryTest() override { fs::remove_all(root_); }
  fs::path write(const std::string& key) {
    const fs::path path = root_ / key;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "x";
    return path;
  }
  fs::path root_;
};

TEST_F(GcDirectoryTest, OrphansOfThisDeploymentGoAndNobodyElses) {
  settings.gc_orphan_delay = Milliseconds(1);
  const auto archives = open_archive_store(loop_, settings);
  FakeRuntime runtime(loop_, world, [](const char*) { return true; });
  const std::string key = archive_key("", "main", known(Uuid::random()), Uuid::random());
  const Uuid kept = Uuid::random();
  const std::string kept_key = archive_key("", "main", kept, Uuid::random());
  at_rest("id, phase, desired_state, archive_key", "'" + kept.text() + "', 'ARCHIVED', 'ARCHIVED', '" + kept_key + "'");
  for (const std::string& orphan : {key, key + ".meta", key + ".unfinished-0123"}) write(orphan);
  std::vector<fs::path> others;
  for (const std::string& other :
       {kept_key, kept_key + ".meta", archive_key("", "other", Uuid::random(), Uuid::random()),
        std::string("main/notes.txt"), "main/" + Uuid::random().text() + "/by-hand.tar"})
    others.push_back(write(other));

  std::unique_ptr<Coordinator> coordinator;
  Leader::Events events;
  events.elected = [&](std::int64_t epoch) { coordinator->elected(epoch); };
  events.deposed = [&](std::string_view) { coordinator->deposed(); };
  Leader leader(loop_, options(), settings.deployment, std::move(events));
  coordinator = std::make_unique<Coordinator>(loop_, settings, leader, runtime, *archives);
  EXPECT_TRUE(run_until([&] { return !fs::exists((root_ / key).parent_path().parent_path()); }));
  EXPECT_TRUE(run_until([&] { return marked() == "0"; }));
  for (const fs::path& other : others) EXPECT_TRUE(fs::exists(other)) << other;
  coordinator->stop();
}

}  // namespace
}  // namespace hearth::orchestrator
