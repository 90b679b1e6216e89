#include "support/scripted_server.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace hearth::test {

namespace {
[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::abort();
}
}  // namespace

std::string ScriptedPeer::read_until(std::string_view mark) {
  for (;;) {
    if (const std::size_t at = buffer_.find(mark); at != std::string::npos) return read_exactly(at + mark.size());
    char bytes[4096];
    const ssize_t n = recv(fd_, bytes, sizeof bytes, 0);
    if (n <= 0) return std::exchange(buffer_, {});
    buffer_.append(bytes, static_cast<std::size_t>(n));
  }
}

std::string ScriptedPeer::read_exactly(std::size_t size) {
  while (buffer_.size() < size) {
    char bytes[4096];
    const ssize_t n = recv(fd_, bytes, sizeof bytes, 0);
    if (n <= 0) return std::exchange(buffer_, {});
    buffer_.append(bytes, static_cast<std::size_t>(n));
  }
  std::string text = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return text;
}

bool ScriptedPeer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool ScriptedPeer::wait_for_close() {
  char bytes[4096];
  while (recv(fd_, bytes, sizeof bytes, 0) > 0) {
  }
  return true;
}

void ScriptedPeer::finish_sending() { shutdown(fd_, SHUT_WR); }

void ScriptedPeer::reset() {
  const linger at_once{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

void ScriptedPeer::close() {
  if (const int fd = fd_.exchange(-1); fd >= 0) ::close(fd);
}

ScriptedServer::ScriptedServer(Script script)
    : script_(std::move(script)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) die("bind");
  if (listen(listener_.get(), 128) != 0) die("listen");
  if (getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) die("getsockname");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_loop(); });
}

ScriptedServer::ScriptedServer(std::string unix_path, Script script)
    : script_(std::move(script)),
      listener_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      unix_path_(std::move(unix_path)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (unix_path_.size() >= sizeof address.sun_path) die("unix path too long");
  std::memcpy(address.sun_path, unix_path_.c_str(), unix_path_.size() + 1);
  unlink(unix_path_.c_str());
  if (bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("bind");
  if (listen(listener_.get(), 128) != 0) die("listen");
  acceptor_ = std::thread([this] { accept_loop(); });
}

ScriptedServer::~ScriptedServer() {
  stopping_ = true;
  shutdown(listener_.get(), SHUT_RDWR);  // ends accept()
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (ScriptedPeer& peer : peers_) shutdown(peer.fd_, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  if (!unix_path_.empty()) unlink(unix_path_.c_str());
}

std::string ScriptedServer::url(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
}

void ScriptedServer::accept_loop() {
  while (!stopping_) {
    const int fd = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) {
      if (stopping_ || errno == EINVAL) return;
      continue;
    }
    ++accepted_;
    const std::lock_guard lock(mutex_);
    ScriptedPeer& peer = peers_.emplace_back(fd);
    threads_.emplace_back([this, &peer] {
      script_(peer);
      peer.close();
    });
  }
}

}  // namespace hearth::test
