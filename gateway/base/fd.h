// Fd: owns a file descriptor; closes it when destroyed.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace hearth {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset();

 private:
  int fd_ = -1;
};

// Whole file into memory; refuses files over `limit` bytes.
Result<std::string> read_file(const std::string& path, std::size_t limit = 16u << 20);
// Writes beside the file and renames over it, so that a crash leaves the old or the new text, never half of one.
Result<void> write_file_atomically(const std::string& path, const std::string& text, unsigned mode);

}  // namespace hearth
