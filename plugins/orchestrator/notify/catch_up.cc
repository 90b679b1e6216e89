#include "orchestrator/notify/catch_up.h"

#include <algorithm>

#include "log/log.h"

namespace hearth::orchestrator {

CatchUp::CatchUp(Loop& loop, Outlets outlets, Timing timing)
    : loop_(loop), outlets_(std::move(outlets)), timing_(timing), timer_(loop), alive_(std::make_shared<bool>(true)) {}

CatchUp::~CatchUp() { *alive_ = false; }

void CatchUp::set_period(Milliseconds period) {
  if (period == period_) return;
  period_ = period;
  if (timer_.active()) wait();
}

void CatchUp::wait() {
  if (!timer_.active()) waiting_since_ = loop_.now();
  const auto waited = std::chrono::duration_cast<Milliseconds>(loop_.now() - waiting_since_);
  timer_.start(std::max(period_ - waited, Milliseconds(0)), [this] { look(); });
}

void CatchUp::look() {
  if (looking_) {
    again_ = true;
    return;
  }
  timer_.stop();
  looking_ = true;
  std::optional<WallTime> since;
  if (last_) since = *last_ - timing_.overlap;
  outlets_.read(since, [this, alive = alive_](Result<Changes> changes) {
    if (!*alive) return;
    looking_ = false;
    looked(std::move(changes));
    if (!*alive) return;
    if (again_) {
      again_ = false;
      look();
    } else {
      wait();
    }
  });
}

void CatchUp::looked(Result<Changes> changes) {
  if (!changes) {
    failed_ = failed_ || !last_;
    log::debug("looking for changes failed: {}", changes.error().message);
    return;
  }
  const bool first = !last_;
  const bool cannot_tell =
      first ? failed_ : changes->too_many || changes->now < *last_ || changes->now - *last_ > timing_.memory;
  last_ = changes->now;
  if (cannot_tell) return outlets_.resync();
  for (const ChangedRow& row : changes->rows) {
    if (!outlets_.knows(row)) outlets_.missed(row);
  }
}

}  // namespace hearth::orchestrator
