#include "read_ahead.h"

namespace hearth::storage_job {

ReadAhead::ReadAhead(Source source, std::size_t blocks) : source_(std::move(source)), limit_(blocks) {
  thread_ = std::thread([this] { run(); });
}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ReadAhead::run() {
  while (true) {
    std::string block;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stop_ || ready_.size() < limit_; });
      if (stop_) return;
      if (!spare_.empty()) {
        block = std::move(spare_.back());
        spare_.pop_back();
      }
    }
    const auto bytes = source_();
    if (bytes) block.assign(*bytes);
    const bool last = !bytes || bytes->empty();
    {
      const std::lock_guard lock(mutex_);
      ready_.push_back(bytes ? Result<std::string>(std::move(block)) : fail(bytes.error()));
    }
    changed_.notify_all();
    if (last) return;
  }
}

Result<std::string_view> ReadAhead::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !ready_.empty(); });
  if (!ready_.front()) return fail(ready_.front().error());  // stays, for whoever asks again
  if (ready_.front()->empty()) return std::string_view();
  if (current_.capacity() > 0) spare_.push_back(std::move(current_));
  current_ = std::move(*ready_.front());
  ready_.pop_front();
  lock.unlock();
  changed_.notify_all();
  return std::string_view(current_);
}

}  // namespace hearth::storage_job
