// PidFile: names the supervisor for `hearth -s`, and keeps a second one away: the file is locked while it runs.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/fd.h"

namespace hearth::server {

class PidFile {
 public:
  // Error already_exists when another hearth holds it.
  static Result<PidFile> create(const std::string& path);
  PidFile(PidFile&&) = default;
  PidFile& operator=(PidFile&&) = default;
  void remove();

 private:
  PidFile(std::string path, Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  std::string path_;
  Fd fd_;
};

// The pid in the file of a hearth that runs; an error when none does.
Result<pid_t> running_pid(const std::string& path);

}  // namespace hearth::server
