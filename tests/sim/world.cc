#include "sim/world.h"

#include "sim/database.h"
#include "sim/virtual_time.h"

namespace hearth::sim {
namespace {

Result<void> refused(ErrorCode code, std::string message) {
  return fail(code, ErrorSource::runtime, std::move(message));
}
std::string address_of(const std::string& runtime_id) { return "10.0.0.1:" + runtime_id; }

}  // namespace

RuntimeSnapshot World::snapshot() const {
  RuntimeSnapshot result;
  for (const auto& [id, container] : containers) {
    ObservedContainer seen;
    seen.runtime_id = container.runtime_id;
    seen.running = container.running;
    seen.state = container.running ? "running" : container.exit_code < 0 ? "created" : "exited";
    if (container.running) seen.address = address_of(container.runtime_id);
    if (!container.running && container.exit_code >= 0) seen.exit_code = container.exit_code;
    result.containers[id] = seen;
  }
  for (const auto& [name, volume] : volumes) result.volumes[volume.workspace].push_back({name, false});
  for (const auto& [operation, job] : jobs) {
    ObservedJob seen{operation, job.running, {}, job.running || job.exit_code == 0 ? "" : "simulated"};
    if (!job.running) seen.exit_code = job.exit_code;
    result.jobs[job.workspace].push_back(seen);
  }
  return result;
}

bool World::answers(const std::string& address) const {
  for (const auto& [id, container] : containers) {
    if (address_of(container.runtime_id) == address) {
      return container.running && container.answers_at <= virtual_time::now_ns();
    }
  }
  return false;
}

bool World::in_use(const std::string& volume) const {
  for (const auto& [id, container] : containers) {
    if (container.volume == volume) return true;
  }
  for (const auto& [operation, job] : jobs) {
    if (job.volume == volume) return true;
  }
  return false;
}

World::Container* World::find_container(const std::string& runtime_id, Uuid* workspace) {
  for (auto& [id, container] : containers) {
    if (container.runtime_id != runtime_id) continue;
    *workspace = id;
    return &container;
  }
  return nullptr;
}

Result<void> World::create_volume(const std::string& name, const Uuid& workspace) {
  if (volumes.try_emplace(name, Volume{workspace, kNothing}).second) sim_.say("world: volume {} made", name);
  changed();
  return {};
}

Result<void> World::create_container(const StartSpec& spec) {
  if (!volumes.contains(spec.volume_name)) return refused(ErrorCode::internal, "no such volume");
  if (containers.contains(spec.workspace)) return refused(ErrorCode::internal, "name taken");
  containers[spec.workspace] = {std::to_string(++made_), spec.volume_name, spec.operation_id, false, -1, 0};
  changed();
  return {};
}

Result<void> World::start_container(const Uuid& workspace, const std::string& runtime_id) {
  const auto found = containers.find(workspace);
  if (found == containers.end() || found->second.runtime_id != runtime_id) {
    return refused(ErrorCode::internal, "no such container");
  }
  Container& container = found->second;
  if (container.running) return {};
  for (const auto& [operation, job] : jobs) {
    sim_.check(!(job.running && job.restores && job.volume == container.volume), [&] {
      return fmt::format("container of {} starts on a volume that a job is still filling", workspace.text());
    });
  }
  const int content = volumes.at(container.volume).content;
  const int owned = truth[workspace];
  sim_.check(content == owned, [&] {
    return fmt::format("{} starts on {} with home {} where its owner has {}", workspace.text(), container.volume,
                       content, owned);
  });
  container.running = true;
  container.answers_at = virtual_time::now_ns() + sim_.rng.between(50, 3000) * 1'000'000;
  sim_.say("world: container {} of {} runs on {} (home {})", runtime_id, workspace.text(), container.volume, content);
  changed();
  return {};
}

void World::write_in(const Uuid& workspace) {
  const auto found = containers.find(workspace);
  if (found == containers.end() || !found->second.running) return;
  volumes.at(found->second.volume).content = ++truth[workspace];
}

Result<void> World::remove_container(const std::string& runtime_id) {
  Uuid workspace;
  if (find_container(runtime_id, &workspace) == nullptr) return {};
  containers.erase(workspace);
  sim_.say("world: container {} of {} removed", runtime_id, workspace.text());
  changed();
  return {};
}

void World::crash_container(const Uuid& workspace, int exit_code) {
  const auto found = containers.find(workspace);
  if (found == containers.end() || !found->second.running) return;
  found->second.running = false;
  found->second.exit_code = exit_code;
  sim_.say("world: container {} of {} exits with {}", found->second.runtime_id, workspace.text(), exit_code);
  changed();
}

// The row's volume does not go unless the row is deleted, or names a complete archive of its own operation that holds
// the same. Any other may go as long as every home is somewhere.
Result<void> World::remove_volume(const std::string& name) {
  const auto found = volumes.find(name);
  if (found == volumes.end()) return {};
  if (in_use(name)) return refused(ErrorCode::conflict, "volume " + name + " is in use");
  const Uuid workspace = found->second.workspace;
  const int content = found->second.content;
  const std::optional<HomeRow> row = database_.home_row(workspace);
  if (row && !row->deleted && row->volume_name == name && content > kNothing) {
    const auto object = objects.find(row->archive_key);
    const bool archived = object != objects.end() && object->second.meta && !object->second.torn &&
                          object->second.operation == row->archive_op_id && object->second.content == content;
    sim_.check(archived, [&] {
      return fmt::format("volume {} with home {} is removed while the row says archive \"{}\", op {}", name, content,
                         row->archive_key, row->archive_op_id.text());
    });
  }
  volumes.erase(found);
  sim_.say("world: volume {} removed (home {})", name, content);
  check_homes();
  changed();
  return {};
}

Result<void> World::start_job(const JobSpec& spec, bool restores) {
  if (!spec.volume_name.empty() && !volumes.contains(spec.volume_name)) {
    return refused(ErrorCode::internal, "no such volume");
  }
  const auto before = jobs.find(spec.operation);
  if (before != jobs.end() && (before->second.running || before->second.exit_code == 0)) return {};
  // A job that finds its own marker has nothing left to do (SPEC section 11), however late it was started.
  const auto marker = markers.find(spec.workspace);
  if (restores && marker != markers.end() && marker->second.operation == spec.operation) {
    jobs[spec.operation] = {spec.workspace, spec.volume_name, spec.archive_key, restores, false, 0, ++made_};
    changed();
    return {};
  }
  for (const auto& [operation, job] : jobs) {
    if (operation == spec.operation || !job.running || job.volume != spec.volume_name || spec.volume_name.empty())
      continue;
    sim_.check(!job.restores && !restores,
               [&] { return fmt::format("two jobs on {}, one of which writes", spec.volume_name); });
  }
  const int incarnation = ++made_;
  jobs[spec.operation] = {spec.workspace, spec.volume_name, spec.archive_key, restores, true, 0, incarnation};
  sim_.say("world: job {} of {} {} {}", spec.operation.text(), spec.workspace.text(),
           restores ? "restores" : "archives", spec.volume_name);
  int content = kNothing;
  if (!spec.volume_name.empty()) {
    Volume& volume = volumes.at(spec.volume_name);
    content = volume.content;
    if (restores) volume.content = kPartial;
  }
  int outcome = 0;
  if (!store_up)
    outcome = 10;
  else if (sim_.fault("job fails", 0.15))
    outcome = static_cast<int>(std::array{1, 10, 14, 137}[sim_.rng.next() % 4]);
  else if (sim_.fault("job fails after its work", 0.05))
    outcome = -1;
  const auto duration = sim_.fault("job slow", 0.1) ? sim_.between(20000, 90000) : sim_.between(300, 8000);
  sim_.after(duration, [this, operation = spec.operation, incarnation, outcome, content] {
    end_job(operation, incarnation, outcome, content);
  });
  changed();
  return {};
}

// `outcome`: 0 ends well; above, fails with that code having done nothing; below, does its work and fails.
void World::end_job(const Uuid& operation, int incarnation, int outcome, int content_at_start) {
  const auto found = jobs.find(operation);
  if (found == jobs.end() || found->second.incarnation != incarnation) return;  // removed meanwhile
  Job& job = found->second;
  const auto volume = volumes.find(job.volume);
  const auto object = objects.find(job.key);
  if (job.restores && outcome <= 0) {
    if (object == objects.end() || !object->second.meta) {
      outcome = 12;
    } else {
      volume->second.content = object->second.content;
      markers[job.workspace] = {operation, job.key};
    }
  } else if (!job.restores && outcome <= 0 && (object == objects.end() || !object->second.meta)) {
    const int content = job.volume.empty() ? kNothing : volume->second.content;
    objects[job.key] = {job.workspace, operation, content_at_start, content != content_at_start, true};
  }
  job.running = false;
  job.exit_code = outcome < 0 ? 1 : outcome;
  sim_.say("world: job {} ends with {}", operation.text(), job.exit_code);
  changed();
}

Result<void> World::remove_job(const Uuid& operation) {
  // One that is ended in the middle of an upload cannot abort it.
  const auto ended = jobs.find(operation);
  if (ended != jobs.end() && ended->second.running && !ended->second.restores) {
    uploads.push_back({ended->second.workspace, operation, ended->second.key, std::to_string(++made_), ""});
  }
  if (jobs.erase(operation) > 0) sim_.say("world: job {} removed", operation.text());
  changed();
  return {};
}

void World::check_homes() {
  for (const auto& [workspace, owned] : truth) {
    if (owned == kNothing) continue;
    const std::optional<HomeRow> row = database_.home_row(workspace);
    if (!row || row->deleted) continue;
    const auto volume = volumes.find(row->volume_name);
    const auto object = objects.find(row->archive_key);
    const bool in_volume = volume != volumes.end() && volume->second.content == owned;
    const bool in_archive =
        object != objects.end() && object->second.meta && !object->second.torn && object->second.content == owned;
    sim_.check(in_volume || in_archive, [&] {
      return fmt::format("home {} of {} is in neither {} nor {}", owned, workspace.text(), row->volume_name,
                         row->archive_key);
    });
  }
}

}  // namespace hearth::sim
