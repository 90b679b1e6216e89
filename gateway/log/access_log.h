// The access log: one line per request, in nginx's combined format or as one JSON object.
//
// AccessLog belongs to one worker thread (no locks); several workers, and several processes, may append to the same
// file: each write(2) carries whole lines only and the file is opened with O_APPEND, so lines never mix. (On a pipe
// this holds for lines up to PIPE_BUF, the most the kernel writes in one piece.)
//
// Nothing a client sends can break out of its field: in combined, `"`, `\` and every byte outside printable ASCII
// become \xHH as in nginx; JSON strings are always valid UTF-8 (bytes that are not become U+FFFD), with control
// characters and line separators escaped.
#pragma once

#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"

namespace hearth::log {

enum class AccessFormat : std::uint8_t { combined, json };  // same order as config::AccessLogFormat

enum class EndedBy : std::uint8_t { none, client, upstream, us };  // none = the exchange completed

// Views need to live only for the call of write(). Empty means absent: "-" in combined, left out of JSON.
struct AccessRecord {
  std::string_view remote_addr;
  std::string_view user;
  WallTime time{};  // when the request ended
  std::string_view method;
  std::string_view target;   // as sent
  std::string_view version;  // "HTTP/1.1"
  unsigned status = 0;
  std::uint64_t body_bytes = 0;  // of the response body, to the client
  std::string_view referer;
  std::string_view user_agent;
  std::string_view request_id;
  std::uint64_t request_time_us = 0;
  std::string_view upstream_addr;  // empty = no upstream took part; its status and time are then left out too
  unsigned upstream_status = 0;
  std::uint64_t upstream_time_us = 0;
  std::string_view host;
  EndedBy ended_by = EndedBy::none;
  std::string_view route;
};

// Formats lines into a buffer. Split from AccessLog so that it can be tested and measured without a file.
class AccessFormatter {
 public:
  explicit AccessFormatter(AccessFormat format) : format_(format) {}
  // Appends one line, newline included.
  void append(std::string& out, const AccessRecord& record);

 private:
  void append_combined(std::string& out, const AccessRecord& record);
  void append_json(std::string& out, const AccessRecord& record);
  // The text of the last second seen: a worker formats thousands of records within one.
  void update_second(std::time_t second);

  AccessFormat format_;
  std::time_t second_ = -1;
  char combined_time_[40] = "";  // 21/Nov/2026:12:00:00 +0000
  char json_time_[32] = "";      // 2026-11-21T12:00:00
  char json_zone_[8] = "";       // +00:00
};

class AccessLog {
 public:
  static constexpr std::size_t kBufferSize = 64 * 1024;
  static constexpr Milliseconds kFlushAfter{1000};

  // /dev/stdout and /dev/stderr mean the process's own descriptors.
  static Result<std::unique_ptr<AccessLog>> open(std::string path, AccessFormat format);
  ~AccessLog();  // flushes
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  // Buffers the line; writes the buffer when it is full or its oldest line is older than kFlushAfter.
  void write(const AccessRecord& record);
  // For the owner's timer (every kFlushAfter or sooner), so that the last lines of a quiet spell get out.
  void flush_if_due(WallTime now);
  void flush();
  // Flushes, then opens the path again (USR1). On failure the old file stays in use.
  Result<void> reopen();

  const std::string& path() const { return path_; }
  std::uint64_t lost_lines() const { return lost_lines_; }  // dropped because a write failed

 private:
  AccessLog(std::string path, AccessFormat format, Fd file);
  void use(Fd file);
  bool write_lines(std::string_view lines);
  void lose(std::string_view lines, int sys);

  std::string path_;
  AccessFormatter formatter_;
  Fd file_;
  bool pipe_ = false;
  bool torn_ = false;     // a failed write left half a line in the file
  bool failing_ = false;  // reported once, until a write succeeds again
  std::string buffer_;
  WallTime oldest_{};
  std::uint64_t lost_lines_ = 0;
};

}  // namespace hearth::log
