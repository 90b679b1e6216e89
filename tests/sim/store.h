// Store: a node's way to the object store's listing.
#pragma once

#include "sim/node.h"

namespace hearth::sim {

class Store final : public ArchiveStore {
 public:
  Store(Simulation& simulation, World& world, Node& node) : sim_(simulation), world_(world), node_(node) {}

  void observe(std::vector<Uuid> markers_of, UniqueFunction<void(Result<ArchiveSnapshot>)> done) override {
    if (!node_.may_act("list archives")) return;
    const Mishap mishap = sim_.mishap("list archives");
    if (mishap == Mishap::death_before || mishap == Mishap::death_after) return node_.kill("list archives");
    auto shared = std::make_shared<decltype(done)>(std::move(done));
    const bool fails = !world_.store_up || mishap != Mishap::none || sim_.fault("archive listing fails", 0.03);
    sim_.after(sim_.between(1, 100), [this, node = node_.handle(), shared, fails, markers_of = std::move(markers_of)] {
      if (*node == nullptr) return;
      auto seen = std::make_shared<Result<ArchiveSnapshot>>(world_.archives(markers_of));
      if (fails) *seen = fail(ErrorCode::unavailable, ErrorSource::storage, "simulated: listing", true);
      sim_.after(sim_.between(0, 100), [node, shared, seen] {
        if (Node* there = *node) there->deliver([shared, seen] { (*shared)(std::move(*seen)); });
      });
    });
  }
  void remove(const std::string&, UniqueFunction<void(Result<void>)> done) override { done({}); }
  std::string unready_reason() const override { return {}; }
  const std::string& prefix() const override { return prefix_; }

 private:
  Simulation& sim_;
  World& world_;
  Node& node_;
  std::string prefix_;
};

}  // namespace hearth::sim
