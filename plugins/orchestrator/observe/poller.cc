#include "orchestrator/observe/poller.h"

#include <algorithm>

namespace hearth::orchestrator {

Poller::Poller(Loop& loop, Periods periods, UniqueFunction<void(std::uint64_t)> begin)
    : loop_(loop), periods_(periods), begin_(std::move(begin)), timer_(loop) {}

void Poller::look_now() {
  if (under_way_) {
    again_ = true;
    return;
  }
  const auto since = std::chrono::duration_cast<Milliseconds>(loop_.now() - begun_at_);
  if (begun_ > 0 && since < periods_.least_gap) return schedule(periods_.least_gap - since);
  begin();
}

void Poller::echo() {
  echo_until_ = loop_.now() + periods_.echo_for;
  look_now();
}

void Poller::set_moving(bool moving) {
  const bool sooner = moving && !moving_;
  moving_ = moving;
  if (sooner && !under_way_) schedule(periods_.moving);
}

void Poller::schedule(Milliseconds after) {
  timer_.start(after, [this] { begin(); });
}

void Poller::begin() {
  under_way_ = true;
  again_ = false;
  timer_.stop();
  begun_at_ = loop_.now();
  begin_(++begun_);
}

void Poller::ended() {
  under_way_ = false;
  const bool again = again_;
  const auto since = std::chrono::duration_cast<Milliseconds>(loop_.now() - begun_at_);
  const Milliseconds period = loop_.now() < echo_until_ ? periods_.echo : (moving_ ? periods_.moving : periods_.idle);
  schedule(std::max(Milliseconds(1), (again ? periods_.least_gap : period) - since));
}

}  // namespace hearth::orchestrator
