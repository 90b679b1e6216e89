#include "orchestrator/runtime/docker/wire.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "orchestrator/runtime/docker/engine.h"

namespace hearth::orchestrator::docker {
namespace {

using nlohmann::json;

const std::string kId = "6f2c0e9a-58a4-4d1c-9b2e-0a1b2c3d4e5f";
const Uuid kWorkspace = *Uuid::parse(kId);

TEST(DockerWire, NamesSaySystemDeploymentWorkspaceGeneration) {
  EXPECT_EQ(container_name("main", kWorkspace), "hearth-main-" + kId);
  EXPECT_EQ(volume_name("main", kWorkspace, "0a1b"), "hearth-main-" + kId + "-home-0a1b");
}

TEST(DockerWire, ContainersAreConfined) {
  RuntimeSettings settings;
  settings.cpus = 1.5;
  settings.memory_bytes = 1 << 30;
  settings.pids = 99;
  const json body = json::parse(container_body(settings, "main", {kWorkspace, "img:1", "vol", "42"}));
  EXPECT_EQ(body["Image"], "img:1");
  EXPECT_EQ(body["User"], "1000:1000");
  EXPECT_EQ(body["Cmd"], json::array({"--auth", "none", "--bind-addr", "0.0.0.0:8080"}));
  EXPECT_FALSE(body.contains("Entrypoint"));
  EXPECT_EQ(body["Labels"],
            (json{{"hearth.deployment", "main"}, {"hearth.workspace", kId}, {"hearth.operation", "42"}}));
  const json& host = body["HostConfig"];
  EXPECT_EQ(host["CapDrop"], json::array({"ALL"}));
  EXPECT_EQ(host["SecurityOpt"], json::array({"no-new-privileges"}));
  EXPECT_EQ(host["Memory"], 1 << 30);
  EXPECT_EQ(host["NanoCpus"], 1500000000);
  EXPECT_EQ(host["PidsLimit"], 99);
  EXPECT_EQ(host["Init"], true);
  EXPECT_EQ(host["RestartPolicy"]["Name"], "no");
  EXPECT_EQ(host["NetworkMode"], "hearth-main");
  EXPECT_EQ(host["Mounts"][0]["Type"], "volume");
  EXPECT_EQ(host["Mounts"][0]["Source"], "vol");
  EXPECT_EQ(host["Mounts"][0]["Target"], "/home/coder");
  EXPECT_EQ(host["Mounts"][0]["VolumeOptions"]["Labels"], (json{{"hearth.accident", "main"}}));
  EXPECT_EQ(host["LogConfig"]["Config"]["max-size"], "10m");
  EXPECT_FALSE(host.contains("Privileged"));
  EXPECT_FALSE(host.contains("Binds"));
}

TEST(DockerWire, AVolumeMadeWithAContainerIsNotOurs) {
  const std::string made = R"({"Name":"vol","Labels":{"hearth.accident":"main"}})";
  EXPECT_TRUE(is_accident(made, "main"));
  EXPECT_FALSE(is_accident(made, "other"));
  EXPECT_FALSE(labels_are_ours(made, "main", nullptr));
  EXPECT_FALSE(is_accident(R"({"Name":"vol","Labels":{"hearth.deployment":"main"}})", "main"));
  EXPECT_FALSE(is_accident(R"({"Name":"vol","Labels":null})", "main"));
}

TEST(DockerWire, WorkspacesDoNotReachEachOther) {
  const json body = json::parse(network_body("main", "hearth-main"));
  EXPECT_EQ(body["Options"]["com.docker.network.bridge.enable_icc"], "false");
  EXPECT_EQ(body["Labels"]["hearth.deployment"], "main");
}

TEST(DockerWire, FiltersAreJsonInTheQuery) {
  EXPECT_EQ(*percent_decode(label_filter("main").substr(8)), R"({"label":["hearth.deployment=main"]})");
  const json events = json::parse(*percent_decode(event_filter("main").substr(8)));
  EXPECT_EQ(events["label"], json::array({"hearth.deployment=main"}));
  EXPECT_EQ(events["type"], json::array({"container"}));
}

TEST(DockerWire, AnImageWithoutTagIsTheLatestOnly) {
  const auto check = [](const char* text, const char* name, const char* tag) {
    const ImageName image = parse_image(text);
    EXPECT_EQ(image.name, name) << text;
    EXPECT_EQ(image.tag, tag) << text;
  };
  check("hearth/code-server", "hearth/code-server", "latest");
  check("hearth/code-server:2", "hearth/code-server", "2");
  check("host:5000/code", "host:5000/code", "latest");
  check("host:5000/code:3", "host:5000/code", "3");
  check("code@sha256:abc", "code@sha256:abc", "");
}

json listed(const std::string& name, const std::string& state, const std::string& workspace) {
  return {{"Id", "c0ffee"},
          {"Names", {"/" + name}},
          {"State", state},
          {"Status", state == "exited" ? "Exited (137) 3 seconds ago" : "Up 3 seconds"},
          {"Labels", {{"hearth.deployment", "main"}, {"hearth.workspace", workspace}}},
          {"NetworkSettings", {{"Networks", {{"hearth-main", {{"IPAddress", "172.20.0.2"}}}}}}}};
}

TEST(DockerWire, ReadsTheListOfContainers) {
  RuntimeSnapshot snapshot;
  ListedJobs jobs;
  json running = listed("hearth-main-" + kId, "running", kId);
  ASSERT_TRUE(read_containers(json::array({running}).dump(), "main", "hearth-main", snapshot, jobs));
  ASSERT_EQ(snapshot.containers.size(), 1u);
  const ObservedContainer& container = snapshot.containers.at(kWorkspace);
  EXPECT_TRUE(container.running);
  EXPECT_FALSE(container.foreign);
  EXPECT_EQ(container.address, "172.20.0.2:8080");
  EXPECT_EQ(container.runtime_id, "c0ffee");
}

TEST(DockerWire, ReadsAnExit) {
  RuntimeSnapshot snapshot;
  ListedJobs jobs;
  ASSERT_TRUE(read_containers(json::array({listed("hearth-main-" + kId, "exited", kId)}).dump(), "main", "hearth-main",
                              snapshot, jobs));
  EXPECT_FALSE(snapshot.containers.at(kWorkspace).running);
  EXPECT_EQ(snapshot.containers.at(kWorkspace).exit_code, 137);
  EXPECT_TRUE(snapshot.containers.at(kWorkspace).address.empty());
}

TEST(DockerWire, OurNameWithOtherLabelsIsForeignAndOtherNamesAreNobodys) {
  RuntimeSnapshot snapshot;
  ListedJobs jobs;
  const json list =
      json::array({listed("hearth-main-" + kId, "running", "somebody"), listed("hearth-main-job-1", "running", kId),
                   listed("hearth-other-" + kId, "running", kId)});
  ASSERT_TRUE(read_containers(list.dump(), "main", "hearth-main", snapshot, jobs));
  ASSERT_EQ(snapshot.containers.size(), 1u);
  EXPECT_TRUE(snapshot.containers.at(kWorkspace).foreign);
}

TEST(DockerWire, JobsAreNoWorkspacesAndWorkspacesNoJobs) {
  const std::string operation = "0a0a0a0a-58a4-4d1c-9b2e-0a1b2c3d4e5f";
  const auto job = [&](const std::string& name, const std::string& role, const std::string& of) {
    json entry = listed(name, "exited", kId);
    if (!role.empty()) entry["Labels"]["hearth.role"] = role;
    entry["Labels"]["hearth.operation"] = of;
    return entry;
  };
  const std::string name = "hearth-main-job-" + operation;
  RuntimeSnapshot snapshot;
  ListedJobs jobs;
  const json list = json::array({job(name, "job", operation), job(name, "", operation), job(name, "job", kId),
                                 job("hearth-main-job-1", "job", "1"), job("hearth-main-" + kId, "job", operation)});
  ASSERT_TRUE(read_containers(list.dump(), "main", "hearth-main", snapshot, jobs));
  ASSERT_EQ(jobs.size(), 1u);
  ASSERT_EQ(jobs.at(kWorkspace).size(), 1u) << "name, role and labels must agree";
  EXPECT_EQ(jobs.at(kWorkspace)[0].operation, *Uuid::parse(operation));
  EXPECT_EQ(jobs.at(kWorkspace)[0].state, "exited");
  ASSERT_EQ(snapshot.containers.size(), 1u);
  EXPECT_TRUE(snapshot.containers.at(kWorkspace).foreign) << "a job under a workspace's name";
}

TEST(DockerWire, ReadsVolumesOfEveryGeneration) {
  const auto volume = [](const std::string& name, const std::string& workspace) {
    return json{{"Name", name}, {"Labels", {{"hearth.deployment", "main"}, {"hearth.workspace", workspace}}}};
  };
  RuntimeSnapshot snapshot;
  ListedJobs jobs;
  const std::string base = "hearth-main-" + kId + "-home-";
  const json answer = {
      {"Volumes", {volume(base + "a", kId), volume(base + "b", "x"), volume(base, kId), volume("other", kId)}}};
  ASSERT_TRUE(read_volumes(answer.dump(), "main", snapshot));
  const auto& volumes = snapshot.volumes.at(kWorkspace);
  ASSERT_EQ(volumes.size(), 2u);
  EXPECT_FALSE(volumes[0].foreign);
  EXPECT_TRUE(volumes[1].foreign);
  RuntimeSnapshot none;
  EXPECT_TRUE(read_volumes(R"({"Volumes":null})", "main", none));
}

TEST(DockerWire, NonsenseIsAnErrorNotAnEmptyList) {
  RuntimeSnapshot snapshot;
  ListedJobs jobs;
  for (const char* body :
       {"", "{}", "[", "null", R"([{"Names":["/hearth-main-6f2c0e9a-58a4-4d1c-9b2e-0a1b2c3d4e5f"]}])"}) {
    EXPECT_FALSE(read_containers(body, "main", "n", snapshot, jobs)) << body;
  }
  for (const char* body : {"", "[]", "null", R"({"Volumes":3})"})
    EXPECT_FALSE(read_volumes(body, "main", snapshot)) << body;
}

TEST(DockerWire, AFailedPullSaysWhy) {
  EXPECT_EQ(pull_error("{\"status\":\"Pulling\"}\r\n{\"error\":\"manifest unknown\"}\r\n"), "manifest unknown");
  EXPECT_EQ(pull_error("{\"status\":\"done\"}\n"), "");
}

TEST(DockerWire, EventsNameTheirWorkspace) {
  const auto event = read_event(R"({"Action":"die","Actor":{"Attributes":{"hearth.workspace":")" + kId + R"("}}})");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->action, "die");
  EXPECT_EQ(event->workspace, kWorkspace);
  EXPECT_FALSE(read_event("rubbish"));
}

TEST(DockerWire, LogsAreTakenOutOfTheirFrames) {
  const std::string framed = std::string("\1\0\0\0\0\0\0\3one", 11) + std::string("\2\0\0\0\0\0\0\4 two", 12);
  EXPECT_EQ(demultiplex_logs(framed), "one two");
  EXPECT_EQ(demultiplex_logs("plain text of a terminal"), "plain text of a terminal");
  EXPECT_EQ(demultiplex_logs(std::string("\1\0\0\0\0\0\0\x09"
                                         "cut",
                                         11)),
            "cut");
  EXPECT_EQ(demultiplex_logs(""), "");
}

TEST(DockerWire, VersionsCompareAsNumbers) {
  EXPECT_LT(*ApiVersion::parse("1.9"), *ApiVersion::parse("1.41"));
  EXPECT_EQ(ApiVersion::parse("1.41")->text(), "1.41");
  for (const char* text : {"", "1", "1.", "a.b", "1.41x"}) EXPECT_FALSE(ApiVersion::parse(text)) << text;
}

}  // namespace
}  // namespace hearth::orchestrator::docker
