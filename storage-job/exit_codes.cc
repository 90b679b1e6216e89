#include "exit_codes.h"

#include <cerrno>

namespace hearth::storage_job {
namespace {

Exit storage_exit(ErrorCode code) {
  switch (code) {
    case ErrorCode::permission_denied:
      return Exit::denied;
    case ErrorCode::not_found:
      return Exit::missing;
    case ErrorCode::corrupt:
      return Exit::corrupt;
    case ErrorCode::conflict:
      return Exit::corrupt;  // replaced while it was read
    case ErrorCode::limit:
      return Exit::disk_full;
    case ErrorCode::invalid_argument:
      return Exit::failed;
    default:
      return Exit::unreachable;
  }
}

}  // namespace

const char* name(Exit exit) {
  switch (exit) {
    case Exit::done:
      return "done";
    case Exit::failed:
      return "failed";
    case Exit::usage:
      return "usage";
    case Exit::unreachable:
      return "storage_unreachable";
    case Exit::denied:
      return "storage_denied";
    case Exit::missing:
      return "archive_missing";
    case Exit::corrupt:
      return "archive_corrupt";
    case Exit::disk_full:
      return "disk_full";
    case Exit::refused:
      return "extraction_refused";
    case Exit::unreadable:
      return "source_unreadable";
    case Exit::terminated:
      return "terminated";
  }
  return "failed";
}

Failure failure(const Error& error) {
  const auto with = [&](Exit exit) { return Failure{exit, error.message}; };
  if (error.code == ErrorCode::cancelled) return with(Exit::terminated);
  if (error.source == ErrorSource::storage) return with(storage_exit(error.code));
  if (error.source == ErrorSource::config) return with(Exit::usage);
  if (error.sys == ENOSPC || error.sys == EDQUOT) return with(Exit::disk_full);
  if (error.code == ErrorCode::io) return with(Exit::unreadable);
  return with(Exit::failed);
}

}  // namespace hearth::storage_job
