// The engine's side written out: versions, half an answer, a broken event stream.
#include <gtest/gtest.h>
#include <unistd.h>

#include "orchestrator/runtime/docker/docker_runtime.h"
#include "orchestrator/runtime/docker/networks.h"
#include "support/loop_until.h"
#include "support/scripted_server.h"

namespace hearth::orchestrator {
namespace {

using test::ScriptedPeer;
using test::ScriptedServer;

std::string json_answer(const std::string& body, int status = 200, const std::string& extra = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\n" + extra +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct EngineTest : testing::Test {
  std::string path = "/tmp/hearth-engine-" + std::to_string(getpid()) + "-" + Uuid::random().text().substr(0, 8);
  Loop loop;
  OrchestratorSettings settings;
  std::mutex mutex;
  std::vector<std::string> asked;
  EngineTest() { settings.runtime.socket = path; }
  ~EngineTest() override { unlink(path.c_str()); }

  // Answers each request of a connection through `reply`, by its request line.
  ScriptedServer::Script script(std::function<std::string(const std::string&)> reply) {
    return [this, reply](ScriptedPeer& peer) {
      for (;;) {
        const std::string head = peer.read_head();
        if (!head.ends_with("\r\n\r\n")) return;
        const std::string line = head.substr(0, head.find('\r'));
        {
          const std::lock_guard lock(mutex);
          asked.push_back(line);
        }
        const std::string answer = reply(line);
        if (answer.empty()) return peer.close();
        if (!peer.send(answer)) return;
      }
    };
  }
  int count(const std::string& part) {
    const std::lock_guard lock(mutex);
    int n = 0;
    for (const std::string& line : asked) n += line.find(part) != std::string::npos ? 1 : 0;
    return n;
  }
  Result<RuntimeSnapshot> observe(DockerRuntime& runtime) {
    std::optional<Result<RuntimeSnapshot>> result;
    runtime.observe([&](Result<RuntimeSnapshot> answer) { result = std::move(answer); });
    EXPECT_TRUE(test::run_until(loop, [&] { return result.has_value(); }));
    return result ? std::move(*result) : fail(ErrorCode::timeout, ErrorSource::us, "never answered");
  }
  static std::string list(const std::string& line) {
    return json_answer(line.find("/volumes") != std::string::npos ? R"({"Volumes":[]})" : "[]");
  }
};

TEST_F(EngineTest, TheVersionIsTheOlderOfBoth) {
  for (const auto& [theirs, used] : {std::pair("1.41", "/v1.41/"), std::pair("1.99", "/v1.47/")}) {
    ScriptedServer server(path, script([theirs = std::string(theirs)](const std::string& line) {
                            return line.find("/_ping") != std::string::npos
                                       ? json_answer("OK", 200, "Api-Version: " + theirs + "\r\n")
                                       : list(line);
                          }));
    DockerRuntime runtime(loop, settings);
    EXPECT_TRUE(observe(runtime));
    EXPECT_GE(count(std::string("GET ") + used + "containers/json?all=1"), 1);
    EXPECT_EQ(runtime.unready_reason(), "");
  }
}

TEST_F(EngineTest, AnEngineThatIsTooOldIsRefusedWithWords) {
  ScriptedServer server(path,
                        script([](const std::string&) { return json_answer("OK", 200, "Api-Version: 1.40\r\n"); }));
  DockerRuntime runtime(loop, settings);
  const auto result = observe(runtime);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("1.40"), std::string::npos);
  EXPECT_NE(result.error().message.find("1.41"), std::string::npos);
  EXPECT_NE(runtime.unready_reason().find("1.41"), std::string::npos);
}

TEST_F(EngineTest, HalfAnObservationIsNone) {
  ScriptedServer server(path, script([](const std::string& line) {
                          if (line.find("/_ping") != std::string::npos)
                            return json_answer("OK", 200, "Api-Version: 1.41\r\n");
                          return line.find("/volumes") != std::string::npos
                                     ? json_answer(R"({"message":"disk on fire"})", 500)
                                     : list(line);
                        }));
  DockerRuntime runtime(loop, settings);
  const auto result = observe(runtime);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("disk on fire"), std::string::npos);
}

TEST_F(EngineTest, SurplusNetworksGoAsFarAsNothingIsAttachedAndWishesShareOneLook) {
  const auto network = [](const std::string& id, const std::string& created) {
    return R"({"Id":")" + id + R"(","Name":"hearth-main","Created":")" + created +
           R"(","Labels":{"hearth.deployment":"main"}})";
  };
  const std::string used = network("used", "2026-01-03");
  std::atomic<int> left = 3;
  ScriptedServer server(path, script([&](const std::string& line) {
                          if (line.find("/_ping") != std::string::npos)
                            return json_answer("OK", 200, "Api-Version: 1.41\r\n");
                          if (line.starts_with("DELETE") && line.find("/networks/used") != std::string::npos)
                            return json_answer(R"({"message":"it has active endpoints"})", 403);
                          if (line.starts_with("DELETE")) return --left, json_answer("", 200);
                          return json_answer(left == 3 ? "[" + used + "," + network("old", "2026-01-01") + "," +
                                                             network("new", "2026-01-02") + "]"
                                                       : "[" + used + "]");
                        }));
  docker::Engine engine(loop, path);
  docker::Networks networks(engine, settings.runtime, settings.deployment);
  int good = 0;
  for (int i = 0; i < 5; ++i) networks.ensure([&](const Result<void>& result) { good += result ? 1 : 0; });
  ASSERT_TRUE(test::run_until(loop, [&] { return good == 5; }));
  EXPECT_EQ(left, 1);
  EXPECT_EQ(count("GET /v1.41/networks?"), 2) << "before and after";
}

TEST_F(EngineTest, ANetworkThatTheSettingsNameIsUsedAsItIsAndNeverMade) {
  settings.runtime.network = "0123abcd";
  ScriptedServer server(path, script([](const std::string& line) {
                          if (line.find("/_ping") != std::string::npos)
                            return json_answer("OK", 200, "Api-Version: 1.41\r\n");
                          return line.find("/networks/0123abcd ") != std::string::npos ? json_answer("{}")
                                                                                       : json_answer("[]");
                        }));
  docker::Engine engine(loop, path);
  docker::Networks networks(engine, settings.runtime, settings.deployment);
  std::optional<Result<void>> result;
  networks.ensure([&](Result<void> answer) { result = std::move(answer); });
  ASSERT_TRUE(test::run_until(loop, [&] { return result.has_value(); }));
  EXPECT_TRUE(*result);
  EXPECT_EQ(count("POST"), 0);
}

TEST_F(EngineTest, ABrokenEventStreamIsFollowedAgainAndHintsThatAnythingMayHaveHappened) {
  ScriptedServer server(path, script([](const std::string& line) -> std::string {
                          if (line.find("/_ping") != std::string::npos)
                            return json_answer("OK", 200, "Api-Version: 1.41\r\n");
                          return "";  // closes the stream
                        }));
  DockerRuntime runtime(loop, settings);
  int hints = 0;
  runtime.on_event([&](std::optional<Uuid> about) { hints += about ? 0 : 1; });
  EXPECT_TRUE(test::run_until(loop, [&] { return hints >= 3; }));
  EXPECT_GE(count("/events?since="), 2);
}

}  // namespace
}  // namespace hearth::orchestrator
