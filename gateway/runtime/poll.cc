#include "runtime/poll.h"

#include "base/check.h"

namespace hearth {

Poll::Poll(Loop& loop, int fd) : handle_(new uv_poll_t) {
  HEARTH_CHECK(uv_poll_init(loop.raw(), handle_, fd) == 0);
  handle_->data = this;
}

Poll::~Poll() {
  handle_->data = nullptr;
  uv_poll_stop(handle_);
  uv_close(reinterpret_cast<uv_handle_t*>(handle_), [](uv_handle_t* h) { delete reinterpret_cast<uv_poll_t*>(h); });
}

void Poll::start(int events, Callback callback) {
  callback_ = std::move(callback);
  events_ = 0;
  set_events(events);
}

void Poll::set_events(int events) {
  if (events == events_) return;  // each change costs two epoll operations
  events_ = events;
  if (events == 0) {
    uv_poll_stop(handle_);
    return;
  }
  uv_poll_start(handle_, events, [](uv_poll_t* h, int status, int ready) {
    auto* self = static_cast<Poll*>(h->data);
    if (self == nullptr) return;
    if (status < 0) {
      ready = kReadable | kWritable;
      self->events_ = 0;  // libuv has stopped polling (POLLERR)
    }
    Callback due = std::move(self->callback_);
    due(ready);
    self = static_cast<Poll*>(h->data);
    if (self != nullptr && !self->callback_) self->callback_ = std::move(due);
  });
}

void Poll::stop() {
  set_events(0);
  callback_ = nullptr;
}

}  // namespace hearth
