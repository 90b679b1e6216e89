// Result<T> and Error: how every fallible call in Hearth answers.
//
// An Error says what went wrong (code), on whose side (source), and whether trying again later can help (retryable).
// Each library is translated in one place; an Error becomes an HTTP status in one place (proxy/local_reply.h) and a
// workspace's error_reason in one place (plugins/orchestrator/act).
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace hearth {

enum class ErrorCode {
  invalid_argument,  // the caller's input is wrong; the same call will fail again
  not_found,
  already_exists,
  conflict,  // compare-and-set lost, or the resource is in the wrong state
  stale,     // written under an epoch that is no longer ours
  permission_denied,
  limit,        // a named limit was hit
  unavailable,  // the other side cannot be reached or refuses now
  timeout,      // a deadline passed; whether the call took effect is unknown
  cancelled,    // its owner dropped the call
  shutting_down,
  protocol,  // the other side spoke nonsense
  corrupt,   // data is damaged
  io,
  internal,
};

enum class ErrorSource { us, client, upstream, database, runtime, storage, config, system };

struct Error {
  ErrorCode code = ErrorCode::internal;
  ErrorSource source = ErrorSource::us;
  bool retryable = false;
  int sys = 0;          // errno where one caused it, else 0
  std::string message;  // for a person; names the place and, where there is one, the remedy
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }
inline tl::unexpected<Error> fail(ErrorCode code, ErrorSource source, std::string message, bool retryable = false) {
  return tl::unexpected<Error>(Error{code, source, retryable, 0, std::move(message)});
}
// `what` is followed by ": " and strerror(sys).
Error system_error(int sys, std::string what);

const char* name(ErrorCode code);
const char* name(ErrorSource source);

}  // namespace hearth
