#include "orchestrator/act/executor.h"

#include <algorithm>

#include "base/check.h"

namespace hearth::orchestrator {

Executor::Executor(Loop& loop, unsigned limit) : loop_(loop), limit_(std::max(1u, limit)), breaker_timer_(loop) {}

void Executor::submit(const Uuid& workspace, Task task, Finish done) {
  HEARTH_CHECK(busy_.insert(workspace).second);
  queue_.push_back({workspace, std::move(task), std::move(done)});
  pump();
}

void Executor::reset() {
  lifeline_.cut();
  queue_.clear();
  busy_.clear();
  running_ = 0;
  breaker_.reset();
  breaker_timer_.stop();
}

void Executor::pump() {
  if (pumping_) return;  // a task that finished at once: the loop below goes on
  pumping_ = true;
  while (!queue_.empty() && running_ < limit_) {
    if (!breaker_.allow(loop_.now())) {
      wait_for_breaker();
      break;
    }
    Entry entry = std::move(queue_.front());
    queue_.pop_front();
    start(std::move(entry));
  }
  pumping_ = false;
}

void Executor::start(Entry entry) {
  ++running_;
  entry.task(lifeline_.guard([this, id = entry.workspace, done = std::move(entry.done)](Result<void> outcome) mutable {
    --running_;
    busy_.erase(id);
    breaker_.record(outcome, loop_.now());
    pump();
    done(std::move(outcome));
  }));
}

void Executor::wait_for_breaker() {
  if (breaker_.state() != Breaker::State::open || breaker_timer_.active()) return;  // half open: the trial's end pumps
  const auto left = std::chrono::duration_cast<Milliseconds>(breaker_.open_until() - loop_.now());
  breaker_timer_.start(std::max(Milliseconds(1), left), [this] { pump(); });
}

}  // namespace hearth::orchestrator
