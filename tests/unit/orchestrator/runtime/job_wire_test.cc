#include "orchestrator/runtime/docker/job_wire.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace hearth::orchestrator::docker {
namespace {

using nlohmann::json;

const Uuid kWorkspace = *Uuid::parse("6f2c0e9a-58a4-4d1c-9b2e-0a1b2c3d4e5f");
const Uuid kOperation = *Uuid::parse("0a0a0a0a-58a4-4d1c-9b2e-0a1b2c3d4e5f");

JobAccess directory() {
  JobAccess access;
  access.environment = {"ARCHIVE_URL=file:///archives/main/w/o/home.tar.zst"};
  access.folder = "/srv/archives/main/w";
  access.mount = "/archives/main/w";
  access.group = 1001;
  return access;
}

json body(JobKind kind, const std::string& volume, const JobAccess& access) {
  return json::parse(job_body({}, "main", kind, {kWorkspace, kOperation, volume, "k"}, access));
}

TEST(JobWire, AnArchiveJobMayReadAndNothingElse) {
  const json job = body(JobKind::archive, "vol", directory());
  EXPECT_EQ(job["Image"], "hearth/storage-job");
  EXPECT_EQ(job["Cmd"], json::array({"archive"}));
  EXPECT_EQ(job["User"], "0:1001");
  EXPECT_EQ(job["Env"], json::array({"ARCHIVE_URL=file:///archives/main/w/o/home.tar.zst"}));
  EXPECT_EQ(job["Labels"], (json{{"hearth.deployment", "main"},
                                 {"hearth.workspace", kWorkspace.text()},
                                 {"hearth.operation", kOperation.text()},
                                 {"hearth.role", "job"}}));
  const json& host = job["HostConfig"];
  EXPECT_EQ(host["CapDrop"], json::array({"ALL"}));
  EXPECT_EQ(host["CapAdd"], json::array({"DAC_READ_SEARCH"}));
  EXPECT_EQ(host["SecurityOpt"], json::array({"no-new-privileges"}));
  EXPECT_EQ(host["ReadonlyRootfs"], true);
  EXPECT_EQ(host["NetworkMode"], "none");
  EXPECT_EQ(host["Memory"], 512 << 20);
  EXPECT_EQ(host["RestartPolicy"]["Name"], "no");
  EXPECT_FALSE(host.contains("Privileged"));
  ASSERT_EQ(host["Mounts"].size(), 2u);
  EXPECT_EQ(host["Mounts"][0]["Source"], "vol");
  EXPECT_EQ(host["Mounts"][0]["Target"], "/data");
  EXPECT_EQ(host["Mounts"][0]["ReadOnly"], true);
  EXPECT_EQ(host["Mounts"][1],
            (json{{"Type", "bind"}, {"Source", "/srv/archives/main/w"}, {"Target", "/archives/main/w"}}));
}

TEST(JobWire, ARestoreJobMayGiveFilesTheirOwners) {
  const json job = body(JobKind::restore, "vol", directory());
  EXPECT_EQ(job["Cmd"], json::array({"restore"}));
  EXPECT_EQ(job["HostConfig"]["CapAdd"], json::array({"CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SETFCAP"}));
  EXPECT_EQ(job["HostConfig"]["Mounts"][0]["ReadOnly"], false);
  EXPECT_EQ(job["HostConfig"]["Mounts"][0]["VolumeOptions"]["NoCopy"], true);
}

TEST(JobWire, WithoutAVolumeAnEmptyFolderOfTheUsersIsArchived) {
  const json job = body(JobKind::archive, "", directory());
  EXPECT_EQ(job["HostConfig"]["Mounts"].size(), 1u) << "no volume is named, so none is made";
  const std::string options = job["HostConfig"]["Tmpfs"]["/data"];
  EXPECT_NE(options.find("ro,"), std::string::npos);
  EXPECT_NE(options.find("uid=1000,gid=1000"), std::string::npos);
}

TEST(JobWire, ABucketIsReachedOverTheNetworkThatLeadsToIt) {
  JobAccess access;
  access.network = JobNetwork::bridge;
  EXPECT_EQ(body(JobKind::archive, "vol", access)["HostConfig"]["NetworkMode"], "bridge");
  access.network = JobNetwork::host;
  access.ca_file = "/etc/ca.pem";
  access.credentials_file = "/srv/credentials";
  const json host = body(JobKind::archive, "vol", access)["HostConfig"];
  EXPECT_EQ(host["NetworkMode"], "host");
  ASSERT_EQ(host["Mounts"].size(), 3u);
  EXPECT_EQ(host["Mounts"][1]["Source"], "/etc/ca.pem");
  EXPECT_EQ(host["Mounts"][1]["ReadOnly"], true);
  EXPECT_EQ(host["Mounts"][2]["Source"], "/srv/credentials");
  EXPECT_EQ(host["Mounts"][2]["ReadOnly"], true);
}

TEST(JobWire, AFailedJobSaysWhy) {
  EXPECT_EQ(job_message("{\"step\":\"started\"}\n{\"step\":\"failed\",\"exit\":12,\"message\":\"no archive\"}\n"
                        "storage-job: no archive\n"),
            "no archive");
  EXPECT_EQ(job_message("{\"step\":\"started\"}\nstorage-job: RESTORE_OP_ID: bad\n\n"),
            "storage-job: RESTORE_OP_ID: bad");
  EXPECT_EQ(job_message("{\"step\":\"failed\",\"message\":7}\nlast\n"), "last");
  EXPECT_EQ(job_message("{\"step\":3}\n{broken\n"), "{broken");
  EXPECT_EQ(job_message(""), "");
  EXPECT_EQ(job_message(std::string(3000, 'x')).size(), 500u);
}

}  // namespace
}  // namespace hearth::orchestrator::docker
