// Lifeline: callbacks that do nothing once their owner is gone, or has cut everything it had under way.
//
// For owners whose callbacks are held by something that outlives them (the runtime, the leader's connection). One
// thread. cut() silences what was guarded so far; what is guarded afterwards works again.
#pragma once

#include <memory>
#include <utility>

namespace hearth::orchestrator {

class Lifeline {
 public:
  Lifeline() : alive_(std::make_shared<char>()) {}
  Lifeline(const Lifeline&) = delete;
  Lifeline& operator=(const Lifeline&) = delete;

  void cut() { alive_ = std::make_shared<char>(); }

  // Expires with the next cut, or with us.
  std::weak_ptr<char> watch() const { return alive_; }

  template <class F>
  auto guard(F callback) const {
    return [alive = std::weak_ptr<char>(alive_), callback = std::move(callback)](auto&&... args) mutable {
      if (!alive.expired()) callback(std::forward<decltype(args)>(args)...);
    };
  }

 private:
  std::shared_ptr<char> alive_;
};

}  // namespace hearth::orchestrator
