// WriteBehind: gives bytes to a sink on a thread of its own, a few blocks behind the writer.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"

namespace hearth::storage_job {

class WriteBehind {
 public:
  using Sink = std::function<Result<void>(std::string_view)>;  // called on the thread, never after an error
  WriteBehind(Sink sink, std::size_t blocks);
  ~WriteBehind();  // what was not yet written is dropped; waits for a running call of the sink
  // The sink's first error comes out of a later write() or of finish().
  Result<void> write(std::string_view bytes);
  Result<void> finish();  // after success the sink has had everything, and what it did is visible

 private:
  void run();
  Result<void> hand_over();

  Sink sink_;
  const std::size_t limit_;
  std::string current_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> queue_;  // guarded by mutex_, as are the rest
  std::vector<std::string> spare_;
  std::optional<Error> error_;
  bool busy_ = false, stop_ = false;
  std::thread thread_;
};

}  // namespace hearth::storage_job
