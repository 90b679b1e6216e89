// EventStream: the engine's events about this deployment's containers, followed for ever. Events are hints: after each
// (re)connection `hint(nullopt)` says that anything may have happened. Thread: the loop's; destroyed after the Engine.
#pragma once

#include <optional>
#include <string>

#include "base/uuid.h"
#include "orchestrator/runtime/docker/engine.h"
#include "runtime/timer.h"

namespace hearth::orchestrator::docker {

class EventStream {
 public:
  using Hint = UniqueFunction<void(std::optional<Uuid>)>;
  EventStream(Loop& loop, Engine& engine, const std::string& deployment, Hint hint);
  void open();

 private:
  void follow();
  void take(std::string_view bytes);
  void retry();

  Engine& engine_;
  std::string filter_;
  Hint hint_;
  Timer timer_;
  std::string partial_;
  std::int64_t since_;  // seconds: events from here on have not all been seen
  int failures_ = 0;
};

}  // namespace hearth::orchestrator::docker
