// The error log: one per process, lines as nginx writes them:
//   2026/11/21 12:00:00 [info] 1234#0: message
// where 1234 is the process and 0 the thread's number (set_thread_number; workers use 1, 2, …).
//
// Every function may be called from any thread at any time, before open() as well: until then lines of level `notice`
// and above go to stderr. A line is written by one write(2) before the call returns; control characters in the message
// are escaped as \xHH, so nothing a client sent can start a line of its own.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth::log {

// Same order as config::LogLevel, so one converts to the other by static_cast.
enum class Level : std::uint8_t { debug, info, notice, warn, error, crit, alert, emerg };

std::optional<Level> parse_level(std::string_view text);
std::string_view name(Level level);

// Sends lines of `level` and above to `target`: "stderr" or a path, created with mode 0644, appended to. May be called
// again (reload). On failure the log stays as it was.
Result<void> open(const std::string& target, Level level);
// Opens the same path again, for log rotation (USR1). On failure the old file stays in use.
Result<void> reopen();
void set_level(Level level);
// The number shown for the calling thread; 0 unless set.
void set_thread_number(unsigned number);

bool enabled(Level level);
// Writes regardless of the level; `message` is one line.
void write(Level level, std::string_view message);
void write_formatted(Level level, fmt::string_view format, fmt::format_args args);

template <class... Args>
void at(Level level, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(level)) write_formatted(level, format, fmt::make_format_args(args...));
}
template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::debug)) write_formatted(Level::debug, format, fmt::make_format_args(args...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::info)) write_formatted(Level::info, format, fmt::make_format_args(args...));
}
template <class... Args>
void notice(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::notice)) write_formatted(Level::notice, format, fmt::make_format_args(args...));
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::warn)) write_formatted(Level::warn, format, fmt::make_format_args(args...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::error)) write_formatted(Level::error, format, fmt::make_format_args(args...));
}
template <class... Args>
void crit(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::crit)) write_formatted(Level::crit, format, fmt::make_format_args(args...));
}
template <class... Args>
void alert(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::alert)) write_formatted(Level::alert, format, fmt::make_format_args(args...));
}
template <class... Args>
void emerg(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::emerg)) write_formatted(Level::emerg, format, fmt::make_format_args(args...));
}

}  // namespace hearth::log
