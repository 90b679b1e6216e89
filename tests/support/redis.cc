#include "support/redis.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <thread>

namespace hearth::test {

namespace {

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "test Redis: %s\n", why.c_str());
  std::abort();
}

unsigned short free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    die("no free port");
  }
  close(fd);
  return ntohs(address.sin_port);
}

std::string text_of(const redisReply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_NIL:
      return "(nil)";
    case REDIS_REPLY_INTEGER:
      return std::to_string(reply.integer);
    case REDIS_REPLY_ARRAY: {
      std::string all;
      for (std::size_t i = 0; i < reply.elements; ++i) all += (i == 0 ? "" : " ") + text_of(*reply.element[i]);
      return all;
    }
    default:
      return {reply.str, static_cast<std::size_t>(reply.len)};
  }
}

using Context = std::unique_ptr<redisContext, decltype(&redisFree)>;

std::unique_ptr<redisReply, void (*)(void*)> ask(redisContext* context, const std::vector<std::string>& words) {
  std::vector<const char*> argv;
  std::vector<std::size_t> sizes;
  for (const std::string& word : words) {
    argv.push_back(word.data());
    sizes.push_back(word.size());
  }
  void* reply = redisCommandArgv(context, static_cast<int>(argv.size()), argv.data(), sizes.data());
  return {static_cast<redisReply*>(reply), freeReplyObject};
}

}  // namespace

RedisServer::RedisServer(std::string password) : password_(std::move(password)) {
  signal(SIGPIPE, SIG_IGN);  // as hearth does: hiredis writes to connections that have ended
  char name[] = "/tmp/hearth-test-redis-XXXXXX";
  if (mkdtemp(name) == nullptr) die("mkdtemp failed");
  directory_ = name;
  start();
}

RedisServer::~RedisServer() {
  stop();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string RedisServer::url() const {
  return "redis+unix://" + (password_.empty() ? "" : ":" + password_ + "@") + socket();
}

std::string RedisServer::tcp_url() const {
  return "redis://" + (password_.empty() ? "" : ":" + password_ + "@") + "127.0.0.1:" + std::to_string(port_);
}

void RedisServer::start() {
  if (port_ == 0) port_ = free_port();
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) die("fork failed");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(0);
    const int out = open((directory_ + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(out, 1);
    dup2(out, 2);
    setpgid(0, 0);  // a terminal's Ctrl-C is for the test
    std::vector<std::string> words{
        "redis-server", "--port", std::to_string(port_), "--bind", "127.0.0.1", "--unixsocket", socket(), "--save", "",
        "--appendonly", "no",     "--daemonize",         "no",     "--dir",     directory_};
    if (!password_.empty()) words.insert(words.end(), {"--requirepass", password_});
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (;;) {
    const Context context(redisConnectUnix(socket().c_str()), redisFree);
    if (context && context->err == 0 && ask(context.get(), {"PING"})) return;
    if (std::chrono::steady_clock::now() > deadline || waitpid(pid_, nullptr, WNOHANG) == pid_) {
      die("redis-server did not start (apt-get install redis-server); see " + directory_ + "/log");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void RedisServer::stop() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void RedisServer::suspend() {
  kill(pid_, SIGSTOP);
  int status = 0;
  waitpid(pid_, &status, WUNTRACED);
}

void RedisServer::resume() { kill(pid_, SIGCONT); }

std::string RedisServer::command(const std::vector<std::string>& words) const {
  const Context context(redisConnectUnix(socket().c_str()), redisFree);
  if (!context || context->err != 0) die("cannot connect to the test's redis-server");
  if (!password_.empty()) ask(context.get(), {"AUTH", password_});
  const auto reply = ask(context.get(), words);
  if (!reply) die(words.front() + ": " + context->errstr);
  return text_of(*reply);
}

}  // namespace hearth::test
