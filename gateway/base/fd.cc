#include "base/fd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace hearth {

void Fd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail(system_error(errno, "open \"" + path + "\""));
  std::string text;
  char buffer[16384];
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error(errno, "read \"" + path + "\""));
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > limit) return fail(ErrorCode::limit, ErrorSource::us, "\"" + path + "\" is too large");
  }
}

Result<void> write_file_atomically(const std::string& path, const std::string& text, unsigned mode) {
  const std::string beside = path + ".tmp." + std::to_string(::getpid());
  Fd fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (!fd) return fail(system_error(errno, "create \"" + beside + "\""));
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t put = ::write(fd.get(), text.data() + done, text.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail(system_error(errno, "write \"" + beside + "\""));
    done += static_cast<std::size_t>(put);
  }
  if (::fsync(fd.get()) != 0 || ::rename(beside.c_str(), path.c_str()) != 0) {
    const int sys = errno;
    ::unlink(beside.c_str());
    return fail(system_error(sys, "write \"" + path + "\""));
  }
  return {};
}

}  // namespace hearth
