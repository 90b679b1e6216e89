#include "runtime/signal.h"

namespace hearth {

Signal::Signal(Loop& loop, int number, UniqueFunction<void()> callback)
    : handle_(new uv_signal_t), callback_(std::move(callback)) {
  uv_signal_init(loop.raw(), handle_);
  handle_->data = this;
  uv_signal_start(
      handle_,
      [](uv_signal_t* h, int) {
        auto* self = static_cast<Signal*>(h->data);
        if (self != nullptr) self->callback_();
      },
      number);
}

Signal::~Signal() {
  handle_->data = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(handle_), [](uv_handle_t* h) { delete reinterpret_cast<uv_signal_t*>(h); });
}

}  // namespace hearth
