// The orchestrator { } block through the real loader.
#include "orchestrator/archives/job_access.h"
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
    gc_interval 30m; gc_orphan_delay 1d; gc_max_deletes 7;
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
  EXPECT_EQ(settings_.gc_interval, std::chrono::minutes(30));
  EXPECT_EQ(settings_.gc_orphan_delay, std::chrono::hours(24));
  EXPECT_EQ(settings_.gc_max_deletes, 7u);
  EXPECT_EQ(settings_.max_running_per_user, 5u);
  EXPECT_EQ(settings_.max_running, 50u);
  EXPECT_FALSE(settings_.coordinator);
  EXPECT_EQ(settings_.wake_hold, Milliseconds(500));
}

TEST_F(DirectivesTest, ArchivesStayBelowTheDataDirectoryUnlessToldOtherwise) {
  ASSERT_TRUE(settings_of("orchestrator { data_dir /srv/h; }" + std::string(in_location("return 204;"))));
  EXPECT_EQ(archive_directory(settings_), "/srv/h/archives");
  EXPECT_FALSE(settings_.auto_restore);
}

TEST_F(DirectivesTest, ADirectoryKeepsArchives) {
  const std::vector<std::pair<std::string, std::string>> places = {
      {"file:/mnt/a", "/mnt/a"}, {"file:///mnt/a/", "/mnt/a"}, {"file:rel/a", directory_.path() + "/rel/a"}};
  for (const auto& [where, directory] : places) {
    settings_ = {};
    ASSERT_TRUE(settings_of("orchestrator { archive_store " + where + "; auto_restore on; }" +
                            std::string(in_location("return 204;"))));
    EXPECT_EQ(settings_.archives.directory, directory) << where;
    EXPECT_EQ(settings_.archives.bucket, "");
    EXPECT_TRUE(settings_.auto_restore);
  }
}

TEST_F(DirectivesTest, ABucketKeepsArchivesWithOrWithoutABlock) {
  ASSERT_TRUE(settings_of("orchestrator { archive_store s3://homes; }" + std::string(in_location("return 204;"))));
  EXPECT_EQ(settings_.archives.bucket, "homes");
  EXPECT_EQ(settings_.archives.prefix, "");
  EXPECT_FALSE(settings_.archives.path_style.has_value());
  settings_ = {};
  ASSERT_TRUE(settings_of(std::string(R"(orchestrator { archive_store s3://homes/hearth/eu/ {
    endpoint http://127.0.0.1:9000/; region eu-1; credentials_file s3.conf; ca_file ca.pem; path_style off; } })") +
                          in_location("return 204;")));
  EXPECT_EQ(settings_.archives.bucket, "homes");
  EXPECT_EQ(settings_.archives.prefix, "hearth/eu");
  EXPECT_EQ(settings_.archives.endpoint, "http://127.0.0.1:9000");
  EXPECT_EQ(settings_.archives.region, "eu-1");
  EXPECT_EQ(settings_.archives.credentials_file, directory_.path() + "/s3.conf");
  EXPECT_EQ(settings_.archives.ca_file, directory_.path() + "/ca.pem");
  EXPECT_EQ(settings_.archives.path_style, false);
}

TEST_F(DirectivesTest, SayWhatIsWrongWithAnArchiveStore) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"archive_store ftp://x;", "file:/path, or s3://bucket/prefix"},
      {"archive_store file:;", "must name a directory"},
      {"archive_store file:/;", "root directory"},
      {"archive_store file:/a { }", "no block"},
      {"archive_store s3://;", "no bucket name"},
      {"archive_store s3://b?x/y;", "no bucket name"},
      {"archive_store s3://homes//x;", "empty part"},
      {"archive_store s3://homes { endpoint 127.0.0.1:9000; }", "http://host[:port]"},
      {"archive_store s3://homes { endpoint http:///x; }", "http://host[:port]"},
      {"archive_store s3://homes { path_style maybe; }", "maybe"},
      {"archive_store s3://homes { bucket x; }", "unknown directive"},
      {"archive_store s3://homes; archive_store file:/x;", "duplicate"},
      {"archive_store s3://homes; archive_store s3://homes { }", "duplicate"},
      {"archive_store file:/a file:/b;", "number of arguments"},
  };
  for (const auto& [text, part] : wrong) {
    const std::string message = error_in(text);
    EXPECT_NE(message.find(part), std::string::npos) << text << " -> " << message;
    EXPECT_NE(message.find("P/c.conf:1"), std::string::npos) << message;
  }
}

TEST_F(DirectivesTest, SayWhatIsWrongAndWhatWouldBeRight) {
  const auto has = [](const std::string& message, const char* part) { return message.find(part) != std::string::npos; };
  EXPECT_TRUE(has(error_in("database mysql://x;"), "postgres://user@host/name"));
  EXPECT_TRUE(has(error_in("event_bus kafka://host;"), "local, or redis://host:port/database"));
  EXPECT_TRUE(has(error_in("event_bus redis://host:x;"), "P/c.conf:1: invalid Redis port \"x\""));
  EXPECT_TRUE(has(error_in("event_bus rediss://host;"), "TLS"));
  EXPECT_TRUE(has(error_in("auto_restore maybe;"), "maybe"));
  EXPECT_TRUE(has(error_in("deployment Main;"), "a-z"));
  EXPECT_TRUE(has(error_in("runtime podman { }"), "docker"));
  EXPECT_TRUE(has(error_in("max_running 0;"), "from 1"));
  EXPECT_TRUE(has(error_in_runtime("socket /run/d.sock;"), "unix:/path"));
  EXPECT_TRUE(has(error_in_runtime("cpus lots;"), "\"lots\""));
  EXPECT_TRUE(has(error_in_runtime("memory 1k;"), "64m"));
  EXPECT_TRUE(has(error_in_runtime("pull sometimes;"), "missing, never or always"));
  EXPECT_TRUE(has(error_in("wake_hold soon;"), "P/c.conf:1"));
  EXPECT_TRUE(has(error_in("gc_interval 0;"), "less than 1s"));
  EXPECT_TRUE(has(error_in("gc_orphan_delay 5ms;"), "less than 1s"));
  EXPECT_TRUE(has(error_in("gc_max_deletes 0;"), "from 1"));
}

}  // namespace
}  // namespace hearth::orchestrator
