#include "runtime/loop.h"

#include "base/check.h"

namespace hearth {

namespace {
struct Work {
  uv_work_t request{};
  UniqueFunction<void()> work;
  UniqueFunction<void()> done;
};
}  // namespace

Loop::Loop() : read_buffer_(new char[kReadBufferSize]) {
  HEARTH_CHECK(uv_loop_init(&loop_) == 0);
  loop_.data = this;
  thread_ = uv_thread_self();
  HEARTH_CHECK(uv_async_init(&loop_, &wake_, [](uv_async_t* h) { static_cast<Loop*>(h->data)->drain_posted(); }) == 0);
  wake_.data = this;
  uv_prepare_init(&loop_, &before_poll_);
  uv_check_init(&loop_, &after_poll_);
  before_poll_.data = after_poll_.data = this;
  uv_prepare_start(&before_poll_, [](uv_prepare_t* h) { static_cast<Loop*>(h->data)->run_deferred(); });
  uv_check_start(&after_poll_, [](uv_check_t* h) { static_cast<Loop*>(h->data)->run_deferred(); });
}

Loop::~Loop() {
  std::vector<UniqueFunction<void()>> orphans;
  {
    std::lock_guard lock(mutex_);
    orphans.swap(posted_);
  }
  orphans.clear();
  run_deferred();
  for (auto* handle : {reinterpret_cast<uv_handle_t*>(&wake_), reinterpret_cast<uv_handle_t*>(&before_poll_),
                       reinterpret_cast<uv_handle_t*>(&after_poll_)}) {
    uv_close(handle, nullptr);
  }
  uv_run(&loop_, UV_RUN_DEFAULT);  // close callbacks and work still in the pool
  run_deferred();
  uv_run(&loop_, UV_RUN_DEFAULT);
  HEARTH_CHECK(uv_loop_close(&loop_) == 0);
}

void Loop::run() {
  thread_ = uv_thread_self();
  while (!stopping_.load(std::memory_order_acquire)) uv_run(&loop_, UV_RUN_DEFAULT);
  stopping_.store(false, std::memory_order_relaxed);
}

void Loop::stop() {
  post([this] {
    stopping_.store(true, std::memory_order_release);
    uv_stop(&loop_);
  });
}

void Loop::post(UniqueFunction<void()> task) {
  bool was_empty = false;
  {
    std::lock_guard lock(mutex_);
    was_empty = posted_.empty();
    posted_.push_back(std::move(task));
  }
  if (was_empty) uv_async_send(&wake_);
}

void Loop::drain_posted() {
  std::vector<UniqueFunction<void()>> tasks;
  {
    std::lock_guard lock(mutex_);
    tasks.swap(posted_);
  }
  for (auto& task : tasks) task();
}

void Loop::defer(UniqueFunction<void()> task) { deferred_.push_back(std::move(task)); }

void Loop::run_deferred() {
  while (!deferred_.empty()) {
    std::vector<UniqueFunction<void()>> tasks;
    tasks.swap(deferred_);
    for (auto& task : tasks) task();
  }
}

void Loop::queue_work(UniqueFunction<void()> work, UniqueFunction<void()> done) {
  auto* item = new Work{{}, std::move(work), std::move(done)};
  item->request.data = item;
  const int status = uv_queue_work(
      &loop_, &item->request, [](uv_work_t* r) { static_cast<Work*>(r->data)->work(); },
      [](uv_work_t* r, int) {
        const std::unique_ptr<Work> finished(static_cast<Work*>(r->data));
        finished->done();
      });
  HEARTH_CHECK(status == 0);
}

bool Loop::on_loop_thread() const {
  const uv_thread_t self = uv_thread_self();
  return uv_thread_equal(&self, &thread_) != 0;
}

}  // namespace hearth
