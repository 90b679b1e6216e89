#include "server/embedded_servers.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <thread>

#include "log/log.h"
#include "server/child.h"

namespace hearth::server {

namespace {

// In the child: becomes the server. Returns only when that failed.
int become(const EmbeddedServer& server) {
  if (auto dropped = drop_privileges(server.user); !dropped) {
    std::fprintf(stderr, "hearth: %s: %s\n", server.name.c_str(), dropped.error().message.c_str());
    return 1;
  }
  ::setsid();  // a Ctrl-C at the terminal is for the supervisor, which stops this one last
  std::vector<char*> argv;
  for (const std::string& each : server.argv) argv.push_back(const_cast<char*>(each.c_str()));
  argv.push_back(nullptr);
  for (const std::string& each : server.environment) {
    const std::size_t equals = each.find('=');
    ::setenv(each.substr(0, equals).c_str(), each.substr(equals + 1).c_str(), 1);
  }
  ::execv(argv[0], argv.data());
  std::fprintf(stderr, "hearth: cannot run %s: %s\n", argv[0], std::strerror(errno));
  return 127;
}

}  // namespace

void EmbeddedServers::configure(std::vector<EmbeddedServer> wanted) {
  for (EmbeddedServer& server : wanted) {
    const auto known = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const auto& entry) { return entry->server.name == server.name; });
    if (known != entries_.end()) {
      if ((*known)->server.argv != server.argv) {
        log::warn("{} runs on with its old settings: they change when hearth is restarted", server.name);
      }
      continue;
    }
    entries_.push_back(std::make_unique<Entry>());
    entries_.back()->server = std::move(server);
  }
}

void EmbeddedServers::advance(SteadyTime now) {
  for (auto& entry : entries_) {
    if (entry->state == Entry::State::waiting && entry->due <= now) {
      if (entry->prepared || !entry->server.prepare) {
        launch(*entry, now);
      } else {
        prepare(*entry);
      }
    }
  }
}

SteadyTime EmbeddedServers::next_event() const {
  SteadyTime next = SteadyTime::max();
  for (const auto& entry : entries_) {
    if (entry->state == Entry::State::waiting) next = std::min(next, entry->due);
  }
  return next;
}

void EmbeddedServers::prepare(Entry& entry) {
  auto pid = fork_child(SIGKILL, entry.server.prepare);
  if (!pid) {
    log::error("{}: {}", entry.server.name, pid.error().message);
    wait_again(entry, SteadyClock::now());
    return;
  }
  entry.pid = *pid;
  entry.state = Entry::State::preparing;
}

void EmbeddedServers::launch(Entry& entry, SteadyTime now) {
  auto pid = fork_child(entry.server.stop_signal, [&entry] { return become(entry.server); });
  if (!pid) {
    log::error("{}: {}", entry.server.name, pid.error().message);
    wait_again(entry, now);
    return;
  }
  log::notice("{} started (pid {})", entry.server.name, *pid);
  entry.pid = *pid;
  entry.state = Entry::State::running;
  entry.started = now;
}

void EmbeddedServers::wait_again(Entry& entry, SteadyTime now) {
  entry.state = Entry::State::waiting;
  entry.pid = -1;
  entry.prepared = false;
  entry.due = now + entry.backoff;
  entry.backoff = std::min(entry.backoff * 2, kLastBackoff);
}

bool EmbeddedServers::on_exit(pid_t pid, int status, SteadyTime now) {
  for (auto& entry : entries_) {
    if (entry->pid != pid) continue;
    if (entry->state == Entry::State::preparing && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      entry->prepared = true;
      entry->state = Entry::State::waiting;
      entry->pid = -1;
      entry->due = now;
      return true;
    }
    log::error("{} {}{}: it is started again", entry->server.name,
               entry->state == Entry::State::preparing ? "(preparing it) " : "", describe_exit(status));
    if (entry->state == Entry::State::running && now - entry->started > kStableAfter) entry->backoff = kFirstBackoff;
    wait_again(*entry, now);
    return true;
  }
  return false;
}

void EmbeddedServers::stop_all() {
  for (std::size_t i = entries_.size(); i-- > 0;) {
    Entry& entry = *entries_[i];
    if (entry.pid < 0) continue;
    ::kill(entry.pid, entry.state == Entry::State::running ? entry.server.stop_signal : SIGKILL);
    const SteadyTime limit = SteadyClock::now() + entry.server.stop_timeout;
    int status = 0;
    while (::waitpid(entry.pid, &status, WNOHANG) == 0) {
      if (SteadyClock::now() > limit) {
        log::error("{} did not stop in time: killed", entry.server.name);
        ::kill(entry.pid, SIGKILL);
        ::waitpid(entry.pid, &status, 0);
        break;
      }
      std::this_thread::sleep_for(Milliseconds(5));  // nothing else is left to do in this process
    }
    log::notice("{} stopped", entry.server.name);
    entry.pid = -1;
  }
  entries_.clear();
}

}  // namespace hearth::server
