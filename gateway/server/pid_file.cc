#include "server/pid_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/strings.h"

namespace hearth::server {

namespace {
std::string_view first_line(const std::string& text) { return std::string_view(text).substr(0, text.find('\n')); }
}  // namespace

Result<PidFile> PidFile::create(const std::string& path) {
  std::error_code ignored;  // open() below says what is wrong
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) return fail(system_error(errno, "pid file \"" + path + "\""));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    const auto holder = read_file(path);
    return fail(ErrorCode::already_exists, ErrorSource::system,
                "hearth is already running with pid file \"" + path + "\" (pid " +
                    std::string(holder ? first_line(*holder) : "unknown") + ")");
  }
  const std::string text = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) != 0 || ::write(fd.get(), text.data(), text.size()) < 0) {
    return fail(system_error(errno, "write pid file \"" + path + "\""));
  }
  return PidFile(path, std::move(fd));
}

void PidFile::remove() {
  if (fd_) ::unlink(path_.c_str());
  fd_.reset();
}

Result<pid_t> running_pid(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail(system_error(errno, "hearth is not running: open \"" + path + "\""));
  if (::flock(fd.get(), LOCK_SH | LOCK_NB) == 0) {
    return fail(ErrorCode::not_found, ErrorSource::system,
                "hearth is not running: nobody holds pid file \"" + path + "\"");
  }
  auto text = read_file(path);
  if (!text) return fail(text.error());
  const auto pid = parse_decimal<pid_t>(first_line(*text));
  if (!pid || *pid <= 0) {
    return fail(ErrorCode::corrupt, ErrorSource::system, "invalid pid in \"" + path + "\"");
  }
  return *pid;
}

}  // namespace hearth::server
