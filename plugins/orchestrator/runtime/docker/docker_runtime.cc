#include "orchestrator/runtime/docker/docker_runtime.h"

namespace hearth::orchestrator {

using docker::Links;
using docker::Sequence;

namespace {
constexpr Milliseconds kLogsTimeout{10000};
}

// One listing of everything: both answers and the exits not known yet, or nothing.
class DockerRuntime::Observation {
 public:
  using Ended = UniqueFunction<void(Result<RuntimeSnapshot>)>;

  Observation(DockerRuntime& runtime, Ended done)
      : runtime_(runtime), done_(std::move(done)), deadline_(runtime.loop_) {}

  void begin() {
    deadline_.start(kObserveTimeout, [this] {
      end(fail(ErrorCode::timeout, ErrorSource::runtime, "the container engine took too long to list its resources",
               true));
    });
    const std::string filter = docker::label_filter(runtime_.deployment_);
    list("/containers/json?all=1&" + filter, [this](std::string_view body) {
      return docker::read_containers(body, runtime_.deployment_,
                                     docker::network_name(runtime_.settings_, runtime_.deployment_), snapshot_);
    });
    list("/volumes?" + filter,
         [this](std::string_view body) { return docker::read_volumes(body, runtime_.deployment_, snapshot_); });
  }

 private:
  void list(std::string path, UniqueFunction<Result<void>(std::string_view)> read) {
    call(std::move(path), [this, read = std::move(read)](const HttpResponse& answer) mutable {
      if (!docker::is_success(answer)) return end(tl::unexpected(docker::error_of(answer, "listing")));
      Result<void> result = read(answer.body);
      if (!result) return end(tl::unexpected(std::move(result.error())));
      if (pending_ == 0) look_at_exits();
    });
  }

  void call(std::string path, UniqueFunction<void(const HttpResponse&)> next) {
    ++pending_;
    runtime_.engine_.call(
        {"GET", std::move(path), "", kObserveTimeout},
        [this, alive = std::weak_ptr<char>(alive_), next = std::move(next)](Result<HttpResponse> answer) mutable {
          if (alive.expired() || ended_) return;
          --pending_;
          if (!answer) return end(tl::unexpected(std::move(answer.error())));
          next(*answer);
        });
  }

  void look_at_exits() {
    std::unordered_map<std::string, Exit> known;
    for (const auto& [id, container] : snapshot_.containers) {
      if (container.state != "exited" && container.state != "dead") continue;
      const auto found = runtime_.exits_.find(container.runtime_id);
      if (found != runtime_.exits_.end())
        known.insert(*found);
      else
        look_at_exit(id, container.runtime_id);
    }
    runtime_.exits_ = std::move(known);
    if (pending_ == 0) complete();
  }

  void look_at_exit(const Uuid& workspace, const std::string& engine_id) {
    call("/containers/" + engine_id + "/json", [this, workspace, engine_id](const HttpResponse& answer) {
      if (answer.status == 404) {
        snapshot_.containers.erase(workspace);
      } else if (auto detail = docker::read_container(answer.body, runtime_.deployment_, workspace)) {
        runtime_.exits_[engine_id] = {detail->exit_code, detail->oom_killed};
      }
      if (pending_ == 0) complete();
    });
  }

  void complete() {
    for (auto& [id, container] : snapshot_.containers) {
      const auto found = runtime_.exits_.find(container.runtime_id);
      if (found == runtime_.exits_.end()) continue;
      container.exit_code = found->second.code;
      container.oom_killed = found->second.oom_killed;
    }
    end(std::move(snapshot_));
  }

  void end(Result<RuntimeSnapshot> result) {
    if (ended_) return;
    ended_ = true;
    deadline_.stop();
    done_(std::move(result));
  }

  DockerRuntime& runtime_;
  Ended done_;
  Timer deadline_;
  RuntimeSnapshot snapshot_;
  int pending_ = 0;
  bool ended_ = false;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

DockerRuntime::DockerRuntime(Loop& loop, const OrchestratorSettings& settings)
    : loop_(loop),
      settings_(settings.runtime),
      deployment_(settings.deployment),
      probe_client_(loop),
      engine_(loop, settings.runtime.socket) {
  images_ = std::make_unique<docker::Images>(engine_, settings_.pull);
}

DockerRuntime::~DockerRuntime() = default;

void DockerRuntime::observe(UniqueFunction<void(Result<RuntimeSnapshot>)> done) {
  const std::uint64_t id = next_++;
  auto observation =
      std::make_unique<Observation>(*this, [this, id, done = std::move(done)](Result<RuntimeSnapshot> result) mutable {
        const auto found = observations_.find(id);
        loop_.defer_delete(std::move(found->second));
        observations_.erase(found);
        done(std::move(result));
      });
  Observation& started = *observation;
  observations_[id] = std::move(observation);
  started.begin();
}

void DockerRuntime::run(MakeSequence make, Done done) {
  const std::uint64_t id = next_++;
  auto sequence = make([this, id, done = std::move(done)](Result<void> result) mutable {
    const auto found = sequences_.find(id);
    loop_.defer_delete(std::move(found->second));  // it is on the call stack
    sequences_.erase(found);
    done(std::move(result));
  });
  Sequence& started = *sequence;
  sequences_[id] = std::move(sequence);
  started.begin();
}

void DockerRuntime::provision(const Uuid& workspace, const std::string& volume_name, Done done) {
  run(
      [&](Sequence::Done ended) {
        return docker::provision_sequence({engine_, *images_, settings_, deployment_}, workspace, volume_name,
                                          std::move(ended));
      },
      std::move(done));
}

void DockerRuntime::start(const StartSpec& spec, Done done) {
  run(
      [&](Sequence::Done ended) {
        return docker::start_sequence({engine_, *images_, settings_, deployment_}, spec, std::move(ended));
      },
      std::move(done));
}

void DockerRuntime::stop(const Uuid& workspace, Done done) {
  run(
      [&](Sequence::Done ended) {
        return docker::stop_sequence({engine_, *images_, settings_, deployment_}, workspace, std::move(ended));
      },
      std::move(done));
}

void DockerRuntime::remove_volume(const Uuid& workspace, const std::string& volume_name, Done done) {
  run(
      [&](Sequence::Done ended) {
        return docker::remove_volume_sequence({engine_, *images_, settings_, deployment_}, workspace, volume_name,
                                              std::move(ended));
      },
      std::move(done));
}

void DockerRuntime::archive(const JobSpec&, Done done) {
  done(fail(ErrorCode::invalid_argument, ErrorSource::us, "storage jobs are not run yet"));
}
void DockerRuntime::restore(const JobSpec&, Done done) {
  done(fail(ErrorCode::invalid_argument, ErrorSource::us, "storage jobs are not run yet"));
}
void DockerRuntime::remove_job(const Uuid&, const Uuid&, Done done) { done({}); }

void DockerRuntime::logs(const Uuid& workspace, unsigned tail_lines, UniqueFunction<void(Result<std::string>)> done) {
  const std::string path = "/containers/" + container_name(deployment_, workspace);
  engine_.call({"GET", path + "/json", ""}, [this, workspace, path, tail_lines,
                                             done = std::move(done)](Result<HttpResponse> answer) mutable {
    if (!answer) return done(tl::unexpected(std::move(answer.error())));
    const auto found = docker::read_container(answer->body, deployment_, workspace);
    if (answer->status == 404 || !found || !found->ours) {
      return done(fail(ErrorCode::not_found, ErrorSource::runtime, "this workspace has no container"));
    }
    const std::string query = "/logs?stdout=1&stderr=1&tail=" + std::to_string(tail_lines);
    engine_.call({"GET", path + query, "", kLogsTimeout}, [done = std::move(done)](Result<HttpResponse> logs) mutable {
      if (!logs) return done(tl::unexpected(std::move(logs.error())));
      if (!docker::is_success(*logs)) return done(tl::unexpected(docker::error_of(*logs, "logs")));
      done(docker::demultiplex_logs(logs->body));
    });
  });
}

void DockerRuntime::probe(const std::string& address, Done done) {
  HttpRequest request;
  request.url = "http://" + address + "/healthz";
  request.connect_timeout = kProbeTimeout;
  request.timeout = kProbeTimeout;
  const std::uint64_t id = next_++;
  probes_[id] =
      probe_client_.start(std::move(request), [this, id, done = std::move(done)](Result<HttpResponse> answer) mutable {
        const auto call = probes_.extract(id);  // it holds the callback that is running: let go when that has returned
        if (!answer) return done(tl::unexpected(std::move(answer.error())));
        if (answer->status == 200) return done({});
        done(fail(ErrorCode::unavailable, ErrorSource::upstream, "/healthz answers " + std::to_string(answer->status),
                  true));
      });
}

void DockerRuntime::on_event(UniqueFunction<void(std::optional<Uuid> workspace)> hint) {
  events_ = std::make_unique<docker::EventStream>(loop_, engine_, deployment_, std::move(hint));
  events_->open();
}

}  // namespace hearth::orchestrator
