#include "base/result.h"

#include <array>
#include <cerrno>
#include <cstring>

namespace hearth {

namespace {
ErrorCode code_from_errno(int sys) {
  switch (sys) {
    case ENOENT:
      return ErrorCode::not_found;
    case EEXIST:
    case EADDRINUSE:
      return ErrorCode::already_exists;
    case EACCES:
    case EPERM:
      return ErrorCode::permission_denied;
    case EINVAL:
      return ErrorCode::invalid_argument;
    case ETIMEDOUT:
      return ErrorCode::timeout;
    case ECANCELED:
      return ErrorCode::cancelled;
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return ErrorCode::unavailable;
    case EMFILE:
    case ENFILE:
    case ENOSPC:
    case ENOMEM:
      return ErrorCode::limit;
    default:
      return ErrorCode::io;
  }
}
}  // namespace

Error system_error(int sys, std::string what) {
  what += ": ";
  what += std::strerror(sys);
  const ErrorCode code = code_from_errno(sys);
  const bool retryable = code == ErrorCode::unavailable || code == ErrorCode::timeout || code == ErrorCode::limit;
  return Error{code, ErrorSource::system, retryable, sys, std::move(what)};
}

const char* name(ErrorCode code) {
  static constexpr std::array kNames = {"invalid_argument",  "not_found", "already_exists", "conflict", "stale",
                                        "permission_denied", "limit",     "unavailable",    "timeout",  "cancelled",
                                        "shutting_down",     "protocol",  "corrupt",        "io",       "internal"};
  return kNames[static_cast<size_t>(code)];
}

const char* name(ErrorSource source) {
  static constexpr std::array kNames = {"us",      "client",  "upstream", "database",
                                        "runtime", "storage", "config",   "system"};
  return kNames[static_cast<size_t>(source)];
}

}  // namespace hearth
