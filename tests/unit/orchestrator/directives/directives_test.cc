// The orchestrator { } block through the real loader.
#include "orchestrator/orchestrator.h"
#include "unit/config/load_text.h"

namespace hearth::orchestrator {
namespace {

class DirectivesTest : public config::ConfigTest {
 protected:
  DirectivesTest() { options_.modules = {{"orchestrator", &orchestrator_directives(), &settings_, nullptr, {}}}; }
  std::string error_in(const std::string& text) { return error_of("orchestrator { " + text + " }"); }
  std::string error_in_runtime(const std::string& text) { return error_in("runtime docker { " + text + " }"); }

  OrchestratorSettings settings_;
};

TEST_F(DirectivesTest, FillTheSettings) {
  ASSERT_TRUE(settings_of(std::string(R"(orchestrator {
    deployment prod-1; data_dir /srv/hearth; database postgres://u@db/hearth; event_bus redis://:pw@cache:7000/2;
    runtime docker { socket unix:/run/d.sock; image a/b:1; job_image c; cpus 1.5; memory 2g; pids 512; pull never; network n; }
    standby_ttl 10m; archive_ttl 2d; stop_notice 30s;
    max_running_per_user 5; max_running 50; coordinator off; wake_hold 500ms; auto_restore off; })") +
                          in_location("return 204;")));
  EXPECT_TRUE(settings_.present);
  EXPECT_EQ(settings_.deployment, "prod-1");
  EXPECT_EQ(settings_.data_dir, "/srv/hearth");
  EXPECT_FALSE(settings_.database_embedded);
  EXPECT_EQ(settings_.database_url, "postgres://u@db/hearth");
  EXPECT_EQ(settings_.redis_url, "redis://:pw@cache:7000/2");
  EXPECT_EQ(settings_.runtime.socket, "/run/d.sock");
  EXPECT_EQ(settings_.runtime.image, "a/b:1");
  EXPECT_EQ(settings_.runtime.cpus, 1.5);
  EXPECT_EQ(settings_.runtime.memory_bytes, 2ull << 30);
  EXPECT_EQ(settings_.runtime.pids, 512);
  EXPECT_EQ(settings_.runtime.pull, RuntimeSettings::Pull::never);
  EXPECT_EQ(settings_.runtime.network, "n");
  EXPECT_EQ(settings_.standby_ttl_seconds, 600);
  EXPECT_EQ(settings_.archive_ttl_seconds, 2 * 86400);
  EXPECT_EQ(settings_.stop_notice_seconds, 30);
  EXPECT_TRUE(settings_.idle_given);
  EXPECT_EQ(settings_.max_running_per_user, 5u);
  EXPECT_EQ(settings_.max_running, 50u);
  EXPECT_FALSE(settings_.coordinator);
  EXPECT_EQ(settings_.wake_hold, Milliseconds(500));
}

TEST_F(DirectivesTest, SayWhatIsWrongAndWhatWouldBeRight) {
  const auto has = [](const std::string& message, const char* part) { return message.find(part) != std::string::npos; };
  EXPECT_TRUE(has(error_in("database mysql://x;"), "postgres://user@host/name"));
  EXPECT_TRUE(has(error_in("event_bus kafka://host;"), "local, or redis://host:port/database"));
  EXPECT_TRUE(has(error_in("event_bus redis://host:x;"), "P/c.conf:1: invalid Redis port \"x\""));
  EXPECT_TRUE(has(error_in("event_bus rediss://host;"), "TLS"));
  EXPECT_TRUE(has(error_in("archive_store file:/x;"), "archives are not supported yet"));
  EXPECT_TRUE(has(error_in("auto_restore on;"), "archives are not supported yet"));
  EXPECT_TRUE(has(error_in("deployment Main;"), "a-z"));
  EXPECT_TRUE(has(error_in("runtime podman { }"), "docker"));
  EXPECT_TRUE(has(error_in("max_running 0;"), "from 1"));
  EXPECT_TRUE(has(error_in_runtime("socket /run/d.sock;"), "unix:/path"));
  EXPECT_TRUE(has(error_in_runtime("cpus lots;"), "\"lots\""));
  EXPECT_TRUE(has(error_in_runtime("memory 1k;"), "64m"));
  EXPECT_TRUE(has(error_in_runtime("pull sometimes;"), "missing, never or always"));
  EXPECT_TRUE(has(error_in("wake_hold soon;"), "P/c.conf:1"));
}

}  // namespace
}  // namespace hearth::orchestrator
