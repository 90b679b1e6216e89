#include "orchestrator/archives/job_access.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "object_store/credentials.h"
#include "orchestrator/archives/archive_store.h"

namespace hearth::orchestrator {
namespace {

namespace fs = std::filesystem;

class JobAccessTest : public testing::Test {
 protected:
  JobAccessTest() {
    char name[] = "/tmp/hearth-access-XXXXXX";
    root_ = mkdtemp(name);
    settings_.data_dir = root_;
  }
  ~JobAccessTest() override { fs::remove_all(root_); }

  static bool has(const JobAccess& access, const std::string& variable) {
    return std::find(access.environment.begin(), access.environment.end(), variable) != access.environment.end();
  }
  void in_bucket(const std::string& endpoint) {
    std::ofstream(root_ / "credentials") << "[default]\naws_access_key_id = AK\naws_secret_access_key=S/=K\n";
    settings_.archives = {};
    settings_.archives.bucket = "homes";
    settings_.archives.prefix = "pre";
    settings_.archives.endpoint = endpoint;
    settings_.archives.region = "eu-1";
    settings_.archives.credentials_file = root_ / "credentials";
  }

  fs::path root_;
  OrchestratorSettings settings_;
  const Uuid workspace_ = Uuid::random(), operation_ = Uuid::random();
};

TEST_F(JobAccessTest, ADirectoryShowsAJobItsOwnWorkspaceOnly) {
  const std::string key = archive_key("", "main", workspace_, operation_);
  const auto access = job_access(settings_, workspace_, operation_, key, false);
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->folder, (root_ / "archives/main" / workspace_.text()).string());
  EXPECT_EQ(access->mount, "/archives/main/" + workspace_.text());
  EXPECT_EQ(access->network, JobNetwork::none);
  EXPECT_EQ(access->environment, std::vector<std::string>{"ARCHIVE_URL=file:///archives/" + key});
  // The job writes as root without the right to overrule permissions, so the folders are open to their group.
  for (const fs::path& folder : {fs::path(access->folder), fs::path(access->folder) / operation_.text()}) {
    struct stat st {};
    ASSERT_EQ(stat(folder.c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777, 0770u);
    EXPECT_EQ(st.st_gid, access->group);
  }
}

TEST_F(JobAccessTest, ARestoreKnowsWhereItsMarkerGoes) {
  const std::string key = archive_key("", "main", workspace_, Uuid::random());
  const auto access = job_access(settings_, workspace_, operation_, key, true);
  ASSERT_TRUE(access);
  EXPECT_TRUE(has(*access, "ARCHIVE_URL=file:///archives/" + key));
  EXPECT_TRUE(has(*access, "RESTORE_OP_ID=" + operation_.text()));
  EXPECT_TRUE(has(*access, "RESTORE_MARKER_URL=file:///archives/" + restore_marker_key("", "main", workspace_)));
}

TEST_F(JobAccessTest, ArchivingComparesWithThePreviousArchiveOfThisWorkspaceOnly) {
  const std::string key = archive_key("", "main", workspace_, operation_);
  const std::string previous = archive_key("", "main", workspace_, Uuid::random());
  const auto access = job_access(settings_, workspace_, operation_, key, false, previous);
  ASSERT_TRUE(access);
  EXPECT_TRUE(has(*access, "PREVIOUS_ARCHIVE_URL=file:///archives/" + previous));
  EXPECT_TRUE(has(*access, "RESTORE_MARKER_URL=file:///archives/" + restore_marker_key("", "main", workspace_)));
  for (const std::string& elsewhere : {archive_key("old-prefix", "main", workspace_, operation_), previous + "/../x"}) {
    const auto without = job_access(settings_, workspace_, operation_, key, false, elsewhere);
    ASSERT_TRUE(without);
    EXPECT_EQ(without->environment.size(), 1u) << elsewhere;
  }
}

TEST_F(JobAccessTest, AnotherWorkspacesArchiveIsRefused) {
  for (const std::string& key :
       {archive_key("", "main", Uuid::random(), operation_), archive_key("", "other", workspace_, operation_),
        std::string(), "main/" + workspace_.text() + "/../x"}) {
    const auto access = job_access(settings_, workspace_, operation_, key, true);
    ASSERT_FALSE(access) << key;
    EXPECT_EQ(access.error().code, ErrorCode::invalid_argument);
  }
}

TEST_F(JobAccessTest, ABucketIsReachedWithTheCredentialsInTheFile) {
  in_bucket("http://127.0.0.1:9000");
  settings_.archives.path_style = true;
  const auto access =
      job_access(settings_, workspace_, operation_, archive_key("pre", "main", workspace_, operation_), false);
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_TRUE(
      has(*access, "ARCHIVE_URL=s3://homes/pre/main/" + workspace_.text() + "/" + operation_.text() + "/home.tar.zst"));
  EXPECT_TRUE(has(*access, "AWS_ENDPOINT_URL=http://127.0.0.1:9000"));
  EXPECT_TRUE(has(*access, "AWS_REGION=eu-1"));
  EXPECT_TRUE(has(*access, "AWS_S3_ADDRESSING_STYLE=path"));
  EXPECT_EQ(access->folder, "");
}

TEST_F(JobAccessTest, AJobGetsItsCredentialsInAFileThatOnlyItsOwnerReads) {
  in_bucket("http://127.0.0.1:9000");
  const std::string key = archive_key("pre", "main", workspace_, operation_);
  const auto access = job_access(settings_, workspace_, operation_, key, false);
  ASSERT_TRUE(access) << access.error().message;
  for (const std::string& variable : access->environment) {
    EXPECT_EQ(variable.find("S/=K"), std::string::npos);
    EXPECT_EQ(variable.find("AK"), std::string::npos);
  }
  EXPECT_TRUE(has(*access, std::string("AWS_SHARED_CREDENTIALS_FILE=") + kJobCredentialsFile));
  struct stat st {};
  ASSERT_EQ(stat(access->credentials_file.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0600u);
  EXPECT_EQ(object_store::read_credentials(access->credentials_file)->secret_key, "S/=K");

  ASSERT_TRUE(job_access(settings_, workspace_, operation_, key, false));
  struct stat same {};
  ASSERT_EQ(stat(access->credentials_file.c_str(), &same), 0);
  EXPECT_EQ(same.st_ino, st.st_ino) << "a job that starts now has it mounted";
  std::ofstream(root_ / "credentials") << "[default]\naws_access_key_id = AK\naws_secret_access_key=new\n";
  ASSERT_TRUE(job_access(settings_, workspace_, operation_, key, false));
  EXPECT_EQ(object_store::read_credentials(access->credentials_file)->secret_key, "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(root_ / "jobs"), fs::directory_iterator()), 1) << "nothing else is left";
}

TEST_F(JobAccessTest, AnAuthorityOfItsOwnIsShownToTheJob) {
  in_bucket("https://s3.example.com");
  settings_.archives.ca_file = "/etc/hearth/s3-ca.pem";
  const auto access =
      job_access(settings_, workspace_, operation_, archive_key("pre", "main", workspace_, operation_), false);
  ASSERT_TRUE(access);
  EXPECT_EQ(access->ca_file, "/etc/hearth/s3-ca.pem");
  EXPECT_TRUE(has(*access, std::string("AWS_CA_BUNDLE=") + kJobCaFile));
}

TEST_F(JobAccessTest, OnlyAStoreOnThisMachineTakesTheHostsNetwork) {
  const std::string key = archive_key("pre", "main", workspace_, operation_);
  for (const auto& [endpoint, network] :
       {std::pair("http://localhost:9000", JobNetwork::host), std::pair("http://[::1]:9", JobNetwork::host),
        std::pair("https://s3.example.com", JobNetwork::bridge), std::pair("", JobNetwork::bridge),
        std::pair("http://127.example.com", JobNetwork::bridge)}) {
    in_bucket(endpoint);
    const auto access = job_access(settings_, workspace_, operation_, key, false);
    ASSERT_TRUE(access);
    EXPECT_EQ(access->network, network) << endpoint;
  }
}

TEST_F(JobAccessTest, MissingCredentialsAreDenied) {
  in_bucket("");
  settings_.archives.credentials_file = root_ / "none";
  const auto access =
      job_access(settings_, workspace_, operation_, archive_key("pre", "main", workspace_, operation_), false);
  ASSERT_FALSE(access);
  EXPECT_EQ(access.error().code, ErrorCode::permission_denied);
}

}  // namespace
}  // namespace hearth::orchestrator
