// Preloaded into storage-job: a disk with an unreadable place. HEARTH_FAILING is "pread" (whatever lies behind the first
// MiB of a file cannot be read) or "readdir" (a folder cannot be read to its end).
#include <dirent.h>
#include <dlfcn.h>
#include <sys/types.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace {
bool fails(std::string_view call) {
  const char* failing = std::getenv("HEARTH_FAILING");
  return failing != nullptr && call == failing;
}
template <class F>
F real(const char* name) {
  return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}
}  // namespace

extern "C" ssize_t pread(int fd, void* buffer, size_t size, off_t offset) {
  if (offset >= 1 << 20 && fails("pread")) {
    errno = EIO;
    return -1;
  }
  return real<ssize_t (*)(int, void*, size_t, off_t)>("pread")(fd, buffer, size, offset);
}

extern "C" dirent* readdir(DIR* dir) {
  dirent* entry = real<dirent* (*)(DIR*)>("readdir")(dir);
  if (entry != nullptr || !fails("readdir")) return entry;
  errno = EIO;
  return nullptr;
}
