#include "runtime/timer.h"

namespace hearth {

Timer::Timer(Loop& loop) : handle_(new uv_timer_t) {
  uv_timer_init(loop.raw(), handle_);
  handle_->data = this;
}

Timer::~Timer() {
  handle_->data = nullptr;
  uv_timer_stop(handle_);
  uv_close(reinterpret_cast<uv_handle_t*>(handle_), [](uv_handle_t* h) { delete reinterpret_cast<uv_timer_t*>(h); });
}

void Timer::start(Milliseconds after, UniqueFunction<void()> callback) {
  arm(after, Milliseconds(0), std::move(callback));
}
void Timer::repeat(Milliseconds every, UniqueFunction<void()> callback) { arm(every, every, std::move(callback)); }

void Timer::arm(Milliseconds after, Milliseconds every, UniqueFunction<void()> callback) {
  callback_ = std::move(callback);
  uv_update_time(handle_->loop);  // a long callback must not shorten the wait
  const auto wait = static_cast<std::uint64_t>(after.count() < 0 ? 0 : after.count());
  uv_timer_start(
      handle_,
      [](uv_timer_t* h) {
        auto* self = static_cast<Timer*>(h->data);
        if (self == nullptr) return;
        // The callback may destroy or restart this timer: run it from the stack, put it back only if it still stands.
        UniqueFunction<void()> due = std::move(self->callback_);
        due();
        self = static_cast<Timer*>(h->data);
        if (self != nullptr && uv_timer_get_repeat(h) != 0 && uv_is_active(reinterpret_cast<uv_handle_t*>(h)) != 0 &&
            !self->callback_) {
          self->callback_ = std::move(due);
        }
      },
      wait, static_cast<std::uint64_t>(every.count()));
}

void Timer::stop() {
  uv_timer_stop(handle_);
  callback_ = nullptr;
}

bool Timer::active() const { return uv_is_active(reinterpret_cast<const uv_handle_t*>(handle_)) != 0; }

}  // namespace hearth
