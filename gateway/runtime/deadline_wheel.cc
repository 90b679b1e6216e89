#include "runtime/deadline_wheel.h"

#include <algorithm>

namespace hearth {

DeadlineWheel::Head::Head() { previous_ = next_ = this; }

void DeadlineWheel::Entry::unlink() {
  if (next_ == nullptr) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  previous_ = next_ = nullptr;
}

DeadlineWheel::DeadlineWheel(Loop& loop) : loop_(loop), timer_(loop), swept_ms_(loop.now_ms() / kTickMs * kTickMs) {
  timer_.repeat(Milliseconds(kTickMs), [this] { tick(); });
}

void DeadlineWheel::set(Entry& entry, Milliseconds after) {
  entry.due_ms_ = loop_.now_ms() + static_cast<std::uint64_t>(std::max<std::int64_t>(after.count(), 1));
  if (entry.next_ != nullptr && entry.slot_ms_ <= entry.due_ms_) return;  // its slot will move it on
  entry.unlink();
  link(entry);
}

void DeadlineWheel::link(Entry& entry) {
  // Rounded up, at most one turn ahead of the sweep, at least one tick: never into a slot already swept.
  std::uint64_t at = (entry.due_ms_ + kTickMs - 1) / kTickMs * kTickMs;
  at = std::clamp(at, swept_ms_ + kTickMs, swept_ms_ + (kSlots - 1) * kTickMs);
  entry.slot_ms_ = at;
  Head& head = slots_[at / kTickMs % kSlots];
  entry.previous_ = head.previous_;
  entry.next_ = &head;
  head.previous_->next_ = &entry;
  head.previous_ = &entry;
}

void DeadlineWheel::tick() {
  const std::uint64_t now = loop_.now_ms();
  while (swept_ms_ + kTickMs <= now) {
    swept_ms_ += kTickMs;
    Head& head = slots_[swept_ms_ / kTickMs % kSlots];
    // Callbacks may unlink any entry, so take one at a time; what is relinked goes into a later slot.
    while (head.next_ != &head) {
      Entry& entry = *head.next_;
      entry.unlink();
      if (entry.due_ms_ == 0) continue;
      if (entry.due_ms_ > now) {
        link(entry);
        continue;
      }
      entry.due_ms_ = 0;
      entry.on_deadline();
    }
  }
}

}  // namespace hearth
