#include "orchestrator/act/breaker.h"

namespace hearth::orchestrator {

bool is_transient(const Error& error) {
  return error.code == ErrorCode::unavailable || error.code == ErrorCode::timeout || error.code == ErrorCode::protocol;
}

bool Breaker::allow(SteadyTime now) {
  if (state_ == State::closed) return true;
  if (state_ == State::open) {
    if (now < open_until_) return false;
    state_ = State::half_open;
    successes_ = 0;
    trial_ = false;
  }
  if (trial_) return false;
  trial_ = true;
  return true;
}

bool Breaker::willing(SteadyTime now) const {
  if (state_ == State::open) return now >= open_until_;
  return state_ == State::closed || !trial_;
}

void Breaker::record(const Result<void>& outcome, SteadyTime now) {
  const bool bad = !outcome && is_transient(outcome.error());
  switch (state_) {
    case State::closed:
      failures_ = bad ? failures_ + 1 : 0;
      if (failures_ >= kFailuresToOpen) open(now);
      return;
    case State::open:  // a call from before it opened
      return;
    case State::half_open:
      trial_ = false;
      if (bad) return open(now);
      if (++successes_ >= kSuccessesToClose) reset();
      return;
  }
}

void Breaker::reset() { *this = Breaker(); }

void Breaker::open(SteadyTime now) {
  state_ = State::open;
  open_until_ = now + kOpenFor;
  failures_ = 0;
}

}  // namespace hearth::orchestrator
