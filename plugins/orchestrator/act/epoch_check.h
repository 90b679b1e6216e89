// EpochCheck: "is the epoch still ours?", asked by many at once, answered with few statements: whoever asks while a
// question is on its way shares the next one, which is sent after he asked.
#pragma once

#include <vector>

#include "base/result.h"
#include "base/unique_function.h"
#include "orchestrator/act/lifeline.h"

namespace hearth::orchestrator {

class EpochCheck {
 public:
  using Answer = UniqueFunction<void(Result<void>)>;
  explicit EpochCheck(UniqueFunction<void(Answer)> ask) : ask_(std::move(ask)) {}

  void confirm(Answer done) {
    waiting_.push_back(std::move(done));
    if (!under_way_) send();
  }

 private:
  void send() {
    under_way_ = true;
    ask_(lifeline_.guard([this, asked = std::exchange(waiting_, {})](Result<void> ours) mutable {
      under_way_ = false;
      if (!waiting_.empty()) send();
      const auto alive = lifeline_.watch();  // an answer may end us
      for (Answer& done : asked) {
        if (alive.expired()) return;
        done(ours);
      }
    }));
  }

  UniqueFunction<void(Answer)> ask_;
  std::vector<Answer> waiting_;
  bool under_way_ = false;
  Lifeline lifeline_;
};

}  // namespace hearth::orchestrator
