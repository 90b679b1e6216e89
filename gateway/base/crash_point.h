// HEARTH_CRASH_POINT("name"): a place where a test may end this process as a power cut would. Nothing is compiled
// unless HEARTH_CRASH_POINTS is defined (CMake option and preset `crash`), so what users run holds none.
//
// In a build that has them the environment says which one acts, read each time it is passed:
//   HEARTH_CRASH_AT    "name": kill -9 of the own process; "name=stop": SIGSTOP, and on from there after SIGCONT
//   HEARTH_CRASH_ONCE  a file made before acting; while it exists no point acts (the restarted process goes on)
// HEARTH_CRASH_POINT_OF("act:{}:before", kind) puts `kind` where the braces are. Names are string literals on the line
// of the macro: the tests find them by reading the sources. Any thread; async-signal safety is not needed.
#pragma once

#ifndef HEARTH_CRASH_POINTS

#define HEARTH_CRASH_POINT(name) static_cast<void>(0)
#define HEARTH_CRASH_POINT_OF(pattern, kind) static_cast<void>(sizeof(kind))

#else

#include <fcntl.h>
#include <unistd.h>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

namespace hearth {

inline void crash_point(std::string_view name) {
  const char* at = std::getenv("HEARTH_CRASH_AT");
  if (at == nullptr) return;
  const std::string_view wish(at);
  const bool stop = wish.size() == name.size() + 5 && wish.ends_with("=stop") && wish.starts_with(name);
  if (!stop && wish != name) return;
  if (const char* once = std::getenv("HEARTH_CRASH_ONCE")) {
    const int fd = ::open(once, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
    if (fd < 0) return;
    ::close(fd);
  }
  ::kill(::getpid(), stop ? SIGSTOP : SIGKILL);
}

inline void crash_point(std::string_view pattern, std::string_view kind) {
  std::string name(pattern);
  if (const std::size_t braces = name.find("{}"); braces != std::string::npos) name.replace(braces, 2, kind);
  crash_point(name);
}

}  // namespace hearth

#define HEARTH_CRASH_POINT(name) ::hearth::crash_point("" name)
#define HEARTH_CRASH_POINT_OF(pattern, kind) ::hearth::crash_point("" pattern, kind)

#endif
