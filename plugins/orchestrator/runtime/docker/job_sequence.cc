#include "orchestrator/runtime/docker/job_sequence.h"

#include "base/crash_point.h"

namespace hearth::orchestrator::docker {
namespace {

constexpr Milliseconds kCreateTimeout{60000};
constexpr Milliseconds kStartTimeout{60000};
constexpr int kStopSeconds = 10;
constexpr Milliseconds kStopTimeout{20000};
constexpr int kMaxCreations = 3;

bool is_job_of(const ContainerDetail& found, const Uuid& operation) {
  return found.ours && found.role == kJobRole && found.operation == operation.text();
}

class JobSequence final : public Sequence {
 public:
  JobSequence(const Links& links, Loop& loop, const OrchestratorSettings& settings, JobKind kind, JobSpec spec,
              Done done)
      : Sequence(links, std::move(done)),
        loop_(loop),
        settings_(settings),
        kind_(kind),
        spec_(std::move(spec)),
        name_(job_name(links.deployment, spec_.operation)) {}

  void begin() override { find_container(); }

 private:
  void find_container() {
    step({"GET", "/containers/" + name_ + "/json", ""}, [this](const HttpResponse& answer) {
      if (answer.status == 404) return find_access();
      if (!is_success(answer)) return finish_with(answer, "job " + name_);
      Result<ContainerDetail> found = read_container(answer.body, links_.deployment, spec_.workspace);
      if (!found) return finish(tl::unexpected(std::move(found.error())));
      if (!is_job_of(*found, spec_.operation)) return finish_foreign("container " + name_);
      if (found->running || (found->state == "exited" && found->exit_code == 0)) return finish({});
      if (found->state == "created" && found->exit_code == 0)
        return find_volume([this, id = found->id] { start_container(id); });
      remove_container(found->id, [this] { find_access(); });
    });
  }

  // Files are read and folders made off the loop.
  void find_access() {
    auto access = std::make_shared<Result<JobAccess>>(JobAccess{});
    loop_.queue_work(
        [access, settings = settings_, spec = spec_, restoring = kind_ == JobKind::restore] {
          *access =
              job_access(settings, spec.workspace, spec.operation, spec.archive_key, restoring, spec.previous_key);
        },
        [this, access, alive = std::weak_ptr<char>(alive_)] {
          if (alive.expired()) return;
          if (!*access) return finish(tl::unexpected(std::move(access->error())));
          access_ = std::move(**access);
          find_volume([this] { find_image(); });
        });
  }

  // Creating a container would create a missing volume as well, silently and empty; archived, that would be a home
  // lost.
  void find_volume(UniqueFunction<void()> next) {
    if (spec_.volume_name.empty()) {
      if (kind_ == JobKind::archive) return next();
      return finish(fail(ErrorCode::invalid_argument, ErrorSource::us, "a restore needs a volume"));
    }
    step({"GET", "/volumes/" + spec_.volume_name, ""},
         [this, next = std::move(next)](const HttpResponse& answer) mutable {
           if (answer.status == 404) {
             return finish(
                 fail(ErrorCode::internal, ErrorSource::runtime, "volume " + spec_.volume_name + " does not exist"));
           }
           if (!is_success(answer)) return finish_with(answer, "volume " + spec_.volume_name);
           if (!labels_are_ours(answer.body, links_.deployment, &spec_.workspace))
             return finish_foreign("volume " + spec_.volume_name);
           next();
         });
  }

  void find_image() {
    links_.images.ensure(links_.settings.job_image, [this, alive = std::weak_ptr<char>(alive_)](Result<void> result) {
      if (alive.expired()) return;
      if (!result) return finish(std::move(result));
      create_container();
    });
  }

  void create_container() {
    if (++creations_ > kMaxCreations) {
      return finish(fail(ErrorCode::internal, ErrorSource::runtime,
                         "the engine keeps the name " + name_ + " of a container that it does not show"));
    }
    step({"POST", "/containers/create?name=" + name_,
          job_body(links_.settings, links_.deployment, kind_, spec_, access_), kCreateTimeout},
         [this](const HttpResponse& answer) {
           // Old engines say 400 where 409 is meant.
           const bool taken = answer.status == 409 ||
                              (answer.status == 400 && answer.body.find("already in use") != std::string::npos);
           if (taken) return find_container();
           if (!is_success(answer)) return finish_with(answer, "creating job " + name_);
           HEARTH_CRASH_POINT("docker:job:created");
           // The volume may have gone meanwhile, and been made again with the container: without our labels then. From
           // here on the container holds it.
           find_volume([this] { start_container(name_); });
         });
  }

  void start_container(const std::string& id_or_name) {
    step({"POST", "/containers/" + id_or_name + "/start", "", kStartTimeout}, [this](const HttpResponse& answer) {
      HEARTH_CRASH_POINT("docker:job:started");
      if (is_success(answer) || answer.status == 304) return finish({});
      finish_with(answer, "starting job " + name_);
    });
  }

  Loop& loop_;
  const OrchestratorSettings& settings_;
  const JobKind kind_;
  const JobSpec spec_;
  const std::string name_;
  JobAccess access_;
  int creations_ = 0;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

class RemoveJobSequence final : public Sequence {
 public:
  RemoveJobSequence(const Links& links, const Uuid& workspace, const Uuid& operation, Done done)
      : Sequence(links, std::move(done)),
        workspace_(workspace),
        operation_(operation),
        name_(job_name(links.deployment, operation)) {}

  void begin() override {
    step({"GET", "/containers/" + name_ + "/json", ""}, [this](const HttpResponse& answer) {
      if (answer.status == 404) return finish({});
      if (!is_success(answer)) return finish_with(answer, "job " + name_);
      Result<ContainerDetail> found = read_container(answer.body, links_.deployment, workspace_);
      if (!found) return finish(tl::unexpected(std::move(found.error())));
      if (!is_job_of(*found, operation_)) return finish_foreign("container " + name_);
      if (!found->running) return remove_container(found->id, [this] { finish({}); });
      stop(found->id);
    });
  }

 private:
  void stop(const std::string& id) {
    step({"POST", "/containers/" + id + "/stop?t=" + std::to_string(kStopSeconds), "", kStopTimeout},
         [this, id](const HttpResponse& answer) {
           const bool stopped = is_success(answer) || answer.status == 304 || answer.status == 404;
           if (!stopped) return finish_with(answer, "stopping job " + name_);
           remove_container(id, [this] { finish({}); });
         });
  }

  const Uuid workspace_;
  const Uuid operation_;
  const std::string name_;
};

}  // namespace

std::unique_ptr<Sequence> job_sequence(const Links& links, Loop& loop, const OrchestratorSettings& settings,
                                       JobKind kind, JobSpec spec, Sequence::Done done) {
  return std::make_unique<JobSequence>(links, loop, settings, kind, std::move(spec), std::move(done));
}

std::unique_ptr<Sequence> remove_job_sequence(const Links& links, const Uuid& workspace, const Uuid& operation,
                                              Sequence::Done done) {
  return std::make_unique<RemoveJobSequence>(links, workspace, operation, std::move(done));
}

}  // namespace hearth::orchestrator::docker
