#include "orchestrator/runtime/docker/docker_runtime.h"

namespace hearth::orchestrator {

using docker::Links;
using docker::Sequence;

namespace {
constexpr Milliseconds kLogsTimeout{10000};
}  // namespace

DockerRuntime::DockerRuntime(Loop& loop, const OrchestratorSettings& settings)
    : loop_(loop),
      all_settings_(settings),
      settings_(all_settings_.runtime),
      deployment_(all_settings_.deployment),
      probe_client_(loop),
      engine_(loop, settings.runtime.socket) {
  images_ = std::make_unique<docker::Images>(engine_, settings_.pull);
  networks_ = std::make_unique<docker::Networks>(engine_, settings_, deployment_);
}

DockerRuntime::~DockerRuntime() = default;

void DockerRuntime::observe(UniqueFunction<void(Result<RuntimeSnapshot>)> done) {
  const std::uint64_t id = next_++;
  auto observation =
      std::make_unique<docker::Observation>(loop_, engine_, settings_, deployment_, exits_,
                                            [this, id, done = std::move(done)](Result<RuntimeSnapshot> result) mutable {
                                              const auto found = observations_.find(id);
                                              loop_.defer_delete(std::move(found->second));
                                              observations_.erase(found);
                                              done(std::move(result));
                                            });
  docker::Observation& started = *observation;
  observations_[id] = std::move(observation);
  started.begin();
}

void DockerRuntime::list_volumes(UniqueFunction<void(Result<Volumes>)> done) {
  engine_.call({"GET", "/volumes?" + docker::label_filter(deployment_), "", docker::Observation::kTimeout},
               [this, done = std::move(done)](Result<HttpResponse> answer) mutable {
                 if (!answer) return done(tl::unexpected(std::move(answer.error())));
                 if (!docker::is_success(*answer)) return done(tl::unexpected(docker::error_of(*answer, "listing")));
                 RuntimeSnapshot snapshot;
                 auto read = docker::read_volumes(answer->body, deployment_, snapshot);
                 if (!read) return done(tl::unexpected(std::move(read.error())));
                 done(std::move(snapshot.volumes));
               });
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
        return docker::provision_sequence({engine_, *images_, *networks_, settings_, deployment_}, workspace,
                                          volume_name, std::move(ended));
      },
      std::move(done));
}

void DockerRuntime::start(const StartSpec& spec, Done done) {
  run(
      [&](Sequence::Done ended) {
        return docker::start_sequence({engine_, *images_, *networks_, settings_, deployment_}, spec, std::move(ended));
      },
      std::move(done));
}

void DockerRuntime::stop(const Uuid& workspace, Done done) {
  run(
      [&](Sequence::Done ended) {
        return docker::stop_sequence({engine_, *images_, *networks_, settings_, deployment_}, workspace,
                                     std::move(ended));
      },
      std::move(done));
}

void DockerRuntime::remove_volume(const Uuid& workspace, const std::string& volume_name, Done done) {
  run(
      [&](Sequence::Done ended) {
        return docker::remove_volume_sequence({engine_, *images_, *networks_, settings_, deployment_}, workspace,
                                              volume_name, std::move(ended));
      },
      std::move(done));
}

void DockerRuntime::run_job(docker::JobKind kind, const JobSpec& spec, Done done) {
  run(
      [&](Sequence::Done ended) {
        return docker::job_sequence({engine_, *images_, *networks_, settings_, deployment_}, loop_, all_settings_, kind,
                                    spec, std::move(ended));
      },
      std::move(done));
}

void DockerRuntime::archive(const JobSpec& spec, Done done) {
  run_job(docker::JobKind::archive, spec, std::move(done));
}

void DockerRuntime::restore(const JobSpec& spec, Done done) {
  run_job(docker::JobKind::restore, spec, std::move(done));
}

void DockerRuntime::remove_job(const Uuid& workspace, const Uuid& operation, Done done) {
  run(
      [&](Sequence::Done ended) {
        return docker::remove_job_sequence({engine_, *images_, *networks_, settings_, deployment_}, workspace,
                                           operation, std::move(ended));
      },
      std::move(done));
}

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
