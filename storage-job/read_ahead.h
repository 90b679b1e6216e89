// ReadAhead: runs a source of bytes on a thread of its own and keeps a few blocks ready.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"

namespace hearth::storage_job {

class ReadAhead {
 public:
  using Source = std::function<Result<std::string_view>()>;  // empty at the end; called on the thread
  ReadAhead(Source source, std::size_t blocks);
  ~ReadAhead();                     // waits for a running call of the source
  Result<std::string_view> next();  // valid until the next call; what the source did is visible once it ended

 private:
  void run();

  Source source_;
  const std::size_t limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Result<std::string>> ready_;
  std::vector<std::string> spare_;
  std::string current_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace hearth::storage_job
