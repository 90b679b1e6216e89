// Storage jobs at a real Docker Engine: the real storage-job in an image of its own, archives in a directory.
#include <sys/stat.h>

#include <filesystem>

#include "integration/orchestrator/runtime/docker_fixture.h"
#include "orchestrator/archives/object_archive_store.h"

namespace hearth::orchestrator {
namespace {

namespace fs = std::filesystem;

class DockerJobsTest : public DockerTest {
 protected:
  static void SetUpTestSuite() {
    DockerTest::SetUpTestSuite();
    job_image_ = "hearth-test-job:" + std::to_string(getpid());
    // As scripts/up makes it.
    shell("bash -ec '. " SCRIPTS "/lib/common.sh; . " SCRIPTS "/lib/image.sh; import_job_image " STORAGE_JOB " " +
          job_image_ + "'");
  }
  static void TearDownTestSuite() {
    shell("docker rmi -f " + job_image_, true);
    DockerTest::TearDownTestSuite();
  }

  DockerJobsTest() {
    char name[] = "/tmp/hearth-jobs-XXXXXX";
    root_ = mkdtemp(name);
    settings.archives.directory = root_;
    settings.runtime.job_image = job_image_;
  }
  ~DockerJobsTest() override {
    runtime.reset();
    shell("docker ps -aq --filter label=hearth.deployment=" + settings.deployment + " | xargs -r docker rm -f", true);
    fs::remove_all(root_);
  }

  JobSpec spec(const Uuid& operation, const std::string& volume, const Uuid& archived_by) {
    return {id_, operation, volume, archive_key("", settings.deployment, id_, archived_by)};
  }
  Result<void> archive(const JobSpec& job) {
    return wait<void>([&](auto done) { engine().archive(job, std::move(done)); });
  }
  Result<void> restore(const JobSpec& job) {
    return wait<void>([&](auto done) { engine().restore(job, std::move(done)); });
  }
  Result<void> remove_job(const Uuid& operation) {
    return wait<void>([&](auto done) { engine().remove_job(id_, operation, std::move(done)); });
  }
  // The job of `operation`, once it has ended.
  ObservedJob ended(const Uuid& operation) {
    for (const auto until = SteadyClock::now() + kPatience; SteadyClock::now() < until;) {
      const RuntimeSnapshot seen = observe();
      EXPECT_FALSE(seen.containers.contains(id_)) << "a job is no workspace";
      if (!seen.jobs.contains(id_)) continue;
      for (const ObservedJob& job : seen.jobs.at(id_))
        if (job.operation == operation && job.exit_code) return job;
    }
    ADD_FAILURE() << "the job never ended";
    return {};
  }
  WorkspaceArchives archives() {
    if (!store_) store_ = open_archive_store(loop, settings);
    auto seen = wait<ArchiveSnapshot>([&](auto done) { store_->observe({id_}, std::move(done)); });
    EXPECT_TRUE(seen) << (seen ? "" : seen.error().message);
    return seen ? (*seen)[id_] : WorkspaceArchives{};
  }
  // Names, modes, owners, times and contents of a volume's files, as the engine copies them out.
  std::string files_of(const std::string& volume) {
    const std::string name = "files-" + settings.deployment;
    return shell("set -e; docker create --label hearth.deployment=" + settings.deployment + " --name " + name + " -v " +
                 volume + ":/volume:ro " + image_ + " >/dev/null; docker cp " + name +
                 ":/volume - | tar -tvf - --numeric-owner | sort; docker cp " + name +
                 ":/volume - | tar -xOf - | cksum; docker rm " + name + " >/dev/null");
  }
  // A volume with the image's home and a note.
  void fill(const std::string& volume) {
    ASSERT_TRUE(provision(id_, volume));
    ASSERT_TRUE(start(id_, volume));
    EXPECT_EQ(get(ready_address(id_), "/write/remember"), "written 200");
    // Names that only a locale understands.
    shell("set -e; d=$(mktemp -d); echo hi > $d/gr\u00fc\u00dfe; docker cp $d/gr\u00fc\u00dfe " +
          container_name(settings.deployment, id_) + ":/home/coder/; rm -rf $d");
    ASSERT_TRUE(stop(id_));
  }
  std::string error(const Result<void>& result) { return result ? "ok" : result.error().message; }

  const Uuid id_ = Uuid::random(), archiving_ = Uuid::random(), restoring_ = Uuid::random();
  fs::path root_;
  std::unique_ptr<ArchiveStore> store_;
  static inline std::string job_image_;
};

TEST_F(DockerJobsTest, AVolumeGoesIntoAnArchiveAndComesBackAsAnother) {
  const std::string first = volume_of(id_, "g1"), second = volume_of(id_, "g2");
  fill(first);
  const std::string before = files_of(first);
  EXPECT_NE(before.find("note"), std::string::npos) << before;

  int hints = 0;
  engine().on_event([&](std::optional<Uuid> about) { hints += about == id_ ? 1 : 0; });
  ASSERT_TRUE(run_until(loop, [&] { return engine().unready_reason().empty(); }));
  const JobSpec out = spec(archiving_, first, archiving_);
  Result<void> done = archive(out);
  ASSERT_TRUE(done) << error(done);
  EXPECT_EQ(ended(archiving_).exit_code, 0) << ended(archiving_).message;
  EXPECT_TRUE(run_until(loop, [&] { return hints >= 3; })) << "created, started, died";
  ASSERT_TRUE(archive(out)) << "it has ended well already";
  ASSERT_EQ(archives().archives.size(), 1u);
  EXPECT_TRUE(archives().archives[0].complete);
  EXPECT_EQ(archives().archives[0].key, out.archive_key);
  EXPECT_FALSE(archives().marker);
  for (int twice = 0; twice < 2; ++twice) ASSERT_TRUE(remove_job(archiving_));
  EXPECT_FALSE(observe().jobs.contains(id_));
  EXPECT_EQ(files_of(first), before) << "archiving changes nothing";
  ASSERT_TRUE(remove_volume(id_, first));

  ASSERT_TRUE(provision(id_, second));
  done = restore(spec(restoring_, second, archiving_));
  ASSERT_TRUE(done) << error(done);
  EXPECT_EQ(ended(restoring_).exit_code, 0) << ended(restoring_).message;
  ASSERT_TRUE(archives().marker);
  EXPECT_EQ(archives().marker->operation, restoring_);
  EXPECT_EQ(archives().marker->archive_key, out.archive_key);
  EXPECT_EQ(files_of(second), before);
  ASSERT_TRUE(remove_job(restoring_));
  ASSERT_TRUE(start(id_, second, "2"));
  EXPECT_EQ(get(ready_address(id_), "/read/note"), "remember 200");
}

TEST_F(DockerJobsTest, WithoutAVolumeAnEmptyHomeIsArchived) {
  ASSERT_TRUE(archive(spec(archiving_, "", archiving_)));
  EXPECT_EQ(ended(archiving_).exit_code, 0) << ended(archiving_).message;
  EXPECT_TRUE(archives().archives.at(0).complete);
  EXPECT_TRUE(observe().volumes.empty());
  const std::string volume = volume_of(id_, "g1");
  ASSERT_TRUE(provision(id_, volume));
  ASSERT_TRUE(restore(spec(restoring_, volume, archiving_)));
  EXPECT_EQ(ended(restoring_).exit_code, 0) << ended(restoring_).message;
  ASSERT_TRUE(start(id_, volume));
  EXPECT_EQ(get(ready_address(id_), "/write/mine"), "written 200") << "the home belongs to its user";
}

// Hearth need not be root: a job writes into folders of Hearth's user, and what it wrote Hearth may read and remove.
TEST_F(DockerJobsTest, FoldersOfAnotherUserAreWrittenThroughTheirGroup) {
  const fs::path folder = root_ / settings.deployment / id_.text();
  fs::create_directories(folder / archiving_.text());
  for (const fs::path& each : {folder, folder / archiving_.text()}) {
    fs::permissions(each, fs::perms::owner_all | fs::perms::group_all);
    if (geteuid() == 0) {
      ASSERT_EQ(chown(each.c_str(), 12345, 12345), 0);  // otherwise they are another user's than the job's already
    }
  }
  const std::string volume = volume_of(id_);
  fill(volume);
  ASSERT_TRUE(archive(spec(archiving_, volume, archiving_)));
  EXPECT_EQ(ended(archiving_).exit_code, 0) << ended(archiving_).message;
  ASSERT_TRUE(restore(spec(restoring_, volume, archiving_)));
  EXPECT_EQ(ended(restoring_).exit_code, 0) << ended(restoring_).message;
  struct stat of_folder {
  }, of_marker{};
  ASSERT_EQ(stat(folder.c_str(), &of_folder), 0);
  ASSERT_EQ(stat((folder / ".restore_marker").c_str(), &of_marker), 0);
  EXPECT_EQ(of_marker.st_gid, of_folder.st_gid);
  EXPECT_EQ(of_marker.st_mode & 0777, 0640u);
}

TEST_F(DockerJobsTest, AFailedJobSaysItsCodeAndWhyAndIsMadeAgain) {
  const std::string volume = volume_of(id_);
  ASSERT_TRUE(provision(id_, volume));
  ASSERT_TRUE(restore(spec(restoring_, volume, archiving_)));
  const ObservedJob failed = ended(restoring_);
  EXPECT_EQ(failed.exit_code, 12) << "archive missing";
  EXPECT_NE(failed.message, "");
  EXPECT_EQ(failed.message.find('{'), std::string::npos) << failed.message;
  EXPECT_EQ(ended(restoring_).message, failed.message);

  const std::string name = job_name(settings.deployment, restoring_);
  const std::string first = shell("docker inspect -f '{{.Id}}' " + name);
  ASSERT_TRUE(restore(spec(restoring_, volume, archiving_)));
  EXPECT_NE(shell("docker inspect -f '{{.Id}}' " + name), first);
  EXPECT_EQ(ended(restoring_).exit_code, 12);
}

TEST_F(DockerJobsTest, AJobThatPrintsWithoutEndIsCutShort) {
  const std::string volume = volume_of(id_);
  settings.runtime.job_image = "hearth-test-flood:" + std::to_string(getpid());
  shell("set -e; d=$(mktemp -d); cp " STUB_WORKSPACE " $d/stub; tar -C $d -c . | docker import --change " +
        std::string(R"('ENTRYPOINT ["/stub","flood"]' - )") + settings.runtime.job_image + "; rm -rf $d");
  ASSERT_TRUE(provision(id_, volume));
  ASSERT_TRUE(archive(spec(archiving_, volume, archiving_)));
  const ObservedJob failed = ended(archiving_);
  EXPECT_EQ(failed.exit_code, 3);
  EXPECT_LE(failed.message.size(), 500u);
  EXPECT_EQ(failed.message.substr(0, 3), "xxx");
  const std::string log =
      shell("docker inspect -f '{{.LogPath}}' " + job_name(settings.deployment, archiving_) + " | xargs dirname");
  EXPECT_LT(std::stoul(shell("du -s " + log + " | cut -f1")), 3000u) << "KiB kept of 64 MiB";
  ASSERT_TRUE(remove_job(archiving_));
  shell("docker rmi " + settings.runtime.job_image, true);
}

TEST_F(DockerJobsTest, AMissingVolumeIsNeverMade) {
  for (const Result<void>& result :
       {archive(spec(archiving_, volume_of(id_), archiving_)), restore(spec(restoring_, volume_of(id_), archiving_))}) {
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message.find("does not exist"), std::string::npos) << error(result);
  }
  const RuntimeSnapshot seen = observe();
  EXPECT_TRUE(seen.volumes.empty());
  EXPECT_TRUE(seen.jobs.empty());
}

TEST_F(DockerJobsTest, WhatIsNotOursIsNeitherUsedNorRemoved) {
  const std::string name = job_name(settings.deployment, archiving_);
  ASSERT_TRUE(provision(id_, volume_of(id_)));
  const std::string labels = " --label hearth.deployment=" + settings.deployment +
                             " --label hearth.workspace=" + id_.text() +
                             " --label hearth.operation=" + archiving_.text();
  for (const std::string& theirs : {std::string(), labels}) {
    shell("docker create --name " + name + theirs + " " + image_);
    for (const Result<void>& result : {archive(spec(archiving_, volume_of(id_), archiving_)), remove_job(archiving_)}) {
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().code, ErrorCode::conflict) << error(result);
    }
    EXPECT_TRUE(observe().jobs.empty());
    EXPECT_EQ(shell("docker rm " + name), name) << "it is still there";
  }
  shell("docker volume create " + volume_of(id_, "g2"));
  const Result<void> foreign = archive(spec(archiving_, volume_of(id_, "g2"), archiving_));
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().code, ErrorCode::conflict) << error(foreign);
  shell("docker volume rm " + volume_of(id_, "g2"));
}

TEST_F(DockerJobsTest, AMissingJobImageIsNotFound) {
  settings.runtime.job_image = "127.0.0.1:1/hearth/nothing:1";
  ASSERT_TRUE(provision(id_, volume_of(id_)));
  const Result<void> result = archive(spec(archiving_, volume_of(id_), archiving_));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::not_found) << error(result);
}

TEST_F(DockerJobsTest, ConfinementArrivesAtTheEngine) {
  ASSERT_TRUE(provision(id_, volume_of(id_)));
  ASSERT_TRUE(archive(spec(archiving_, volume_of(id_), archiving_)));
  EXPECT_EQ(shell("docker inspect -f '{{.HostConfig.CapDrop}} {{.HostConfig.CapAdd}} {{.HostConfig.SecurityOpt}} "
                  "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.NetworkMode}} {{.HostConfig.Memory}} "
                  "{{.Config.User}}' " +
                  job_name(settings.deployment, archiving_) + " | sed 's/CAP_//g'"),
            "[ALL] [DAC_READ_SEARCH] [no-new-privileges] true none 536870912 0:" + std::to_string(getegid()));
  EXPECT_EQ(shell("docker inspect -f '{{range .Mounts}}{{.Destination}}={{.RW}}{{println}}{{end}}' " +
                  job_name(settings.deployment, archiving_) + " | grep . | sort"),
            "/archives/" + settings.deployment + "/" + id_.text() + "=true\n/data=false");
}

}  // namespace
}  // namespace hearth::orchestrator
