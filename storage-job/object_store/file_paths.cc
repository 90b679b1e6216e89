#include "object_store/file_paths.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "base/fd.h"
#include "base/random.h"

namespace hearth::object_store {

namespace fs = std::filesystem;

Error storage_error(int sys, const std::string& what) {
  Error error = system_error(sys, what);
  error.source = ErrorSource::storage;
  switch (sys) {
    case ENOENT:
    case ENOTDIR:
      error.code = ErrorCode::not_found;
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      error.code = ErrorCode::permission_denied;
      break;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      error.code = ErrorCode::limit;
      break;
    case EEXIST:
      error.code = ErrorCode::already_exists;
      break;
    default:
      error.code = ErrorCode::unavailable;
      break;
  }
  return error;
}

ObjectStat stat_of(const struct stat& st) {
  return {static_cast<std::uint64_t>(st.st_size),
          fmt::format("\"{:x}-{:x}-{:x}\"", st.st_ino, st.st_mtim.tv_sec, st.st_mtim.tv_nsec), false};
}

std::string unfinished_name(const std::string& path) {
  return fmt::format("{}{}{:016x}", path, kUnfinished, fast_random());
}

bool is_unfinished(const std::string& path) {
  return path.substr(path.rfind('/') + 1).find(kUnfinished) != std::string::npos;
}

Result<void> make_parents(const std::string& path) {
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  if (error) return fail(storage_error(error.value(), path));
  return {};
}

Result<void> place(const std::string& temporary, const std::string& path, bool if_absent) {
  if (if_absent) {
    if (::link(temporary.c_str(), path.c_str()) != 0) return fail(storage_error(errno, path));
  } else if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return fail(storage_error(errno, path));
  }
  ::unlink(temporary.c_str());  // a rename of one name of a file to another one of the same file leaves both
  const Fd folder(::open(fs::path(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) return fail(storage_error(errno, path));
  return {};
}

}  // namespace hearth::object_store
