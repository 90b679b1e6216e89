#include "log/log.h"

#include <fcntl.h>
#include <spdlog/details/log_msg.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <memory>
#include <mutex>

#include "base/fd.h"
#include "base/strings.h"

namespace hearth::log {

namespace {

constexpr std::array<std::string_view, 8> kNames = {"debug", "info", "notice", "warn",
                                                    "error", "crit", "alert",  "emerg"};

constinit std::atomic<Level> threshold{Level::notice};
constinit thread_local unsigned thread_number = 0;

// The level's name travels as spdlog's logger name, because spdlog has fewer levels than nginx.
constexpr const char* kPattern = "%Y/%m/%d %H:%M:%S [%n] %P#%t: %v";

Result<Fd> open_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return fail(system_error(errno, "open() \"" + path + "\" failed"));
  return Fd(fd);
}

class FileSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  FileSink() { set_formatter_(std::make_unique<spdlog::pattern_formatter>(kPattern)); }

  Result<void> set_target(const std::string& target) {
    Fd file;
    if (target != "stderr") {
      auto opened = open_file(target);
      if (!opened) return fail(opened.error());
      file = std::move(*opened);
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    target_ = target;
    file_ = std::move(file);
    return {};
  }

  Result<void> reopen() {
    std::string target;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      target = target_;
    }
    return set_target(target);
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    line_.clear();
    formatter_->format(message, line_);
    const int fd = file_ ? file_.get() : STDERR_FILENO;
    const char* data = line_.data();
    std::size_t left = line_.size();
    while (left > 0) {
      const ssize_t written = ::write(fd, data, left);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;  // the error log is where errors go; there is nowhere else
      data += written;
      left -= static_cast<std::size_t>(written);
    }
  }
  void flush_() override {}

  std::string target_ = "stderr";
  Fd file_;
  spdlog::memory_buf_t line_;
};

// Never destroyed: threads may log until the process ends.
FileSink& sink() {
  static FileSink* const instance = new FileSink;
  return *instance;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string escape_controls(std::string_view message) {
  std::string out;
  out.reserve(message.size() + 16);
  for (const char c : message) {
    if (is_control(c) && c != '\t') {
      fmt::format_to(std::back_inserter(out), "\\x{:02X}", static_cast<unsigned char>(c));
    } else {
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace

std::optional<Level> parse_level(std::string_view text) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == text) return static_cast<Level>(i);
  }
  return std::nullopt;
}

std::string_view name(Level level) { return kNames[static_cast<std::size_t>(level)]; }

Result<void> open(const std::string& target, Level level) {
  if (auto opened = sink().set_target(target); !opened) return opened;
  set_level(level);
  return {};
}

Result<void> reopen() { return sink().reopen(); }

void set_level(Level level) { threshold.store(level, std::memory_order_relaxed); }

void set_thread_number(unsigned number) { thread_number = number; }

bool enabled(Level level) { return level >= threshold.load(std::memory_order_relaxed); }

void write(Level level, std::string_view message) {
  std::string escaped;
  for (const char c : message) {
    if (is_control(c)) {
      escaped = escape_controls(message);
      message = escaped;
      break;
    }
  }
  const std::string_view level_name = name(level);
  spdlog::details::log_msg record(spdlog::string_view_t(level_name.data(), level_name.size()), spdlog::level::info,
                                  spdlog::string_view_t(message.data(), message.size()));
  record.thread_id = thread_number;
  sink().log(record);
}

void write_formatted(Level level, fmt::string_view format, fmt::format_args args) {
  fmt::memory_buffer buffer;
  fmt::vformat_to(fmt::appender(buffer), format, args);
  write(level, std::string_view(buffer.data(), buffer.size()));
}

}  // namespace hearth::log
