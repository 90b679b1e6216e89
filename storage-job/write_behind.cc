#include "write_behind.h"

#include <algorithm>

namespace hearth::storage_job {
namespace {
constexpr std::size_t kBlock = 512u << 10;
}

WriteBehind::WriteBehind(Sink sink, std::size_t blocks) : sink_(std::move(sink)), limit_(blocks) {
  thread_ = std::thread([this] { run(); });
}

WriteBehind::~WriteBehind() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void WriteBehind::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stop_ || !queue_.empty(); });
    if (stop_) return;
    std::string block = std::move(queue_.front());
    queue_.pop_front();
    busy_ = true;
    const bool failed = error_.has_value();
    lock.unlock();
    Result<void> done;
    if (!failed) done = sink_(block);
    lock.lock();
    if (!done) error_ = done.error();
    spare_.push_back(std::move(block));
    busy_ = false;
    changed_.notify_all();
  }
}

Result<void> WriteBehind::hand_over() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return queue_.size() < limit_; });
  if (error_) return fail(*error_);
  queue_.push_back(std::move(current_));
  current_.clear();
  if (!spare_.empty()) {
    current_ = std::move(spare_.back());
    spare_.pop_back();
    current_.clear();
  }
  changed_.notify_all();
  return {};
}

Result<void> WriteBehind::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t take = std::min(bytes.size(), kBlock - current_.size());
    current_.append(bytes.substr(0, take));
    bytes.remove_prefix(take);
    if (current_.size() == kBlock)
      if (auto done = hand_over(); !done) return done;
  }
  return {};
}

Result<void> WriteBehind::finish() {
  if (!current_.empty())
    if (auto done = hand_over(); !done) return done;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return queue_.empty() && !busy_; });
  if (error_) return fail(*error_);
  return {};
}

}  // namespace hearth::storage_job
