// What the orchestrator { } block becomes; frozen after the configuration was read (SPEC section 12).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"

namespace hearth::orchestrator {

struct RuntimeSettings {
  std::string socket = "/var/run/docker.sock";
  std::string image = "hearth/code-server";
  std::string job_image = "hearth/storage-job";
  double cpus = 2;
  std::uint64_t memory_bytes = 4ull << 30;
  std::int64_t pids = 1024;
  enum class Pull { missing, never, always } pull = Pull::missing;
  std::string network;  // docker network; empty = one of our own, "hearth-<deployment>", made when missing
};

// Where archives are kept: a directory on the runtime's machine, or a bucket.
struct ArchiveSettings {
  std::string directory;  // file:; empty = <data_dir>/archives. Ignored when there is a bucket
  std::string bucket;     // s3://bucket/prefix
  std::string prefix;
  std::string endpoint;  // empty = AWS
  std::string region;
  std::string credentials_file;    // AWS shared credentials format; empty = the environment's AWS_* variables
  std::string ca_file;             // PEM; empty = AWS_CA_BUNDLE of the environment, else the system's
  std::optional<bool> path_style;  // unset: path for an endpoint of your own, virtual hosts on AWS
};

struct OrchestratorSettings {
  bool present = false;             // an orchestrator { } block was given
  std::string deployment = "main";  // [a-z0-9][a-z0-9-]{0,30}
  std::string data_dir = "/var/lib/hearth";
  bool database_embedded = true;
  std::string database_url;  // when not embedded
  std::string redis_url;     // event_bus redis://… or redis+unix://…; empty = local
  ArchiveSettings archives;
  RuntimeSettings runtime;
  bool coordinator = true;
  unsigned max_running_per_user = 3;
  unsigned max_running = 100;
  unsigned max_parallel_operations = 20;
  Milliseconds wake_hold{15000};
  bool auto_restore = false;        // opening an archived workspace restores it
  Milliseconds probe_interval{50};  // readiness probes while a container starts
  std::int64_t standby_ttl_seconds = 30 * 60;
  std::int64_t archive_ttl_seconds = 7 * 24 * 3600;
  std::int64_t stop_notice_seconds = 2 * 60;
  Milliseconds gc_interval{4 * 3600 * 1000};
  Milliseconds gc_orphan_delay{2 * 3600 * 1000};  // how long nobody must have needed what is removed
  unsigned gc_max_deletes = 100;                  // per run
  bool idle_given = false;                        // one of the three above was configured; nothing enforces them yet
};

}  // namespace hearth::orchestrator
