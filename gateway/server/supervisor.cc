#include "server/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "log/log.h"
#include "server/child.h"
#include "server/server_process.h"

namespace hearth::server {

namespace {

constexpr Milliseconds kRestartPause{500};
constexpr Milliseconds kStopLimit{10000};  // after TERM; a draining server has its own limit

Fd open_signal_fd() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGHUP, SIGQUIT, SIGTERM, SIGINT, SIGUSR1, SIGCHLD}) sigaddset(&set, number);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

Result<void> daemonize() {
  const pid_t pid = ::fork();
  if (pid < 0) return fail(system_error(errno, "fork"));
  if (pid > 0) ::_exit(0);
  ::setsid();
  Fd null(::open("/dev/null", O_RDWR));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) ::dup2(null.get(), fd);
  return {};
}

}  // namespace

Supervisor::Supervisor(CommandLine options, std::shared_ptr<Configuration> configuration)
    : options_(std::move(options)), current_(std::make_unique<Generation>()) {
  current_->configuration = std::move(configuration);
}

Result<void> Supervisor::set_up() {
  const config::Settings& settings = current_->configuration->settings();
  auto sockets = ListenSockets::open(settings, {});
  if (!sockets) return fail(sockets.error());
  current_->sockets = std::move(*sockets);
  if (settings.daemon) {
    if (auto done = daemonize(); !done) return done;
  }
  auto pid_file = PidFile::create(settings.pid_file);
  if (!pid_file) return fail(pid_file.error());
  pid_file_ = std::make_unique<PidFile>(std::move(*pid_file));
  return {};
}

std::vector<EmbeddedServer> Supervisor::wanted_servers(const Configuration& configuration) const {
  std::vector<EmbeddedServer> wanted;
  for (const auto& module : configuration.modules) {
    for (EmbeddedServer& server : (*module)->embedded_servers()) wanted.push_back(std::move(server));
  }
  return wanted;
}

int Supervisor::run() {
  signal_fd_ = open_signal_fd();
  if (auto ready = set_up(); !ready) {
    std::fprintf(stderr, "hearth: [emerg] %s\n", ready.error().message.c_str());
    return 1;
  }
  log::notice("hearth " HEARTH_VERSION " started");
  embedded_.configure(wanted_servers(*current_->configuration));
  embedded_.advance(SteadyClock::now());
  spawn(*current_);
  while (!(stopping_ && current_->pid < 0 && retiring_.empty() && !next_)) {
    wait_for_events();
    const SteadyTime now = SteadyClock::now();
    if (!stopping_) {
      embedded_.advance(now);
      if (restart_at_ <= now) {
        restart_at_ = SteadyTime::max();
        spawn(*current_);
      }
    } else if (kill_at_ <= now) {
      kill_at_ = SteadyTime::max();
      if (current_->pid > 0) ::kill(current_->pid, SIGKILL);
      for (const pid_t pid : retiring_) ::kill(pid, SIGKILL);
    }
  }
  embedded_.stop_all();
  pid_file_->remove();
  log::notice("hearth stopped");
  return exit_status_;
}

void Supervisor::spawn(Generation& generation) {
  int pipe_fds[2];
  if (::pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0) {
    restart_at_ = SteadyClock::now() + kRestartPause;
    return;
  }
  Fd read_end(pipe_fds[0]);
  Fd write_end(pipe_fds[1]);
  const int ready_fd = write_end.get();
  generation.started = SteadyClock::now();
  auto pid = fork_child(SIGKILL, [&] {
    read_end.reset();
    signal_fd_.reset();
    for (Generation* other : {current_.get(), next_.get()}) {
      if (other != nullptr && other != &generation) other->sockets = ListenSockets();  // never accepted from in there
    }
    pid_file_.reset();  // its lock must end with the supervisor
    if (auto dropped = drop_privileges(generation.configuration->settings().user); !dropped) {
      log::emerg("{}", dropped.error().message);
      return kExitCannotStart;
    }
    return run_server(generation.configuration, generation.sockets, ready_fd);
  });
  if (!pid) {
    log::alert("{}", pid.error().message);
    restart_at_ = SteadyClock::now() + kRestartPause;
    return;
  }
  generation.pid = *pid;
  generation.ready = std::move(read_end);
  generation.accepting = false;
}

Milliseconds Supervisor::wait_time() const {
  SteadyTime next = std::min(restart_at_, kill_at_);
  if (!stopping_) next = std::min(next, embedded_.next_event());
  if (next == SteadyTime::max()) return Milliseconds(60000);
  const auto wait = std::chrono::duration_cast<Milliseconds>(next - SteadyClock::now()) + Milliseconds(1);
  return std::max(wait, Milliseconds(0));
}

void Supervisor::wait_for_events() {
  Generation* starting = next_ ? next_.get() : current_.get();
  pollfd fds[2] = {{signal_fd_.get(), POLLIN, 0}, {starting->accepting ? -1 : starting->ready.get(), POLLIN, 0}};
  if (::poll(fds, 2, static_cast<int>(wait_time().count())) <= 0) return;
  if ((fds[1].revents & POLLIN) != 0) on_ready();
  if ((fds[1].revents & (POLLHUP | POLLERR)) != 0 && (fds[1].revents & POLLIN) == 0) starting->ready.reset();
  signalfd_siginfo info{};
  while (::read(signal_fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    on_signal(static_cast<int>(info.ssi_signo));
  }
}

void Supervisor::on_signal(int number) {
  const auto forward = [&](int signal) {
    if (current_->pid > 0) ::kill(current_->pid, signal);
  };
  switch (number) {
    case SIGCHLD: {
      int status = 0;
      for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) on_child(pid, status);
      return;
    }
    case SIGHUP:
      reload();
      return;
    case SIGUSR1:
      if (auto done = log::reopen(); !done) log::error("error log: {}", done.error().message);
      forward(SIGUSR1);
      return;
    case SIGQUIT:
      begin_stop(SIGQUIT);
      return;
    default:
      begin_stop(SIGTERM);
      return;
  }
}

void Supervisor::begin_stop(int signal) {
  if (!stopping_) log::notice("stopping ({})", signal == SIGQUIT ? "draining" : "at once");
  stopping_ = true;
  restart_at_ = SteadyTime::max();
  Milliseconds limit = kStopLimit;
  if (signal == SIGQUIT) limit += current_->configuration->settings().worker_shutdown_timeout;
  kill_at_ = SteadyClock::now() + limit;
  if (current_->pid > 0) ::kill(current_->pid, signal);
  for (const pid_t pid : retiring_) ::kill(pid, signal);
  if (next_ && next_->pid > 0) {
    ::kill(next_->pid, SIGTERM);
    retiring_.push_back(next_->pid);
  }
  next_.reset();
}

void Supervisor::on_ready() {
  Generation& starting = next_ ? *next_ : *current_;
  starting.accepting = true;
  starting.ready.reset();
  log::notice("server process {} accepts connections", starting.pid);
  if (!next_) return;
  log::notice("configuration reloaded; server process {} drains", current_->pid);
  if (current_->pid > 0) {
    ::kill(current_->pid, SIGQUIT);
    retiring_.push_back(current_->pid);
  }
  current_ = std::move(next_);
}

void Supervisor::on_child(pid_t pid, int status) {
  if (embedded_.on_exit(pid, status, SteadyClock::now())) return;
  const auto retired = std::find(retiring_.begin(), retiring_.end(), pid);
  if (retired != retiring_.end()) {
    retiring_.erase(retired);
    return;
  }
  if (next_ && next_->pid == pid) {
    log::error("the new server process {}: reload given up, the old configuration stays", describe_exit(status));
    next_.reset();
    return;
  }
  if (current_->pid == pid) on_server_exit(status);
}

void Supervisor::on_server_exit(int status) {
  const bool lived = SteadyClock::now() - current_->started > std::chrono::seconds(1);
  const bool cannot_start = WIFEXITED(status) && WEXITSTATUS(status) == kExitCannotStart && !current_->accepting;
  current_->pid = -1;
  if (stopping_) return;
  if (cannot_start) {
    exit_status_ = 1;
    stopping_ = true;
    return;
  }
  log::alert("server process {}: it is started again", describe_exit(status));
  restart_at_ = SteadyClock::now() + (lived ? Milliseconds(0) : kRestartPause);
}

void Supervisor::reload() {
  if (stopping_ || next_) return;
  log::notice("reloading configuration");
  auto loaded = load_configuration(options_);
  if (!loaded) {
    log::emerg("{}: the old configuration stays", loaded.error().message);
    return;
  }
  auto sockets = ListenSockets::open((*loaded)->settings(), current_->sockets);
  if (!sockets) {
    log::emerg("{}: the old configuration stays", sockets.error().message);
    return;
  }
  if (auto opened = log::open((*loaded)->settings().error_log.target,
                              static_cast<log::Level>((*loaded)->settings().error_log.level));
      !opened) {
    log::error("{}", opened.error().message);
  }
  embedded_.configure(wanted_servers(**loaded));
  next_ = std::make_unique<Generation>();
  next_->configuration = std::move(*loaded);
  next_->sockets = std::move(*sockets);
  spawn(*next_);
}

int run_without_supervisor(std::shared_ptr<Configuration> configuration) {
  auto sockets = ListenSockets::open(configuration->settings(), {});
  if (!sockets) {
    std::fprintf(stderr, "hearth: [emerg] %s\n", sockets.error().message.c_str());
    return 1;
  }
  auto pid_file = PidFile::create(configuration->settings().pid_file);
  if (!pid_file) {
    std::fprintf(stderr, "hearth: [emerg] %s\n", pid_file.error().message.c_str());
    return 1;
  }
  std::vector<EmbeddedServer> wanted;
  for (const auto& module : configuration->modules) {
    for (EmbeddedServer& server : (*module)->embedded_servers()) wanted.push_back(std::move(server));
  }
  pid_t minder = -1;
  if (!wanted.empty()) {
    auto forked = fork_child(SIGTERM, [&] {
      const Fd signals = open_signal_fd();
      EmbeddedServers embedded;
      embedded.configure(std::move(wanted));
      for (;;) {
        embedded.advance(SteadyClock::now());
        pollfd fd{signals.get(), POLLIN, 0};
        ::poll(&fd, 1, 200);
        signalfd_siginfo info{};
        while (::read(signals.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
          if (info.ssi_signo == SIGTERM) {
            embedded.stop_all();
            return 0;
          }
          int status = 0;
          for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
            embedded.on_exit(pid, status, SteadyClock::now());
          }
        }
      }
    });
    if (forked) minder = *forked;
  }
  const int status = run_server(configuration, *sockets, -1);
  if (minder > 0) {
    ::kill(minder, SIGTERM);
    int ignored = 0;
    ::waitpid(minder, &ignored, 0);
  }
  pid_file->remove();
  return status == 0 ? 0 : 1;
}

}  // namespace hearth::server
