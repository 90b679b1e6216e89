// Who needs a resource: by example, and every combination against the rules of SPEC section 5.
#include <gtest/gtest.h>

#include "orchestrator/gc/judge.h"
#include "orchestrator/runtime/workspace_runtime.h"

namespace hearth::orchestrator::gc {
namespace {

const Uuid kWorkspace = *Uuid::parse("0a0a0a0a-58a4-4d1c-9b2e-0a1b2c3d4e5f");
const Uuid kNow = *Uuid::parse("1b1b1b1b-58a4-4d1c-9b2e-0a1b2c3d4e5f");
const Uuid kBefore = *Uuid::parse("2c2c2c2c-58a4-4d1c-9b2e-0a1b2c3d4e5f");
const Uuid kNever = *Uuid::parse("3d3d3d3d-58a4-4d1c-9b2e-0a1b2c3d4e5f");

std::string key(const Uuid& operation) { return archive_key("p", "main", kWorkspace, operation); }
Resource archive(const Uuid& operation) { return resource_of(StoredArchive{kWorkspace, operation, key(operation)}); }
Resource marker() { return resource_of(StoredArchive{kWorkspace, {}, restore_marker_key("p", "main", kWorkspace)}); }
Resource upload(const Uuid& operation) {
  return resource_of(StoredUpload{kWorkspace, operation, key(operation), "u1", ""});
}
Resource volume(const std::string& generation) {
  return volume_resource(kWorkspace, volume_name("main", kWorkspace, generation));
}
// A live row: made an archive with kBefore, began another with kNow; its home is volume "one".
Row row(std::string_view phase = "STANDBY", std::string_view operation = "NONE") {
  Row row = row_of(phase, operation);
  row.archive_key = key(kBefore);
  row.archive_op_id = kNow;
  row.volume_name = volume("one").name;
  return row;
}

bool needed(const Resource& resource, const Row& row) { return why_orphan(resource, &row).empty(); }

TEST(GcJudge, KeepsWhatARowNames) {
  EXPECT_TRUE(needed(archive(kBefore), row()));
  EXPECT_TRUE(needed(archive(kNow), row())) << "made by the operation under way, or by the last, recorded or not";
  EXPECT_FALSE(needed(archive(kNever), row()));
  EXPECT_TRUE(needed(volume("one"), row()));
  EXPECT_FALSE(needed(volume("two"), row())) << "of an attempt that was given up";
  EXPECT_TRUE(needed(marker(), row()));
}

TEST(GcJudge, KeepsNothingOfAWorkspaceWithoutARow) {
  for (const Resource& resource : {archive(kBefore), marker(), upload(kNow), volume("one")})
    EXPECT_EQ(why_orphan(resource, nullptr), "its workspace does not exist") << resource.name;
}

TEST(GcJudge, KeepsEverythingOfARowInErrorOrWrittenByANewerProgram) {
  for (const Row& sealed : {row("ERROR"), row("HIBERNATED"), row("STANDBY", "HIBERNATING")}) {
    for (const Resource& resource : {archive(kNever), marker(), upload(kNever), volume("two")})
      EXPECT_TRUE(needed(resource, sealed)) << resource.name;
  }
}

TEST(GcJudge, LeavesTheVolumesOfADeletedWorkspaceToItsRemoval) {
  Row deleted = row("DELETING", "DELETING");
  deleted.deleted = true;
  EXPECT_TRUE(needed(volume("one"), deleted));
  EXPECT_TRUE(needed(volume("two"), deleted));
  EXPECT_EQ(why_orphan(archive(kBefore), &deleted), "its workspace was deleted");
  EXPECT_FALSE(needed(archive(kNow), deleted));
  EXPECT_FALSE(needed(marker(), deleted));
  deleted = row("STANDBY", "ARCHIVING");
  deleted.deleted = true;
  EXPECT_TRUE(needed(archive(kNow), deleted)) << "an operation is never interrupted";
  EXPECT_TRUE(needed(upload(kNow), deleted));
}

TEST(GcJudge, AnUploadIsNeededAsLongAsItsOperation) {
  EXPECT_TRUE(needed(upload(kNow), row("STANDBY", "ARCHIVING")));
  EXPECT_TRUE(needed(upload(kNow), row("PENDING", "CREATE_EMPTY_ARCHIVE")));
  EXPECT_FALSE(needed(upload(kBefore), row("STANDBY", "ARCHIVING")));
  EXPECT_FALSE(needed(upload(kNow), row("STANDBY")));
  EXPECT_FALSE(needed(upload(kNow), row("ARCHIVED", "RESTORING")));
  const Resource of_marker = resource_of(StoredUpload{kWorkspace, {}, marker().name, "u2", ""});
  EXPECT_TRUE(needed(of_marker, row("ARCHIVED", "RESTORING")));
  EXPECT_FALSE(needed(of_marker, row("STANDBY")));
}

TEST(GcJudge, TwoUploadsOfOneKeyAreTwo) {
  const StoredUpload one{kWorkspace, kNow, key(kNow), "u1", ""};
  StoredUpload other = one;
  other.id = "u2";
  EXPECT_NE(resource_of(one).name, resource_of(other).name);
}

// The rules themselves, in other words than judge.cc, against everything a row and a resource can say.
TEST(GcJudge, HoldsTheRulesForEveryCombination) {
  unsigned orphans = 0;
  unsigned all = 0;
  for (const char* phase : {"PENDING", "ARCHIVED", "STANDBY", "RUNNING", "ERROR", "DELETING", "DELETED", "?"}) {
    for (const char* operation : {"NONE", "PROVISIONING", "STARTING", "STOPPING", "ARCHIVING", "CREATE_EMPTY_ARCHIVE",
                                  "RESTORING", "DELETING", "?"}) {
      for (unsigned bits = 0; bits < 16; ++bits) {
        Row row = row_of(phase, operation);
        row.deleted = bits & 1;
        if (bits & 2) row.archive_key = key(kBefore);
        if (bits & 4) row.archive_op_id = kNow;
        if (bits & 8) row.volume_name = volume("one").name;
        for (const Resource& resource : {archive(kBefore), archive(kNow), archive(kNever), marker(), upload(kNow),
                                         upload(kNever), volume("one"), volume("two")}) {
          const bool orphan = !why_orphan(resource, &row).empty();
          orphans += orphan ? 1 : 0;
          ++all;
          const auto what = [&] {
            return std::string(phase) + " " + operation + " " + std::to_string(bits) + " " + resource.name;
          };
          if (!orphan) continue;
          EXPECT_NE(std::string(phase), "ERROR") << what();
          EXPECT_NE(std::string(phase), "?") << what();
          EXPECT_NE(std::string(operation), "?") << what();
          if (row.deleted) {
            EXPECT_NE(resource.kind, Kind::volume) << what();
            continue;
          }
          EXPECT_NE(resource.name, row.archive_key) << what();
          EXPECT_NE(resource.name, row.volume_name) << what();
          EXPECT_FALSE(resource.kind == Kind::archive && resource.operation == row.archive_op_id) << what();
        }
      }
    }
  }
  EXPECT_GT(orphans, all / 5) << "a judge who finds nothing keeps every rule";
}

TEST(GcJudge, AnOrphanNeedsAProofOfItsOwn) {
  const Row live = row();
  EXPECT_EQ(proof_of(archive(kNever), &live), kNever.text());
  EXPECT_EQ(proof_of(volume("two"), &live), volume("two").name);
  EXPECT_EQ(proof_of(upload(kNever), &live), kNever.text());
  EXPECT_EQ(proof_of(upload(kNow), &live), "") << "the row says that its operation is over";
  for (const Resource& resource : {archive(kBefore), marker(), upload(kNow), volume("one")})
    EXPECT_EQ(proof_of(resource, nullptr), kWorkspace.text()) << resource.name;
  Row deleted = row();
  deleted.deleted = true;
  EXPECT_EQ(proof_of(archive(kNever), &deleted), "");
}

TEST(GcJudge, KindsAreTheWordsOfTheTable) {
  for (const Kind kind : kKinds) EXPECT_EQ(parse_kind(name(kind)), kind);
  EXPECT_FALSE(parse_kind("container"));
}

}  // namespace
}  // namespace hearth::orchestrator::gc
