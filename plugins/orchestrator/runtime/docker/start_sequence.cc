#include "base/crash_point.h"
#include "orchestrator/runtime/docker/sequence.h"

namespace hearth::orchestrator::docker {
namespace {

constexpr Milliseconds kCreateTimeout{60000};  // creating copies the image's home into a new volume
constexpr Milliseconds kStartTimeout{60000};
constexpr int kMaxCreations = 3;

class StartSequence final : public Sequence {
 public:
  StartSequence(const Links& links, StartSpec spec, Done done)
      : Sequence(links, std::move(done)),
        spec_(std::move(spec)),
        name_(container_name(links.deployment, spec_.workspace)) {}

  // Creating a container would create a missing volume as well, silently and empty: that must never happen to a home.
  void begin() override {
    step({"GET", "/volumes/" + spec_.volume_name, ""}, [this](const HttpResponse& answer) {
      if (answer.status == 404) {
        return finish(
            fail(ErrorCode::internal, ErrorSource::runtime, "volume " + spec_.volume_name + " does not exist"));
      }
      if (!is_success(answer)) return finish_with(answer, "volume " + spec_.volume_name);
      if (!labels_are_ours(answer.body, links_.deployment, &spec_.workspace)) {
        return finish_foreign("volume " + spec_.volume_name);
      }
      find_network();
    });
  }

 private:
  void find_network() {
    links_.networks.ensure([this](Result<void> result) {
      if (!result) return finish(std::move(result));
      find_image();
    });
  }

  void find_image() {
    links_.images.ensure(spec_.image, [this](Result<void> result) {
      if (!result) return finish(std::move(result));
      HEARTH_CRASH_POINT("docker:start:image-here");
      find_container();
    });
  }

  void find_container() {
    find_workspace_container(spec_.workspace, [this](std::optional<ContainerDetail> found) {
      if (!found) return create_container();
      if (found->state == "paused") return resume(found->id);
      const bool this_attempt = found->operation == spec_.operation_id;
      if (this_attempt && found->running) return finish({});
      if (this_attempt && found->state == "created") return check_home(found->id);
      // Left over from before: another image perhaps, or a process that has ended.
      remove_container(found->id, [this] { create_container(); });
    });
  }

  // Somebody paused it. Its processes are all there, so they go on rather than being started anew.
  void resume(const std::string& id) {
    step({"POST", "/containers/" + id + "/unpause", ""}, [this](const HttpResponse& answer) {
      if (is_success(answer)) return finish({});
      finish_with(answer, "resuming container " + name_);
    });
  }

  void create_container() {
    if (++creations_ > kMaxCreations) {
      return finish(fail(ErrorCode::internal, ErrorSource::runtime,
                         "the engine keeps the name " + name_ + " of a container that it does not show"));
    }
    step({"POST", "/containers/create?name=" + name_, container_body(links_.settings, links_.deployment, spec_),
          kCreateTimeout},
         [this](const HttpResponse& answer) {
           // Old engines say 400 where 409 is meant.
           const bool taken = answer.status == 409 ||
                              (answer.status == 400 && answer.body.find("already in use") != std::string::npos);
           if (taken) return find_container();
           if (!is_success(answer)) return finish_with(answer, "creating container " + name_);
           HEARTH_CRASH_POINT("docker:start:created");
           check_home(name_);
         });
  }

  // A volume removed since begin() was made again with the container, empty and without our labels. From here on the
  // container holds it, so what is found now stays.
  void check_home(const std::string& id_or_name) {
    step({"GET", "/volumes/" + spec_.volume_name, ""}, [this, id_or_name](const HttpResponse& answer) {
      if (is_success(answer) && labels_are_ours(answer.body, links_.deployment, &spec_.workspace)) {
        return start_container(id_or_name);
      }
      if (!is_success(answer) && answer.status != 404) return finish_with(answer, "volume " + spec_.volume_name);
      const bool accident = is_success(answer) && is_accident(answer.body, links_.deployment);
      remove_container(id_or_name, [this, accident] { accident ? remove_accident() : finish_without_home(); });
    });
  }

  void remove_accident() {
    step({"DELETE", "/volumes/" + spec_.volume_name, ""}, [this](const HttpResponse&) { finish_without_home(); });
  }

  void finish_without_home() {
    finish(fail(ErrorCode::internal, ErrorSource::runtime,
                "volume " + spec_.volume_name + " went away while its container was made"));
  }

  void start_container(const std::string& id_or_name) {
    step({"POST", "/containers/" + id_or_name + "/start", "", kStartTimeout}, [this](const HttpResponse& answer) {
      HEARTH_CRASH_POINT("docker:start:started");
      if (is_success(answer) || answer.status == 304) return finish({});
      finish_with(answer, "starting container " + name_);
    });
  }

  StartSpec spec_;
  std::string name_;
  int creations_ = 0;
};

}  // namespace

std::unique_ptr<Sequence> start_sequence(const Links& links, StartSpec spec, Sequence::Done done) {
  return std::make_unique<StartSequence>(links, std::move(spec), std::move(done));
}

}  // namespace hearth::orchestrator::docker
