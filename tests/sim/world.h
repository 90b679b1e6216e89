// World: the container engine and the object store as they are, whoever believes what; and what must always hold there.
//
// A home's content is a number: how often its owner has changed it. `truth` is what the owner has; a volume or an
// archive that holds a smaller number holds an older home.
#pragma once

#include <map>
#include <optional>

#include "orchestrator/archives/archive_store.h"
#include "orchestrator/runtime/workspace_runtime.h"
#include "sim/simulation.h"

namespace hearth::sim {

using namespace orchestrator;  // NOLINT: a program of tests

constexpr int kNothing = 0;
constexpr int kPartial = -1;  // a restore has begun and not ended

class Database;

class World {
 public:
  World(Simulation& simulation, Database& database) : sim_(simulation), database_(database) {}

  struct Container {
    std::string runtime_id;
    std::string volume;
    std::string operation;
    bool running = false;
    int exit_code = 0;
    std::int64_t answers_at = 0;  // ns
  };
  struct Volume {
    Uuid workspace;
    int content = kNothing;
  };
  struct Job {
    Uuid workspace;
    std::string volume;
    std::string key;
    bool restores = false;
    bool running = true;
    int exit_code = 0;
    int incarnation = 0;
  };
  struct Object {
    Uuid workspace;
    Uuid operation;
    int content = kNothing;
    bool torn = false;  // its volume changed while it was read
    bool meta = false;
  };

  std::map<Uuid, Container> containers;
  std::map<std::string, Volume> volumes;
  std::map<Uuid, Job> jobs;  // by operation
  std::map<std::string, Object> objects;
  std::map<Uuid, RestoreMarker> markers;
  std::vector<StoredUpload> uploads;  // of jobs that were ended before their archive was
  std::map<Uuid, int> truth;
  bool engine_up = true;
  bool store_up = true;
  std::optional<Uuid> store_mark;

  RuntimeSnapshot snapshot() const;
  ArchiveSnapshot archives(const std::vector<Uuid>& markers_of) const;
  std::vector<StoredArchive> stored() const;
  bool answers(const std::string& address) const;

  // What the engine does when it is told to. Errors are the engine's own.
  Result<void> create_volume(const std::string& name, const Uuid& workspace);
  Result<void> create_container(const StartSpec& spec);
  Result<void> start_container(const Uuid& workspace, const std::string& runtime_id);
  Result<void> remove_container(const std::string& runtime_id);
  Result<void> remove_volume(const std::string& name);
  Result<void> start_job(const JobSpec& spec, bool restores);
  Result<void> remove_job(const Uuid& operation);
  // What the store does.
  Result<void> remove_stored(const std::string& key);
  Result<void> abort_upload(const StoredUpload& upload);
  // Resources that no row names: what the garbage collector has to remove, in words.
  std::vector<std::string> orphans();

  void crash_container(const Uuid& workspace, int exit_code);
  // The owner works in it.
  void write_in(const Uuid& workspace);
  // Is there, for every home that is not deleted, a place that has it?
  void check_homes();

  std::function<void()> changed = [] {};  // engine events

 private:
  bool in_use(const std::string& volume) const;
  void end_job(const Uuid& operation, int incarnation, int outcome, int content_at_start);
  Container* find_container(const std::string& runtime_id, Uuid* workspace);

  Simulation& sim_;
  Database& database_;
  int made_ = 0;
};

}  // namespace hearth::sim
