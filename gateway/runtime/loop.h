// Loop: one libuv loop, owned by one thread.
//
// Every method belongs to the loop's thread unless it says otherwise. Objects that hold handles (Timer, Socket, Poll,
// Listener) silence their callbacks in the destructor, close the handle, and free its memory in libuv's close callback;
// so destroying an object cancels its work and no callback comes afterwards.
#pragma once

#include <uv.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/unique_function.h"
#include "runtime/splice_pipe.h"

namespace hearth {

class Loop {
 public:
  static constexpr std::size_t kReadBufferSize = 65536;

  Loop();
  // Every handle must be gone or going: closes run to the end here, a handle still open is a bug and aborts.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run();   // returns after stop()
  void stop();  // any thread; run() returns once the posted work ahead of it has run

  // Any thread. Runs `task` on the loop's thread, in order of posting. The loop is woken only when its queue was empty.
  // Tasks posted after the loop has stopped are destroyed unrun, with the loop.
  void post(UniqueFunction<void()> task);

  // Runs `task` after the callback now running has returned and before the loop polls again.
  void defer(UniqueFunction<void()> task);
  // Runs what was deferred now: for an owner that is about to go and that deferred work points to.
  void flush_deferred() { run_deferred(); }
  // Deletes later, for an object that may be on the call stack. Silence it first.
  template <class T>
  void defer_delete(std::unique_ptr<T> object) {
    if (object) defer([object = std::move(object)] {});
  }

  // Runs `work` on libuv's thread pool, then `done` on this loop. For what blocks: argon2, files, name lookups.
  // The pool is process-wide (4 threads unless UV_THREADPOOL_SIZE says otherwise).
  void queue_work(UniqueFunction<void()> work, UniqueFunction<void()> done);

  SteadyTime now() const { return SteadyTime(Milliseconds(uv_now(&loop_))); }  // cached per iteration
  std::uint64_t now_ms() const { return uv_now(&loop_); }
  bool on_loop_thread() const;

  uv_loop_t* raw() { return &loop_; }
  // Shared by every reader on this loop: valid only inside one read callback.
  std::span<char> read_buffer() { return {read_buffer_.get(), kReadBufferSize}; }
  SplicePipes& splice_pipes() { return splice_pipes_; }

 private:
  void drain_posted();
  void run_deferred();

  uv_loop_t loop_{};
  uv_async_t wake_{};
  uv_check_t after_poll_{};
  uv_prepare_t before_poll_{};
  std::mutex mutex_;
  std::vector<UniqueFunction<void()>> posted_;  // guarded by mutex_
  std::vector<UniqueFunction<void()>> deferred_;
  std::unique_ptr<char[]> read_buffer_;
  SplicePipes splice_pipes_;
  std::atomic<bool> stopping_{false};
  uv_thread_t thread_{};
};

}  // namespace hearth
