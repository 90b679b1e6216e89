// A real Docker Engine for tests: a deployment of the test's own and a tiny image; both gone with the fixture.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "base/random.h"
#include "orchestrator/runtime/docker/docker_runtime.h"
#include "support/loop_until.h"

namespace hearth::orchestrator {

using hearth::test::run_until;

// The command's output; its failure fails the test unless `may_fail`.
inline std::string shell(const std::string& command, bool may_fail = false) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  std::string output;
  char buffer[4096];
  while (const std::size_t size = fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, size);
  const int status = pclose(pipe);
  if (!may_fail) {
    EXPECT_EQ(status, 0) << command << "\n" << output;
  }
  while (!output.empty() && output.back() == '\n') output.pop_back();
  return output;
}

class DockerTest : public testing::Test {
 protected:
  static constexpr Milliseconds kPatience{60000};

  static void SetUpTestSuite() {
    image_ = "hearth-test-stub:" + std::to_string(getpid());
    // The image's /home/coder has one file, to be found again in a new volume.
    shell("set -e; d=$(mktemp -d); mkdir -p $d/home/coder; cp " STUB_WORKSPACE
          " $d/stub; printf seeded > $d/home/coder/seed;"
          " chown -R 1000:1000 $d/home/coder; tar -C $d -c . | docker import --change 'ENTRYPOINT [\"/stub\"]' - " +
          image_ + "; rm -rf $d");
  }
  static void TearDownTestSuite() { shell("docker rmi -f " + image_, true); }

  DockerTest() {
    settings.deployment = "test-" + std::to_string(fast_random() % 1000000000);
    settings.runtime.image = image_;
    settings.runtime.memory_bytes = 64u << 20;
    settings.runtime.pids = 64;
    settings.runtime.pull = RuntimeSettings::Pull::never;
  }
  ~DockerTest() override {
    runtime.reset();
    const std::string label = " --filter label=hearth.deployment=" + settings.deployment;
    shell("docker ps -aq" + label + " | xargs -r docker rm -f; docker volume ls -q" + label +
              " | xargs -r docker volume rm -f; docker network ls -q" + label + " | xargs -r docker network rm",
          true);
  }

  DockerRuntime& engine() {
    if (!runtime) runtime = std::make_unique<DockerRuntime>(loop, settings);
    return *runtime;
  }

  // Runs one call to its end.
  template <class T, class F>
  Result<T> wait(F&& call) {
    std::optional<Result<T>> result;
    call([&result](Result<T> answer) { result = std::move(answer); });
    if (!run_until(
            loop, [&] { return result.has_value(); }, kPatience)) {
      return fail(ErrorCode::timeout, ErrorSource::us, "the call never ended");
    }
    return std::move(*result);
  }
  Result<void> provision(const Uuid& id, const std::string& volume) {
    return wait<void>([&](auto done) { engine().provision(id, volume, std::move(done)); });
  }
  Result<void> start(const Uuid& id, const std::string& volume, const std::string& operation = "1") {
    return wait<void>([&](auto done) {
      engine().start({id, settings.runtime.image, volume, operation}, std::move(done));
    });
  }
  Result<void> stop(const Uuid& id) {
    return wait<void>([&](auto done) { engine().stop(id, std::move(done)); });
  }
  Result<void> remove_volume(const Uuid& id, const std::string& volume) {
    return wait<void>([&](auto done) { engine().remove_volume(id, volume, std::move(done)); });
  }
  RuntimeSnapshot observe() {
    auto snapshot = wait<RuntimeSnapshot>([&](auto done) { engine().observe(std::move(done)); });
    EXPECT_TRUE(snapshot) << (snapshot ? "" : snapshot.error().message);
    return snapshot ? std::move(*snapshot) : RuntimeSnapshot{};
  }
  // Probes until it answers; its address.
  std::string ready_address(const Uuid& id) {
    const auto until = SteadyClock::now() + kPatience;
    while (SteadyClock::now() < until) {
      const RuntimeSnapshot snapshot = observe();
      const auto found = snapshot.containers.find(id);
      if (found == snapshot.containers.end() || found->second.address.empty()) continue;
      const std::string address = found->second.address;
      if (wait<void>([&](auto done) { engine().probe(address, std::move(done)); })) return address;
    }
    ADD_FAILURE() << "never ready";
    return {};
  }
  // GET by the stub; "<status> <body>".
  static std::string get(const std::string& address, const std::string& path) {
    return shell("curl -s --noproxy '*' -m 5 -w ' %{http_code}' http://" + address + path, true);
  }
  std::string volume_of(const Uuid& id, const std::string& generation = "g1") {
    return volume_name(settings.deployment, id, generation);
  }

  Loop loop;
  OrchestratorSettings settings;
  std::unique_ptr<DockerRuntime> runtime;
  static inline std::string image_;
};

}  // namespace hearth::orchestrator
