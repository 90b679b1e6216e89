// Store: a node's way to the object store. A listing fails whole; a removal may fail before or after it took effect, or
// take effect late.
#pragma once

#include "sim/node.h"

namespace hearth::sim {

class Store final : public ArchiveStore {
 public:
  Store(Simulation& simulation, World& world, Node& node) : sim_(simulation), world_(world), node_(node) {}

  // All nodes reach one store, so what it says is always what the database knows, or will.
  void identify(bool, UniqueFunction<void(Result<StoreMark>)> done) override {
    list<StoreMark>("identify the store", std::move(done), [this] {
      const bool placed = !world_.store_mark;
      if (placed) world_.store_mark = Uuid::random();
      return StoreMark{*world_.store_mark, placed};
    });
  }
  void expect(const Uuid& mark) override {
    sim_.check(mark == world_.store_mark, [] { return std::string("a store is expected that is not ours"); });
  }
  void observe(std::vector<Uuid> markers_of, UniqueFunction<void(Result<ArchiveSnapshot>)> done) override {
    list<ArchiveSnapshot>("list archives", std::move(done),
                          [this, markers_of = std::move(markers_of)] { return world_.archives(markers_of); });
  }
  void list_all(UniqueFunction<void(Result<std::vector<StoredArchive>>)> done) override {
    list<std::vector<StoredArchive>>("list all archives", std::move(done), [this] { return world_.stored(); });
  }
  void list_uploads(UniqueFunction<void(Result<std::vector<StoredUpload>>)> done) override {
    list<std::vector<StoredUpload>>("list uploads", std::move(done), [this] { return world_.uploads; });
  }
  void remove(const std::string& key, UniqueFunction<void(Result<void>)> done) override {
    change("remove archive " + key, std::move(done), [&world = world_, key] { return world.remove_stored(key); });
  }
  void abort_upload(const StoredUpload& upload, UniqueFunction<void(Result<void>)> done) override {
    change("abort upload of " + upload.key, std::move(done),
           [&world = world_, upload] { return world.abort_upload(upload); });
  }
  std::string unready_reason() const override { return {}; }
  const std::string& prefix() const override { return prefix_; }

 private:
  static tl::unexpected<Error> unavailable(const char* what) {
    return fail(ErrorCode::unavailable, ErrorSource::storage, what, true);
  }

  template <class T>
  void list(const char* what, UniqueFunction<void(Result<T>)> done, std::function<T()> read) {
    if (!node_.may_act(what)) return;
    const Mishap mishap = sim_.mishap(what);
    if (mishap == Mishap::death_before || mishap == Mishap::death_after) return node_.kill(what);
    auto shared = std::make_shared<decltype(done)>(std::move(done));
    const bool fails = !world_.store_up || mishap != Mishap::none || sim_.fault("archive listing fails", 0.03);
    sim_.after(sim_.between(1, 100), [this, node = node_.handle(), shared, fails, read = std::move(read)] {
      if (*node == nullptr) return;
      auto seen = std::make_shared<Result<T>>(read());
      if (fails) *seen = unavailable("simulated: listing");
      sim_.after(sim_.between(0, 100), [node, shared, seen] {
        if (Node* there = *node) there->deliver([shared, seen] { (*shared)(std::move(*seen)); });
      });
    });
  }

  void change(const std::string& what, UniqueFunction<void(Result<void>)> done, std::function<Result<void>()> effect) {
    if (!node_.may_act(what.c_str())) return;
    node_.check_still_entitled(what);
    sim_.say("node {}: {}", node_.number(), what);
    const Mishap mishap = sim_.mishap(what);
    if (mishap == Mishap::death_before) return node_.kill("a call");
    const bool refused = !world_.store_up || mishap == Mishap::error_before || mishap == Mishap::timeout_before ||
                         sim_.fault("store call refused", 0.02);
    const bool late = sim_.fault("store call takes effect late", 0.02);
    const bool lost = mishap == Mishap::error_after || mishap == Mishap::timeout_after || mishap == Mishap::garbage ||
                      sim_.fault("store answer lost", 0.02);
    const bool dies = mishap == Mishap::death_after;
    auto shared = std::make_shared<decltype(done)>(std::move(done));
    const auto answer = [this, node = node_.handle(), shared](Result<void> result) {
      sim_.after(sim_.between(0, 100), [node, shared, result = std::move(result)] {
        if (Node* there = *node) there->deliver([shared, result] { (*shared)(result); });
      });
    };
    if (refused) return answer(unavailable("simulated: refused"));
    if (late) answer(fail(ErrorCode::timeout, ErrorSource::storage, "simulated: no answer", true));
    sim_.after(late ? sim_.between(1000, 20000) : sim_.between(1, 100),
               [node = node_.handle(), effect = std::move(effect), answer, late, lost, dies] {
                 Result<void> result = effect();
                 if (*node == nullptr || late) return;
                 if (dies) return (*node)->kill("an answer");
                 answer(lost ? unavailable("simulated: answer lost") : std::move(result));
               });
  }

  Simulation& sim_;
  World& world_;
  Node& node_;
  std::string prefix_;
};

}  // namespace hearth::sim
