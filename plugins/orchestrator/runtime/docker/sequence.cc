#include "orchestrator/runtime/docker/sequence.h"

#include "base/crash_point.h"

namespace hearth::orchestrator::docker {
namespace {

constexpr int kStopSeconds = 10;
constexpr Milliseconds kStopTimeout{20000};
constexpr Milliseconds kRemoveTimeout{60000};

class StopSequence final : public Sequence {
 public:
  StopSequence(const Links& links, const Uuid& workspace, Done done)
      : Sequence(links, std::move(done)), workspace_(workspace), name_(container_name(links.deployment, workspace)) {}

  void begin() override {
    find_workspace_container(workspace_, [this](std::optional<ContainerDetail> found) {
      if (!found) return finish({});
      // By the engine's id from here on: whatever is created under this name later is not ours to stop.
      if (found->running) return stop(found->id);
      remove_container(found->id, [this] { finish({}); });
    });
  }

 private:
  void stop(const std::string& id) {
    step({"POST", "/containers/" + id + "/stop?t=" + std::to_string(kStopSeconds), "", kStopTimeout},
         [this, id](const HttpResponse& answer) {
           const bool stopped = is_success(answer) || answer.status == 304 || answer.status == 404;
           if (!stopped) return finish_with(answer, "stopping container " + name_);
           HEARTH_CRASH_POINT("docker:stop:stopped");
           remove_container(id, [this] { finish({}); });
         });
  }

  Uuid workspace_;
  std::string name_;
};

class ProvisionSequence final : public Sequence {
 public:
  ProvisionSequence(const Links& links, const Uuid& workspace, std::string volume, Done done)
      : Sequence(links, std::move(done)), workspace_(workspace), volume_(std::move(volume)) {}

  void begin() override {
    step({"POST", "/volumes/create", volume_body(links_.deployment, workspace_, volume_), Milliseconds(30000)},
         [this](const HttpResponse& answer) {
           HEARTH_CRASH_POINT("docker:volume-created");
           if (!is_success(answer)) return finish_with(answer, "creating volume " + volume_);
           // An existing volume of that name is answered as if it had been made, with the labels it has.
           if (!labels_are_ours(answer.body, links_.deployment, &workspace_))
             return finish_foreign("volume " + volume_);
           finish({});
         });
  }

 private:
  Uuid workspace_;
  std::string volume_;
};

class RemoveVolumeSequence final : public Sequence {
 public:
  RemoveVolumeSequence(const Links& links, const Uuid& workspace, std::string volume, Done done)
      : Sequence(links, std::move(done)), workspace_(workspace), volume_(std::move(volume)) {}

  void begin() override {
    step({"GET", "/volumes/" + volume_, ""}, [this](const HttpResponse& answer) {
      if (answer.status == 404) return finish({});
      if (!is_success(answer)) return finish_with(answer, "volume " + volume_);
      if (!labels_are_ours(answer.body, links_.deployment, &workspace_)) return finish_foreign("volume " + volume_);
      remove();
    });
  }

 private:
  void remove() {
    step({"DELETE", "/volumes/" + volume_, "", kRemoveTimeout}, [this](const HttpResponse& answer) {
      HEARTH_CRASH_POINT("docker:volume-removed");
      if (is_success(answer) || answer.status == 404) return finish({});
      finish_with(answer, "removing volume " + volume_);  // 409: a container uses it
    });
  }

  Uuid workspace_;
  std::string volume_;
};

}  // namespace

void Sequence::step(Request request, Next next) {
  links_.engine.call(std::move(request), [this, next = std::move(next)](Result<HttpResponse> answer) mutable {
    if (!answer) return finish(tl::unexpected(std::move(answer.error())));
    next(*answer);
  });
}

void Sequence::finish_foreign(const std::string& resource) {
  finish(fail(ErrorCode::conflict, ErrorSource::runtime,
              resource + " exists and was not made for this workspace (its labels differ): rename or remove it"));
}

void Sequence::find_workspace_container(const Uuid& workspace, Found next) {
  look_at_container(container_name(links_.deployment, workspace), workspace, std::move(next),
                    [this, workspace](Found then) { find_by_labels(workspace, std::move(then)); });
}

void Sequence::find_by_labels(const Uuid& workspace, Found next) {
  step({"GET", "/containers/json?all=1&" + label_filter(links_.deployment, &workspace), ""},
       [this, workspace, next = std::move(next)](const HttpResponse& answer) mutable {
         if (!is_success(answer)) return finish_with(answer, "listing");
         const Result<std::string> id = find_listed(answer.body, links_.deployment, workspace);
         if (!id) return finish(tl::unexpected(id.error()));
         if (id->empty()) return next(std::nullopt);
         look_at_container(*id, workspace, std::move(next), [](Found then) { then(std::nullopt); });
       });
}

void Sequence::look_at_container(const std::string& id_or_name, const Uuid& workspace, Found next,
                                 UniqueFunction<void(Found)> absent) {
  step({"GET", "/containers/" + id_or_name + "/json", ""},
       [this, id_or_name, workspace, next = std::move(next),
        absent = std::move(absent)](const HttpResponse& answer) mutable {
         if (answer.status == 404) return absent(std::move(next));
         if (!is_success(answer)) return finish_with(answer, "container " + id_or_name);
         Result<ContainerDetail> found = read_container(answer.body, links_.deployment, workspace);
         if (!found) return finish(tl::unexpected(std::move(found.error())));
         if (!found->ours) return finish_foreign("container " + id_or_name);
         next(std::move(*found));
       });
}

void Sequence::remove_container(const std::string& engine_id, UniqueFunction<void()> next) {
  step({"DELETE", "/containers/" + engine_id + "?force=1&v=0", "", kRemoveTimeout},
       [this, next = std::move(next)](const HttpResponse& answer) mutable {
         HEARTH_CRASH_POINT("docker:container-removed");
         // 409: its removal is already in progress.
         if (is_success(answer) || answer.status == 404 || answer.status == 409) return next();
         finish_with(answer, "removing a container");
       });
}

std::unique_ptr<Sequence> stop_sequence(const Links& links, const Uuid& workspace, Sequence::Done done) {
  return std::make_unique<StopSequence>(links, workspace, std::move(done));
}

std::unique_ptr<Sequence> provision_sequence(const Links& links, const Uuid& workspace, std::string volume,
                                             Sequence::Done done) {
  return std::make_unique<ProvisionSequence>(links, workspace, std::move(volume), std::move(done));
}

std::unique_ptr<Sequence> remove_volume_sequence(const Links& links, const Uuid& workspace, std::string volume,
                                                 Sequence::Done done) {
  return std::make_unique<RemoveVolumeSequence>(links, workspace, std::move(volume), std::move(done));
}

}  // namespace hearth::orchestrator::docker
