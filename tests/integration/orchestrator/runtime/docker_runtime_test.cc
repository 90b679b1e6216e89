// DockerRuntime against a real Docker Engine.
#include "integration/orchestrator/runtime/docker_fixture.h"

namespace hearth::orchestrator {
namespace {

std::string message(const Result<void>& result) { return result ? "ok" : result.error().message; }

TEST_F(DockerTest, AWorkspaceLivesSleepsAndKeepsItsFiles) {
  const Uuid id = Uuid::random();
  const std::string volume = volume_of(id);
  for (int twice = 0; twice < 2; ++twice) ASSERT_TRUE(provision(id, volume));
  RuntimeSnapshot seen = observe();
  ASSERT_EQ(seen.volumes[id].size(), 1u);
  EXPECT_EQ(seen.volumes[id][0].name, volume);
  EXPECT_FALSE(seen.volumes[id][0].foreign);
  EXPECT_TRUE(seen.containers.empty());

  Result<void> started = start(id, volume);
  ASSERT_TRUE(started) << message(started);
  const std::string first = observe().containers[id].runtime_id;
  ASSERT_TRUE(start(id, volume));
  EXPECT_EQ(observe().containers[id].runtime_id, first)
      << "the same attempt again must not replace a running container";

  const std::string address = ready_address(id);
  EXPECT_EQ(get(address, "/read/seed"), "seeded 200") << "a new volume has the image's home";
  EXPECT_EQ(get(address, "/write/remember"), "written 200") << "user 1000 owns the home";
  const auto logs = wait<std::string>([&](auto done) { engine().logs(id, 10, std::move(done)); });
  ASSERT_TRUE(logs);
  EXPECT_EQ(*logs, "--auth none --bind-addr 0.0.0.0:8080 as 1000\n");

  for (int twice = 0; twice < 2; ++twice) ASSERT_TRUE(stop(id));
  seen = observe();
  EXPECT_FALSE(seen.containers.contains(id));
  EXPECT_EQ(seen.volumes[id].size(), 1u) << "the volume outlives the container";

  ASSERT_TRUE(start(id, volume, "2"));
  EXPECT_EQ(get(ready_address(id), "/read/note"), "remember 200");
  EXPECT_FALSE(remove_volume(id, volume)) << "in use";
  ASSERT_TRUE(stop(id));
  for (int twice = 0; twice < 2; ++twice) ASSERT_TRUE(remove_volume(id, volume));
  EXPECT_FALSE(observe().volumes.contains(id));
}

TEST_F(DockerTest, AnotherAttemptReplacesWhatIsLeftOver) {
  const Uuid id = Uuid::random();
  ASSERT_TRUE(provision(id, volume_of(id)));
  ASSERT_TRUE(start(id, volume_of(id), "1"));
  const std::string first = observe().containers[id].runtime_id;
  ASSERT_TRUE(start(id, volume_of(id), "2"));
  const ObservedContainer second = observe().containers[id];
  EXPECT_NE(second.runtime_id, first);
  EXPECT_TRUE(second.running);
}

TEST_F(DockerTest, FirstStartsAtTheSameTimeShareOneNetwork) {
  std::vector<Uuid> ids;
  for (int i = 0; i < 6; ++i) {
    ids.push_back(Uuid::random());
    ASSERT_TRUE(provision(ids.back(), volume_of(ids.back())));
  }
  std::vector<Result<void>> results;
  for (const Uuid& id : ids) {
    engine().start({id, settings.runtime.image, volume_of(id), "1"},
                   [&](Result<void> result) { results.push_back(std::move(result)); });
  }
  ASSERT_TRUE(run_until(
      loop, [&] { return results.size() == ids.size(); }, kPatience));
  for (const Result<void>& result : results) EXPECT_TRUE(result) << result.error().message;
  EXPECT_EQ(shell("docker network ls -q --filter label=hearth.deployment=" + settings.deployment + " | wc -l"), "1");
}

TEST_F(DockerTest, SeveralNetworksOfOneNameBecomeOne) {
  const std::string name = "hearth-" + settings.deployment;
  const std::string create =
      "curl -sf --unix-socket /var/run/docker.sock -H 'Content-Type: application/json' -d '{\"Name\":\"" + name +
      "\",\"Labels\":{\"hearth.deployment\":\"" + settings.deployment + "\"}}' http://d/v1.41/networks/create";
  for (int i = 0; i < 3; ++i) shell(create);
  if (shell("docker network ls -q --filter name=" + name + " | wc -l") == "1") return;  // this engine makes no second
  const Uuid id = Uuid::random();
  ASSERT_TRUE(provision(id, volume_of(id)));
  const Result<void> started = start(id, volume_of(id));
  EXPECT_TRUE(started) << started.error().message;
  EXPECT_EQ(shell("docker network ls -q --filter name=" + name + " | wc -l"), "1");
}

TEST_F(DockerTest, AContainerThatSomebodyRenamedIsStillItsWorkspaces) {
  const Uuid id = Uuid::random();
  ASSERT_TRUE(provision(id, volume_of(id)));
  ASSERT_TRUE(start(id, volume_of(id), "1"));
  const std::string first = observe().containers[id].runtime_id;
  shell("docker rename " + first + " renamed-" + settings.deployment);
  ObservedContainer seen = observe().containers[id];
  EXPECT_EQ(seen.runtime_id, first);
  EXPECT_TRUE(seen.running);
  EXPECT_FALSE(seen.foreign);
  EXPECT_FALSE(seen.address.empty());

  ASSERT_TRUE(start(id, volume_of(id), "2"));
  EXPECT_EQ(shell("docker ps -aq --filter volume=" + volume_of(id) + " | wc -l"), "1") << "two on one home";
  seen = observe().containers[id];
  EXPECT_NE(seen.runtime_id, first);
  shell("docker rename " + seen.runtime_id + " renamed-" + settings.deployment);
  ASSERT_TRUE(stop(id));
  EXPECT_FALSE(observe().containers.contains(id));
}

TEST_F(DockerTest, APausedContainerDoesNotRunAndGoesOnWhenStarted) {
  const Uuid id = Uuid::random();
  ASSERT_TRUE(provision(id, volume_of(id)));
  ASSERT_TRUE(start(id, volume_of(id), "1"));
  const std::string first = observe().containers[id].runtime_id;
  shell("docker pause " + first);
  ObservedContainer seen = observe().containers[id];
  EXPECT_FALSE(seen.running);
  EXPECT_FALSE(seen.exit_code.has_value());
  ASSERT_TRUE(start(id, volume_of(id), "2"));
  seen = observe().containers[id];
  EXPECT_TRUE(seen.running);
  EXPECT_EQ(seen.runtime_id, first) << "its processes were not started anew";
  shell("docker pause " + first);
  ASSERT_TRUE(stop(id));
  EXPECT_FALSE(observe().containers.contains(id));
}

TEST_F(DockerTest, AMissingVolumeIsNeverMadeByStarting) {
  const Uuid id = Uuid::random();
  const Result<void> started = start(id, volume_of(id));
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().code, ErrorCode::not_found) << "that would mean the image";
  EXPECT_NE(started.error().message.find("does not exist"), std::string::npos);
  EXPECT_TRUE(observe().volumes.empty());
}

TEST_F(DockerTest, AMissingImageIsNotFoundWhetherOrNotItMayBePulled) {
  for (const auto pull : {RuntimeSettings::Pull::never, RuntimeSettings::Pull::missing}) {
    settings.runtime.pull = pull;
    settings.runtime.image = "127.0.0.1:1/hearth/nothing:1";  // nobody serves images there
    runtime.reset();
    const Uuid id = Uuid::random();
    ASSERT_TRUE(provision(id, volume_of(id)));
    const Result<void> started = start(id, volume_of(id));
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, ErrorCode::not_found) << message(started);
    EXPECT_NE(started.error().message.find("hearth/nothing"), std::string::npos);
  }
}

TEST_F(DockerTest, WhatIsNotOursIsNeitherUsedNorRemoved) {
  const Uuid id = Uuid::random();
  const std::string name = container_name(settings.deployment, id);
  shell("docker volume create " + volume_of(id));
  for (const Result<void>& result :
       {provision(id, volume_of(id)), start(id, volume_of(id)), remove_volume(id, volume_of(id))}) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::conflict) << message(result);
  }
  shell("docker create --name " + name + " " + image_);
  ASSERT_TRUE(provision(id, volume_of(id, "g2")));
  for (const Result<void>& result : {start(id, volume_of(id, "g2")), stop(id)}) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::conflict) << message(result);
  }
  EXPECT_EQ(shell("docker rm " + name), name) << "it is still there";
  EXPECT_EQ(shell("docker volume rm " + volume_of(id)), volume_of(id));
}

TEST_F(DockerTest, VolumesAloneAreListedAsTheyAreWithAllElse) {
  const Uuid id = Uuid::random();
  const Uuid other = Uuid::random();
  for (const char* generation : {"g1", "g2"}) ASSERT_TRUE(provision(id, volume_of(id, generation)));
  const std::string label = " --label hearth.deployment=" + settings.deployment;
  shell("docker volume create" + label + " --label hearth.workspace=" + id.text() + " " + volume_of(other));
  const auto by_name = [](WorkspaceRuntime::Volumes volumes) {  // the engine has no order
    for (auto& [workspace, list] : volumes)
      std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return volumes;
  };
  const auto list = [&] {
    auto volumes = wait<WorkspaceRuntime::Volumes>([&](auto done) { engine().list_volumes(std::move(done)); });
    EXPECT_TRUE(volumes);
    return by_name(volumes ? std::move(*volumes) : WorkspaceRuntime::Volumes{});
  };
  auto volumes = list();
  EXPECT_EQ(volumes, by_name(observe().volumes));
  EXPECT_EQ(volumes[id].size(), 2u);
  ASSERT_EQ(volumes[other].size(), 1u);
  EXPECT_TRUE(volumes[other][0].foreign) << "its label names another workspace";

  ASSERT_TRUE(start(id, volume_of(id, "g1")));
  EXPECT_FALSE(remove_volume(id, volume_of(id, "g1"))) << "in use";
  EXPECT_TRUE(remove_volume(id, volume_of(id, "g2")));
  EXPECT_EQ(list()[id].size(), 1u);
  shell("docker volume rm " + volume_of(other));
}

TEST_F(DockerTest, ACrashIsHeardOfAtOnceAndSaysItsCode) {
  const Uuid id = Uuid::random();
  int hints = 0;
  engine().on_event([&](std::optional<Uuid> about) { hints += about == id ? 1 : 0; });
  ASSERT_TRUE(provision(id, volume_of(id)));
  ASSERT_TRUE(start(id, volume_of(id)));
  ASSERT_TRUE(run_until(loop, [&] { return hints >= 2; })) << "created, started";
  const std::string address = ready_address(id);
  const int before = hints;
  get(address, "/exit/7");
  ASSERT_TRUE(run_until(
      loop, [&] { return hints > before; }, Milliseconds(5000)));
  ObservedContainer container = observe().containers[id];
  for (const auto until = SteadyClock::now() + Seconds(5); container.running && SteadyClock::now() < until;) {
    container = observe().containers[id];  // the listing follows the event by a moment
  }
  EXPECT_FALSE(container.running);
  EXPECT_EQ(container.exit_code, 7);
  EXPECT_EQ(container.state, "exited");
  EXPECT_TRUE(container.address.empty());
  EXPECT_FALSE(wait<void>([&](auto done) { engine().probe(address, std::move(done)); }));
}

TEST_F(DockerTest, WorkspacesCannotReachEachOther) {
  const Uuid one = Uuid::random();
  const Uuid two = Uuid::random();
  for (const Uuid& id : {one, two}) {
    ASSERT_TRUE(provision(id, volume_of(id)));
    ASSERT_TRUE(start(id, volume_of(id)));
  }
  const std::string first = ready_address(one);
  const std::string second = ready_address(two);
  const std::string ip = second.substr(0, second.find(':'));
  EXPECT_EQ(get(first, "/connect/127.0.0.1"), " 200") << "the stub can tell";
  EXPECT_EQ(get(first, "/connect/" + ip), " 403");
}

TEST_F(DockerTest, LimitsAndConfinementArriveAtTheEngine) {
  const Uuid id = Uuid::random();
  ASSERT_TRUE(provision(id, volume_of(id)));
  ASSERT_TRUE(start(id, volume_of(id)));
  const std::string name = container_name(settings.deployment, id);
  EXPECT_EQ(shell("docker inspect -f '{{.Config.User}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} "
                  "{{.HostConfig.Memory}} "
                  "{{.HostConfig.PidsLimit}} {{.HostConfig.Init}} {{.HostConfig.RestartPolicy.Name}} "
                  "{{.HostConfig.Privileged}}' " +
                  name),
            "1000:1000 [ALL] [no-new-privileges] 67108864 64 true no false");
}

TEST_F(DockerTest, AnEngineThatIsNotThereIsSaidSo) {
  settings.runtime.socket = "/nonexistent/docker.sock";
  const auto snapshot = wait<RuntimeSnapshot>([&](auto done) { engine().observe(std::move(done)); });
  ASSERT_FALSE(snapshot);
  EXPECT_EQ(snapshot.error().code, ErrorCode::unavailable);
  EXPECT_NE(engine().unready_reason().find("/nonexistent/docker.sock"), std::string::npos);
}

}  // namespace
}  // namespace hearth::orchestrator
