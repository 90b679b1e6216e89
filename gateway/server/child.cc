#include "server/child.h"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace hearth::server {

Result<pid_t> fork_child(int death_signal, const std::function<int()>& body) {
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return fail(system_error(errno, "fork"));
  if (pid > 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, death_signal);
  if (::getppid() != parent) ::_exit(1);  // it died before the line above
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGHUP, SIGQUIT, SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGCHLD}) std::signal(number, SIG_DFL);
  std::exit(body());
}

Result<void> drop_privileges(const std::string& user) {
  if (user.empty() || ::geteuid() != 0) return {};
  const std::size_t colon = user.find(':');
  const std::string name = user.substr(0, colon);
  const passwd* account = ::getpwnam(name.c_str());
  if (account == nullptr) {
    return hearth::fail(ErrorCode::not_found, ErrorSource::config, "user \"" + name + "\" does not exist");
  }
  gid_t group = account->pw_gid;
  if (colon != std::string::npos) {
    const ::group* named = ::getgrnam(user.substr(colon + 1).c_str());
    if (named == nullptr) {
      return hearth::fail(ErrorCode::not_found, ErrorSource::config,
                          "group \"" + user.substr(colon + 1) + "\" does not exist");
    }
    group = named->gr_gid;
  }
  // A change of credentials takes the death signal away (prctl(2)); without it a child would outlive its supervisor.
  int death_signal = 0;
  ::prctl(PR_GET_PDEATHSIG, &death_signal);
  const pid_t parent = ::getppid();
  if (::initgroups(name.c_str(), group) != 0 || ::setgid(group) != 0 || ::setuid(account->pw_uid) != 0) {
    return hearth::fail(system_error(errno, "become user \"" + user + "\""));
  }
  ::prctl(PR_SET_PDEATHSIG, death_signal);
  if (death_signal != 0 && ::getppid() != parent) ::_exit(1);  // it died meanwhile
  return {};
}

std::string describe_exit(int status) {
  if (WIFSIGNALED(status)) {
    return "was killed by signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ")";
  }
  return "exited with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace hearth::server
