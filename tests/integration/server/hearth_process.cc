#include "hearth_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

namespace hearth::test {

namespace {

pid_t spawn(const std::vector<std::string>& arguments, const std::string& out, const std::string& err,
            const std::map<std::string, std::string>& environment) {
  std::vector<char*> argv;
  static std::string program = HEARTH_BINARY;
  argv.push_back(program.data());
  for (const std::string& each : arguments) argv.push_back(const_cast<char*>(each.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::dup2(::open(out.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0644), 1);
  ::dup2(::open(err.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0644), 2);
  for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

int exit_status(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }

pid_t parent_of(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  const std::size_t name_end = text.rfind(')');
  return name_end == std::string::npos ? -1 : static_cast<pid_t>(std::atoi(text.c_str() + name_end + 4));
}

}  // namespace

Finished run_hearth(const std::vector<std::string>& arguments) {
  const TemporaryDirectory directory;
  const pid_t pid = spawn(arguments, directory.file("out"), directory.file("err"), {});
  int status = 0;
  ::waitpid(pid, &status, 0);
  return {exit_status(status), directory.read("out"), directory.read("err")};
}

bool HearthProcess::alive(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  const std::size_t name_end = text.rfind(')');
  return name_end != std::string::npos && text[name_end + 2] != 'Z';
}

HearthProcess::~HearthProcess() {
  const auto children = descendants();
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  for (const pid_t pid : children) {
    if (alive(pid)) ::kill(pid, SIGKILL);
  }
}

void HearthProcess::configure(const std::string& server, const std::string& main, const std::string& http) {
  directory_.write("logs/.keep", "");
  directory_.write("hearth.conf", main + "\nerror_log stderr info;\npid logs/hearth.pid;\nhttp {\n" + http +
                                      "\nserver { listen 127.0.0.1:" + std::to_string(port_) + ";\n" + server +
                                      "\n}\n}\n");
}

std::vector<std::string> HearthProcess::arguments() const {
  return {"-c", directory_.file("hearth.conf"), "-p", directory_.path()};
}

void HearthProcess::start() {
  pid_ = spawn(arguments(), directory_.file("stdout"), directory_.file("stderr"), environment_);
}

bool HearthProcess::serving() const {
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return false;
  const timeval patience{0, 300000};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const std::string request = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
  if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return false;
  char bytes[16];
  return ::recv(fd.get(), bytes, sizeof bytes, 0) > 0;
}

bool HearthProcess::start_and_wait() {
  start();
  return eventually([&] { return serving() || ended(); }) && !ended();
}

bool HearthProcess::ended() {
  if (pid_ <= 0) return true;
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid_;
}

int HearthProcess::wait() {
  if (!eventually([&] { return ended(); }, Seconds(20))) return -2;
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return exit_status(status);
}

Finished HearthProcess::command(const std::string& signal) {
  auto all = arguments();
  all.insert(all.end(), {"-s", signal});
  return run_hearth(all);
}

std::vector<pid_t> HearthProcess::descendants() const {
  std::vector<pid_t> found;
  if (pid_ <= 0) return found;
  std::vector<pid_t> every;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const int pid = std::atoi(entry.path().filename().c_str());
    if (pid > 0 && alive(pid)) every.push_back(pid);
  }
  std::vector<pid_t> from{pid_};
  while (!from.empty()) {
    const pid_t parent = from.back();
    from.pop_back();
    for (const pid_t pid : every) {
      if (parent_of(pid) != parent) continue;
      found.push_back(pid);
      from.push_back(pid);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

pid_t HearthProcess::server_pid() const {
  for (const pid_t pid : descendants()) {
    char name[64] = "";
    std::ifstream comm("/proc/" + std::to_string(pid) + "/comm");
    comm.getline(name, sizeof name);
    if (std::string(name) == "hearth" && parent_of(pid) == pid_) return pid;
  }
  return -1;
}

}  // namespace hearth::test
