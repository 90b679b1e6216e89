#include "orchestrator/runtime/docker/observation.h"

namespace hearth::orchestrator::docker {
namespace {
bool has_ended(const std::string& state) { return state == "exited" || state == "dead"; }
}  // namespace

Observation::Observation(Loop& loop, Engine& engine, const RuntimeSettings& settings, const std::string& deployment,
                         Exits& exits, Done done)
    : engine_(engine),
      settings_(settings),
      deployment_(deployment),
      exits_(exits),
      done_(std::move(done)),
      deadline_(loop) {}

void Observation::begin() {
  deadline_.start(kTimeout, [this] {
    end(fail(ErrorCode::timeout, ErrorSource::runtime, "the container engine took too long to list its resources",
             true));
  });
  const std::string filter = label_filter(deployment_);
  list("/containers/json?all=1&" + filter, [this](std::string_view body) {
    return read_containers(body, deployment_, network_name(settings_, deployment_), snapshot_, jobs_);
  });
  list("/volumes?" + filter, [this](std::string_view body) { return read_volumes(body, deployment_, snapshot_); });
}

void Observation::list(std::string path, UniqueFunction<Result<void>(std::string_view)> read) {
  call(std::move(path), [this, read = std::move(read)](const HttpResponse& answer) mutable {
    if (!is_success(answer)) return end(tl::unexpected(error_of(answer, "listing")));
    Result<void> result = read(answer.body);
    if (!result) return end(tl::unexpected(std::move(result.error())));
    if (pending_ == 0) look_at_exits();
  });
}

void Observation::call(std::string path, UniqueFunction<void(const HttpResponse&)> next) {
  ++pending_;
  engine_.call({"GET", std::move(path), "", kTimeout}, [this, alive = std::weak_ptr<char>(alive_),
                                                        next = std::move(next)](Result<HttpResponse> answer) mutable {
    if (alive.expired() || ended_) return;
    --pending_;
    if (!answer) return end(tl::unexpected(std::move(answer.error())));
    next(*answer);
  });
}

void Observation::look_at_exits() {
  Exits known;
  const auto is_known = [&](const std::string& engine_id) {
    const auto found = exits_.find(engine_id);
    if (found != exits_.end()) known.insert(*found);
    return found != exits_.end();
  };
  for (const auto& [id, container] : snapshot_.containers) {
    if (has_ended(container.state) && !is_known(container.runtime_id)) look_at_exit(id, container.runtime_id);
  }
  for (const auto& [id, jobs] : jobs_) {
    for (const ListedJob& job : jobs)
      if (has_ended(job.state) && !is_known(job.engine_id)) look_at_job(id, job.engine_id);
  }
  exits_ = std::move(known);
  if (pending_ == 0) complete();
}

void Observation::look_at_exit(const Uuid& workspace, const std::string& engine_id) {
  call("/containers/" + engine_id + "/json", [this, workspace, engine_id](const HttpResponse& answer) {
    if (answer.status == 404) {
      snapshot_.containers.erase(workspace);
    } else if (auto detail = read_container(answer.body, deployment_, workspace)) {
      exits_[engine_id] = {detail->exit_code, detail->oom_killed, {}};
    }
    if (pending_ == 0) complete();
  });
}

void Observation::look_at_job(const Uuid& workspace, const std::string& engine_id) {
  call("/containers/" + engine_id + "/json", [this, workspace, engine_id](const HttpResponse& answer) {
    if (answer.status == 404) {
      std::erase_if(jobs_[workspace], [&](const ListedJob& job) { return job.engine_id == engine_id; });
    } else if (auto detail = read_container(answer.body, deployment_, workspace)) {
      Exit exit{detail->exit_code, detail->oom_killed, {}};
      if (exit.oom_killed) exit.message = "it needed more memory than storage jobs may use";
      if (exit.code != 0 && exit.message.empty()) return read_last_words(engine_id, std::move(exit));
      exits_[engine_id] = std::move(exit);
    }
    if (pending_ == 0) complete();
  });
}

void Observation::read_last_words(const std::string& engine_id, Exit exit) {
  call("/containers/" + engine_id + "/logs?stdout=1&stderr=1&tail=20",
       [this, engine_id, exit = std::move(exit)](const HttpResponse& answer) mutable {
         if (is_success(answer)) exit.message = job_message(demultiplex_logs(answer.body));
         if (answer.status != 404) exits_[engine_id] = std::move(exit);
         if (pending_ == 0) complete();
       });
}

void Observation::complete() {
  for (auto& [id, container] : snapshot_.containers) {
    const auto found = exits_.find(container.runtime_id);
    if (found == exits_.end()) continue;
    container.exit_code = found->second.code;
    container.oom_killed = found->second.oom_killed;
  }
  for (const auto& [id, jobs] : jobs_) {
    for (const ListedJob& job : jobs) {
      ObservedJob observed{job.operation, job.state == "running", {}, {}};
      if (const auto found = exits_.find(job.engine_id); found != exits_.end()) {
        observed.exit_code = found->second.code;
        observed.message = found->second.message;
      }
      snapshot_.jobs[id].push_back(std::move(observed));
    }
  }
  end(std::move(snapshot_));
}

void Observation::end(Result<RuntimeSnapshot> result) {
  if (ended_) return;
  ended_ = true;
  deadline_.stop();
  done_(std::move(result));
}

}  // namespace hearth::orchestrator::docker
