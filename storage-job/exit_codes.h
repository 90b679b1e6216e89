// How storage-job ends: one exit code per class of failure, so that a coordinator can decide without reading text.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "base/result.h"

namespace hearth::storage_job {

enum class Exit {
  done = 0,
  failed = 1,  // anything else
  usage = 2,
  unreachable = 10,  // object storage: unreachable, failing, or speaking nonsense, after all retries
  denied = 11,       // object storage: credentials or permissions
  missing = 12,      // the archive is not there
  corrupt = 13,      // the archive is not what it was, or never was one
  disk_full = 14,    // the volume or the object storage has no room
  refused = 15,      // the archive holds what is not extracted: paths out of the tree, devices, too much
  unreadable = 16,   // the volume cannot be read as it should
  terminated = 143,  // SIGTERM; an upload under way was aborted
};

struct Failure {
  Exit exit = Exit::failed;
  std::string message;
};
template <class T>
using Outcome = tl::expected<T, Failure>;

inline tl::unexpected<Failure> fail_with(Exit exit, std::string message) {
  return tl::unexpected<Failure>(Failure{exit, std::move(message)});
}
const char* name(Exit exit);
Failure failure(const Error& error);  // the one place where an Error becomes an exit code
inline tl::unexpected<Failure> fail_with(const Error& error) { return tl::unexpected<Failure>(failure(error)); }

}  // namespace hearth::storage_job
