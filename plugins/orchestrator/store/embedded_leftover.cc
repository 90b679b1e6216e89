#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "base/strings.h"
#include "orchestrator/store/embedded_cluster.h"

namespace hearth::orchestrator {

namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

std::string link_target(const std::string& path) {
  std::error_code error;
  return fs::read_symlink(path, error).string();
}

// PostgreSQL's processes have the cluster as their working directory, from before they write postmaster.pid on.
bool works_in(pid_t pid, const std::string& data) {
  const std::string proc = "/proc/" + std::to_string(pid);
  const std::string program = link_target(proc + "/exe");
  return link_target(proc + "/cwd") == data && fs::path(program).filename().string().starts_with("postgres");
}

std::vector<pid_t> server_processes(const std::string& data) {
  std::vector<pid_t> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const auto pid = parse_decimal<pid_t>(entry.path().filename().string());
    if (pid && works_in(*pid, data)) found.push_back(*pid);
  }
  return found;
}

pid_t recorded_postmaster(const std::string& data) {
  const Result<std::string> text = read_file(data + "/postmaster.pid", 65536);
  if (!text) return 0;
  return parse_decimal<pid_t>(std::string_view(*text).substr(0, text->find('\n'))).value_or(0);
}

bool gone_within(const std::string& data, seconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!server_processes(data).empty()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace

Result<void> stop_leftover_server(const std::string& data_path, int patience_seconds) {
  std::error_code error;
  const std::string data = fs::canonical(data_path, error).string();
  if (error) return {};  // no cluster yet
  const pid_t postmaster = recorded_postmaster(data);
  if (!server_processes(data).empty()) {
    if (postmaster > 0 && works_in(postmaster, data)) kill(postmaster, SIGINT);
    if (!gone_within(data, seconds(patience_seconds))) {
      for (const pid_t pid : server_processes(data)) kill(pid, SIGQUIT);  // recovery at the next start makes it good
      if (!gone_within(data, seconds(5))) {
        for (const pid_t pid : server_processes(data)) kill(pid, SIGKILL);
        if (!gone_within(data, seconds(5))) {
          return fail(ErrorCode::conflict, ErrorSource::system,
                      "server processes of an earlier run do not end: " + data + " is still in use");
        }
      }
    }
  }
  // A dead process's number given to another one looks to PostgreSQL like a running server. A number nobody has is left
  // for PostgreSQL to judge: it looks at the shared memory too.
  const pid_t recorded = recorded_postmaster(data);
  if (recorded > 0 && (kill(recorded, 0) == 0 || errno == EPERM) && !works_in(recorded, data)) {
    unlink((data + "/postmaster.pid").c_str());
  }
  return {};
}

}  // namespace hearth::orchestrator
