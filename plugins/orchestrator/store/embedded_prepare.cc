#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "base/fd.h"
#include "orchestrator/store/embedded_cluster.h"

namespace hearth::orchestrator {

namespace {

namespace fs = std::filesystem;

Error refuse(std::string what) {
  return {ErrorCode::permission_denied, ErrorSource::system, false, 0, std::move(what)};
}

struct Owner {
  uid_t uid;
  gid_t gid;
  bool other;  // than we are
};

Result<Owner> owner_of(const EmbeddedCluster& cluster) {
  if (cluster.user.empty()) return Owner{geteuid(), getegid(), false};
  const passwd* entry = getpwnam(cluster.user.c_str());
  if (entry == nullptr) return fail(refuse("there is no system user \"" + cluster.user + "\""));
  return Owner{entry->pw_uid, entry->pw_gid, entry->pw_uid != geteuid()};
}

Result<void> give(const std::string& path, const Owner& owner) {
  if (owner.other && lchown(path.c_str(), owner.uid, owner.gid) != 0) {
    return fail(system_error(errno, "cannot give " + path + " to its user"));
  }
  return {};
}

// A private directory of the owner's. One that is somebody else's is refused, or taken over with all it holds when it
// lies below our own data directory (the system user was changed).
Result<void> private_directory(const std::string& path, const Owner& owner, bool may_take_over) {
  if (mkdir(path.c_str(), 0700) == 0) return give(path, owner);
  if (errno != EEXIST) return fail(system_error(errno, "cannot make " + path));
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) return fail(refuse(path + " is not a directory"));
  if (found.st_uid != owner.uid) {
    if (!owner.other || !may_take_over) return fail(refuse(path + " belongs to another user"));
    for (const auto& entry : fs::recursive_directory_iterator(path, fs::directory_options::none)) {
      if (Result<void> ok = give(entry.path().string(), owner); !ok) return ok;
    }
    if (Result<void> ok = give(path, owner); !ok) return ok;
  }
  if ((found.st_mode & 0777) != 0700 && chmod(path.c_str(), 0700) != 0) {
    return fail(system_error(errno, "cannot make " + path + " private"));
  }
  return {};
}

Result<void> data_directory(const std::string& path, bool for_another_user) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return fail(system_error(error.value(), "cannot make " + path));
  struct stat found {};
  if (for_another_user && stat(path.c_str(), &found) == 0 && (found.st_mode & 0001) == 0) {
    chmod(path.c_str(), (found.st_mode & 07777) | 0011);  // to pass through, not to read
  }
  return {};
}

// Which directory on the way keeps the user out?
Result<void> check_reachable(const EmbeddedCluster& cluster) {
  fs::path at;
  for (const fs::path& part : fs::path(cluster.base)) {
    at /= part;
    if (access(at.c_str(), X_OK) == 0) continue;
    return fail(
        refuse(fmt::format("user \"{}\", as whom the embedded PostgreSQL runs, cannot enter {}: choose another "
                           "data_dir, or chmod o+x it",
                           cluster.user, at.string())));
  }
  return {};
}

Result<void> as_user(const EmbeddedCluster& cluster) {
  if (Result<void> ok = check_reachable(cluster); !ok) return ok;
  return make_cluster(cluster);
}

// In a child, since rights once dropped do not come back. The message comes through a pipe.
Result<void> in_child_as(const Owner& owner, const EmbeddedCluster& cluster) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail(system_error(errno, "pipe"));
  Fd reader(ends[0]);
  Fd writer(ends[1]);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return fail(system_error(errno, "fork"));
  if (pid == 0) {
    Result<void> outcome;
    if (initgroups(cluster.user.c_str(), owner.gid) != 0 || setgid(owner.gid) != 0 || setuid(owner.uid) != 0) {
      outcome = fail(system_error(errno, "cannot become user " + cluster.user));
    } else {
      prctl(PR_SET_PDEATHSIG, SIGKILL);  // after setuid, which clears it; two must never work on one cluster
      if (getppid() != parent || chdir("/") != 0) _exit(2);
      outcome = as_user(cluster);
    }
    if (!outcome && write(writer.get(), outcome.error().message.data(), outcome.error().message.size()) < 0) _exit(2);
    _exit(outcome ? 0 : 1);
  }
  writer.reset();
  std::string message;
  char buffer[1024];
  for (ssize_t n; (n = read(reader.get(), buffer, sizeof buffer)) > 0;)
    message.append(buffer, static_cast<std::size_t>(n));
  int status = 0;
  waitpid(pid, &status, 0);
  if (status == 0) return {};
  if (message.empty()) message = "preparing the cluster was interrupted";
  return fail(ErrorCode::io, ErrorSource::system, std::move(message));
}

}  // namespace

Result<void> prepare_cluster(const EmbeddedCluster& cluster) {
  const Result<Owner> owner = owner_of(cluster);
  if (!owner) return fail(owner.error());
  if (Result<void> ok = data_directory(cluster.data_dir, owner->other); !ok) return ok;
  if (Result<void> ok = private_directory(cluster.base, *owner, true); !ok) return ok;
  if (!cluster.socket_directory.starts_with(cluster.base)) {
    if (Result<void> ok = private_directory(cluster.socket_directory, *owner, false); !ok) return ok;
  }
  if (Result<void> ok = stop_leftover_server(cluster.making(), 0); !ok) return ok;
  if (Result<void> ok = stop_leftover_server(cluster.data()); !ok) return ok;
  return owner->other ? in_child_as(*owner, cluster) : as_user(cluster);
}

}  // namespace hearth::orchestrator
