// A container runtime and an archive store made of memory, and the world they act on, which outlives them as a real
// engine outlives a process.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "orchestrator/archives/archive_store.h"
#include "orchestrator/runtime/workspace_runtime.h"
#include "runtime/loop.h"

namespace hearth::orchestrator {

struct World {
  struct Container {
    std::string runtime_id;
    std::string volume;
    std::string operation;
    bool running = true;
    bool answers = true;
    int exit_code = 0;
  };
  struct Job {
    Uuid workspace;
    bool running = true;
    int exit_code = 0;
    bool restores = false;
    std::string volume;
    std::string key;
    bool started = true;
  };
  std::map<Uuid, Container> containers;
  std::map<std::string, Uuid> volumes;
  std::map<Uuid, Job> jobs;                               // by operation
  std::map<std::string, std::pair<Uuid, Uuid>> archives;  // by key: workspace, operation
  std::map<Uuid, RestoreMarker> markers;                  // by workspace
  std::set<std::string> used;  // volumes that hold somebody's files: a container has run on them, or they were restored
  std::map<std::string, std::string> copies;  // volume -> the archive that holds its files
  std::set<std::string> used_and_removed;     // … and were removed without a copy
  int next_job_exit = 0;
  bool jobs_end = true;
  std::set<std::string> stuck;  // volumes that the engine says are in use
  std::vector<StoredUpload> uploads;
  bool store_away = false;
  bool store_unmounted = false;  // an empty directory is in its place
  std::optional<Uuid> store_mark;
  std::string refused;  // this call of the store fails
  bool away = false;    // calls fail
  bool new_containers_answer = true;
  std::function<void(const std::string&)> entering = nullptr;  // each call, by name
  int created = 0;

  // A job that runs has ended by the next look.
  void end_jobs() {
    if (!jobs_end) return;
    for (auto& [operation, job] : jobs) {
      if (!job.started || !std::exchange(job.running, false) || job.exit_code != 0) continue;
      if (job.restores) {
        markers[job.workspace] = {operation, job.key};
        used.insert(job.volume);
        copies[job.volume] = job.key;
      } else {
        archives[job.key] = {job.workspace, operation};
        copies[job.volume] = job.key;
      }
    }
  }

  RuntimeSnapshot snapshot() {
    end_jobs();
    RuntimeSnapshot result;
    for (const auto& [operation, job] : jobs) {
      ObservedJob seen{operation, job.running && job.started, {}, job.exit_code == 0 ? "" : "no luck"};
      if (!job.running) seen.exit_code = job.exit_code;
      result.jobs[job.workspace].push_back(seen);
    }
    for (const auto& [id, container] : containers) {
      ObservedContainer seen;
      seen.runtime_id = container.runtime_id;
      seen.running = container.running;
      seen.state = container.running ? "running" : "exited";
      if (container.running)
        seen.address = "10.0.0.1:8080";
      else
        seen.exit_code = container.exit_code;
      result.containers[id] = seen;
    }
    for (const auto& [name, id] : volumes) result.volumes[id].push_back({name, false});
    return result;
  }
};

// Each call passes two points where its process may die: before it takes effect, and after, before its answer.
class FakeRuntime final : public WorkspaceRuntime {
 public:
  // False: dead; nothing happens from here on.
  using Alive = std::function<bool(const char* where)>;
  FakeRuntime(Loop& loop, World& world, Alive alive) : loop_(loop), world_(world), alive_(std::move(alive)) {}
  ~FakeRuntime() override { *here_ = false; }

  void observe(UniqueFunction<void(Result<RuntimeSnapshot>)> done) override {
    if (!alive_("observe")) return;
    if (world_.away) return later([done = std::move(done)]() mutable { done(away()); });
    later([done = std::move(done), seen = world_.snapshot()]() mutable { done(std::move(seen)); });
  }
  void list_volumes(UniqueFunction<void(Result<Volumes>)> done) override {
    if (!alive_("list volumes")) return;
    if (world_.away) return later([done = std::move(done)]() mutable { done(away()); });
    later([done = std::move(done), seen = world_.snapshot().volumes]() mutable { done(std::move(seen)); });
  }
  void provision(const Uuid& id, const std::string& volume, Done done) override {
    act("provision", std::move(done), [this, id, volume]() -> Result<void> {
      world_.volumes.emplace(volume, id);
      return {};
    });
  }
  void start(const StartSpec& spec, Done done) override {
    act("start", std::move(done), [this, spec]() -> Result<void> {
      if (!world_.volumes.contains(spec.volume_name))
        return fail(ErrorCode::internal, ErrorSource::runtime, "no volume");
      const auto found = world_.containers.find(spec.workspace);
      if (found != world_.containers.end() && found->second.running && found->second.operation == spec.operation_id)
        return {};
      world_.containers[spec.workspace] = {std::to_string(++world_.created) + "-container-id",
                                           spec.volume_name,
                                           spec.operation_id,
                                           true,
                                           world_.new_containers_answer,
                                           0};
      world_.used.insert(spec.volume_name);
      world_.copies.erase(spec.volume_name);  // it writes
      return {};
    });
  }
  void stop(const Uuid& id, Done done) override {
    act("stop", std::move(done), [this, id]() -> Result<void> {
      world_.containers.erase(id);
      return {};
    });
  }
  void remove_volume(const Uuid&, const std::string& volume, Done done) override {
    act("remove_volume", std::move(done), [this, volume]() -> Result<void> {
      if (world_.stuck.contains(volume)) return fail(ErrorCode::internal, ErrorSource::runtime, "volume in use");
      for (const auto& [operation, job] : world_.jobs) {
        if (job.volume == volume) return fail(ErrorCode::internal, ErrorSource::runtime, "volume in use");
      }
      const auto copy = world_.copies.find(volume);
      const bool copied = copy != world_.copies.end() && world_.archives.contains(copy->second);
      if (world_.used.contains(volume) && world_.volumes.contains(volume) && !copied) {
        world_.used_and_removed.insert(volume);
      }
      world_.volumes.erase(volume);
      return {};
    });
  }
  void archive(const JobSpec& spec, Done done) override { run_job("archive", spec, false, std::move(done)); }
  void restore(const JobSpec& spec, Done done) override { run_job("restore", spec, true, std::move(done)); }
  void remove_job(const Uuid&, const Uuid& operation, Done done) override {
    act("remove_job", std::move(done), [this, operation]() -> Result<void> {
      world_.jobs.erase(operation);
      return {};
    });
  }
  void logs(const Uuid&, unsigned, UniqueFunction<void(Result<std::string>)> done) override { done(std::string()); }
  void probe(const std::string&, Done done) override {
    bool answers = false;
    for (const auto& [id, container] : world_.containers) answers = answers || (container.running && container.answers);
    later([done = std::move(done), answers]() mutable {
      done(answers ? Result<void>() : Result<void>(fail(ErrorCode::unavailable, ErrorSource::upstream, "not yet")));
    });
  }
  void on_event(UniqueFunction<void(std::optional<Uuid>)> hint) override { hint_ = std::move(hint); }
  std::string unready_reason() const override { return {}; }

  void event() {
    if (hint_) hint_(std::nullopt);
  }

 private:
  static tl::unexpected<Error> away() { return fail(ErrorCode::unavailable, ErrorSource::runtime, "away", true); }
  void later(UniqueFunction<void()> task) {
    loop_.post([here = here_, task = std::move(task)]() mutable {
      if (*here) task();
    });
  }
  void run_job(const char* name, const JobSpec& spec, bool restores, Done done) {
    act(name, std::move(done), [this, spec, restores]() -> Result<void> {
      if (!spec.volume_name.empty() && !world_.volumes.contains(spec.volume_name)) {
        return fail(ErrorCode::internal, ErrorSource::runtime, "no volume");
      }
      const auto found = world_.jobs.find(spec.operation);
      if (found != world_.jobs.end() && (found->second.running || found->second.exit_code == 0)) {
        found->second.started = true;
        return {};
      }
      world_.jobs[spec.operation] = {
          spec.workspace, true, std::exchange(world_.next_job_exit, 0), restores, spec.volume_name, spec.archive_key};
      return {};
    });
  }
  void act(const char* name, Done done, std::function<Result<void>()> effect) {
    if (world_.entering) world_.entering(name);
    if (!alive_(name)) return;
    Result<void> result = world_.away ? Result<void>(away()) : effect();
    if (!alive_(name)) return;
    later([done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
  }

  Loop& loop_;
  World& world_;
  Alive alive_;
  UniqueFunction<void(std::optional<Uuid>)> hint_;
  std::shared_ptr<bool> here_ = std::make_shared<bool>(true);
};

class FakeArchives final : public ArchiveStore {
 public:
  FakeArchives(Loop& loop, World& world, FakeRuntime::Alive alive)
      : loop_(loop), world_(world), alive_(std::move(alive)) {}
  ~FakeArchives() override { *here_ = false; }

  void identify(bool holds_archives, UniqueFunction<void(Result<StoreMark>)> done) override {
    Result<StoreMark> result = StoreMark{};
    if ((holds_archives && world_.archives.empty()) || world_.store_unmounted) {
      result = fail(ErrorCode::conflict, ErrorSource::storage, "neither mark nor archive");
    } else {
      result->placed = !world_.store_mark;
      result->id = world_.store_mark ? *world_.store_mark : world_.store_mark.emplace(Uuid::random());
    }
    answer<StoreMark>("identify store", std::move(result), std::move(done));
  }
  void expect(const Uuid& mark) override { expected_ = mark; }
  void observe(std::vector<Uuid> markers_of, UniqueFunction<void(Result<ArchiveSnapshot>)> done) override {
    if (!alive_("list archives")) return;
    ArchiveSnapshot snapshot;
    const bool other = world_.store_unmounted || expected_ != world_.store_mark;
    for (const auto& [key, owner] : world_.archives)
      snapshot[owner.first].archives.push_back({owner.second, key, true});
    for (const Uuid& id : markers_of) {
      if (const auto found = world_.markers.find(id); found != world_.markers.end())
        snapshot[id].marker = found->second;
    }
    const bool away = world_.store_away;
    loop_.post([here = here_, away, other, snapshot = std::move(snapshot), done = std::move(done)]() mutable {
      if (!*here) return;
      if (other) return done(fail(ErrorCode::conflict, ErrorSource::storage, "another store"));
      if (away) return done(fail(ErrorCode::unavailable, ErrorSource::storage, "away", true));
      done(std::move(snapshot));
    });
  }
  void list_all(UniqueFunction<void(Result<std::vector<StoredArchive>>)> done) override {
    std::vector<StoredArchive> all;
    for (const auto& [key, owner] : world_.archives) all.push_back({owner.first, owner.second, key});
    for (const auto& [id, marker] : world_.markers) all.push_back({id, {}, restore_marker_key("", "main", id)});
    answer<std::vector<StoredArchive>>("list all", std::move(all), std::move(done));
  }
  void list_uploads(UniqueFunction<void(Result<std::vector<StoredUpload>>)> done) override {
    answer<std::vector<StoredUpload>>("list uploads", world_.uploads, std::move(done));
  }
  void remove(const std::string& key, UniqueFunction<void(Result<void>)> done) override {
    act("remove archive", key, std::move(done), [this, key] {
      world_.archives.erase(key);
      std::erase_if(world_.markers,
                    [&](const auto& marker) { return restore_marker_key("", "main", marker.first) == key; });
    });
  }
  void abort_upload(const StoredUpload& upload, UniqueFunction<void(Result<void>)> done) override {
    act("abort upload", upload.key, std::move(done), [this, upload] { std::erase(world_.uploads, upload); });
  }
  std::string unready_reason() const override { return {}; }
  const std::string& prefix() const override { return prefix_; }

 private:
  static tl::unexpected<Error> away() { return fail(ErrorCode::unavailable, ErrorSource::storage, "away", true); }
  template <class T>
  void answer(const char* name, Result<T> value, UniqueFunction<void(Result<T>)> done) {
    if (!alive_(name)) return;
    const bool fails = world_.store_away || world_.refused == name;
    loop_.post([here = here_, fails, value = std::move(value), done = std::move(done)]() mutable {
      if (!*here) return;
      if (fails) return done(away());
      done(std::move(value));
    });
  }
  void act(const char* name, const std::string& what, UniqueFunction<void(Result<void>)> done,
           const std::function<void()>& effect) {
    if (world_.entering) world_.entering(std::string(name) + " " + what);
    if (!alive_(name)) return;
    const bool fails = world_.store_away || world_.refused == name;
    if (!fails) effect();
    if (!alive_(name)) return;
    loop_.post([here = here_, fails, done = std::move(done)]() mutable {
      if (*here) done(fails ? Result<void>(away()) : Result<void>());
    });
  }

  Loop& loop_;
  World& world_;
  FakeRuntime::Alive alive_;
  std::optional<Uuid> expected_;
  std::string prefix_;
  std::shared_ptr<bool> here_ = std::make_shared<bool>(true);
};

}  // namespace hearth::orchestrator
