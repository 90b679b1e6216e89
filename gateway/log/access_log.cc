#include "log/access_log.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "log/log.h"

namespace hearth::log {

namespace {

Result<Fd> open_path(const std::string& path) {
  int fd = -1;
  // Opening /dev/stdout anew fails when it is a socket, or after the process changed its user.
  if (path == "/dev/stdout" || path == "/dev/stderr") {
    fd = ::fcntl(path == "/dev/stdout" ? STDOUT_FILENO : STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  } else {
    fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  }
  if (fd < 0) return fail(system_error(errno, "open() \"" + path + "\" failed"));
  return Fd(fd);
}

}  // namespace

Result<std::unique_ptr<AccessLog>> AccessLog::open(std::string path, AccessFormat format) {
  auto file = open_path(path);
  if (!file) return fail(file.error());
  return std::unique_ptr<AccessLog>(new AccessLog(std::move(path), format, std::move(*file)));
}

AccessLog::AccessLog(std::string path, AccessFormat format, Fd file) : path_(std::move(path)), formatter_(format) {
  buffer_.reserve(kBufferSize + 16 * 1024);
  use(std::move(file));
}

AccessLog::~AccessLog() { flush(); }

void AccessLog::use(Fd file) {
  file_ = std::move(file);
  struct stat status {};
  pipe_ = ::fstat(file_.get(), &status) == 0 && S_ISFIFO(status.st_mode);
  torn_ = false;
}

void AccessLog::write(const AccessRecord& record) {
  if (buffer_.empty()) oldest_ = record.time;
  formatter_.append(buffer_, record);
  if (buffer_.size() >= kBufferSize || record.time - oldest_ >= kFlushAfter) flush();
}

void AccessLog::flush_if_due(WallTime now) {
  // A wall clock set back must not hold lines for long.
  if (!buffer_.empty() && (now - oldest_ >= kFlushAfter || now < oldest_)) flush();
}

void AccessLog::flush() {
  if (buffer_.empty()) return;
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    std::string_view part = rest;
    if (pipe_ && rest.size() > PIPE_BUF) {
      std::size_t end = rest.rfind('\n', PIPE_BUF - 1);
      if (end == std::string_view::npos) end = rest.find('\n');
      part = rest.substr(0, end + 1);
    }
    if (!write_lines(part)) {
      rest.remove_prefix(part.size());
      lost_lines_ += static_cast<std::uint64_t>(std::count(rest.begin(), rest.end(), '\n'));
      break;
    }
    rest.remove_prefix(part.size());
  }
  buffer_.clear();
  if (buffer_.capacity() > 4 * kBufferSize) {
    buffer_.shrink_to_fit();
    buffer_.reserve(kBufferSize + 16 * 1024);
  }
}

bool AccessLog::write_lines(std::string_view lines) {
  if (torn_) {
    if (::write(file_.get(), "\n", 1) != 1) {
      lose(lines, errno);
      return false;
    }
    torn_ = false;
  }
  while (!lines.empty()) {
    const ssize_t written = ::write(file_.get(), lines.data(), lines.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      lose(lines, errno);
      return false;
    }
    torn_ = lines[static_cast<std::size_t>(written) - 1] != '\n';
    lines.remove_prefix(static_cast<std::size_t>(written));
  }
  if (failing_) notice("access log \"{}\" is written again, {} lines were lost", path_, lost_lines_);
  failing_ = false;
  return true;
}

void AccessLog::lose(std::string_view lines, int sys) {
  lost_lines_ += static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
  if (!failing_) error("write() to access log \"{}\" failed: {}", path_, std::strerror(sys));
  failing_ = true;
}

Result<void> AccessLog::reopen() {
  flush();
  auto file = open_path(path_);
  if (!file) return fail(file.error());
  use(std::move(*file));
  return {};
}

}  // namespace hearth::log
