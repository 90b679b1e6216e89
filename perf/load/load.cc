#include "load.h"

#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "origin.h"

namespace perf {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kOpenTimeout = 30 * kSecond;
constexpr std::size_t kOpenAtOnce = 64;
constexpr std::uint64_t kMostErrors = 100;
constexpr std::size_t kBufferSize = 256 * 1024;

std::string request(const std::string& start, const std::string& more) {
  return start + " HTTP/1.1\r\nHost: perf.test\r\nUser-Agent: perf_load\r\nAccept: */*\r\n" + more + "\r\n";
}

}  // namespace

Load::Load(const LoadOptions& options)
    : options_(options), connections_(options.connections), buffer_(kBufferSize, '\0') {
  const std::string header = options_.header.empty() ? "" : options_.header + "\r\n";
  opening_ = request("GET " + options_.paths.front(), header);
  switch (options_.kind) {
    case Kind::kGet:
      for (const auto& path : options_.paths) {
        requests_.push_back(request("GET " + path, header + (options_.close ? "Connection: close\r\n" : "")));
      }
      break;
    case Kind::kUpload: {
      const std::string length = "Content-Length: " + std::to_string(options_.size) + "\r\n";
      requests_.push_back(request("POST /upload", length));
      file_ = ::memfd_create("body", MFD_CLOEXEC);
      if (file_ < 0 || ::ftruncate(file_, static_cast<off_t>(options_.size)) < 0) die("memfd");
      break;
    }
    case Kind::kEcho:
      opening_ = request("GET /websocket", kUpgradeHeaders);
      requests_.push_back(websocket_frame(options_.size));
      break;
    case Kind::kEvents:
      opening_ = request("GET /events", "");
      break;
  }
}

void Load::open() {
  if (options_.close) return;
  open_more();
  const std::int64_t end = now_ns() + kOpenTimeout;
  while (opened_ < connections_.size()) {
    poll(end);
    if (now_ns() >= end) die(std::to_string(opened_) + " of the connections were opened, no more");
  }
}

void Load::open_more() {
  while (started_ < connections_.size() && started_ - opened_ < kOpenAtOnce) start(connections_[started_++], now_ns());
}

LoadResult Load::run(double seconds) {
  result_ = LoadResult();
  const std::int64_t began = now_ns();
  const std::int64_t end = began + static_cast<std::int64_t>(seconds * kSecond);
  const auto interval = static_cast<std::int64_t>(options_.rate > 0 ? kSecond / options_.rate : 0);
  std::int64_t due = began;
  running_ = true;
  idle_.clear();
  for (auto& each : connections_) {
    if (each.busy || options_.kind == Kind::kEvents) continue;
    interval > 0 ? idle_.push_back(&each) : start(each, began);
  }
  for (std::int64_t now = began; now < end; now = now_ns()) {
    for (; interval > 0 && due <= now && !idle_.empty(); due += interval) {
      Connection* next = idle_.back();
      idle_.pop_back();
      start(*next, due);
    }
    poll(interval > 0 && !idle_.empty() ? std::min(due, end) : end);
  }
  running_ = false;
  return result_;
}

void Load::poll(std::int64_t until) {
  for (const auto& event : poller_.wait(std::max<std::int64_t>(until - now_ns(), 0))) {
    auto& connection = *static_cast<Connection*>(event.data.ptr);
    if ((event.events & EPOLLOUT) != 0) send(connection);
    if (connection.fd >= 0 && (event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) receive(connection);
  }
}

// The opening exchange of a connection that has none yet, else the next measured one.
void Load::start(Connection& connection, std::int64_t due) {
  if (connection.fd < 0) {
    connection.fd = connect_to(options_.port);
    poller_.add(connection.fd, &connection);
    connection.opened = options_.close;
    connection.wants_write = false;
  }
  connection.busy = true;
  connection.due = due;
  if (!connection.opened) {
    const bool upgrades = options_.kind == Kind::kEcho;
    connection.text = opening_;
    connection.answer.expect_response(upgrades ? 101 : 200, upgrades || options_.kind == Kind::kEvents);
  } else {
    connection.text = requests_[next_request_++ % requests_.size()];
    connection.file_left = options_.kind == Kind::kUpload ? options_.size : 0;
    if (options_.kind == Kind::kEcho) {
      connection.answer.expect_bytes(connection.text.size());
    } else {
      connection.answer.expect_response(200, false);
    }
  }
  send(connection);
}

void Load::send(Connection& connection) {
  while (!connection.text.empty()) {
    const int more = connection.file_left > 0 ? MSG_MORE : 0;
    const ssize_t sent = ::send(connection.fd, connection.text.data(), connection.text.size(), MSG_NOSIGNAL | more);
    if (sent < 0 && errno == EAGAIN) break;
    if (sent < 0) return fail(connection, "send");
    connection.text.remove_prefix(static_cast<std::size_t>(sent));
  }
  while (connection.text.empty() && connection.file_left > 0) {
    auto offset = static_cast<off_t>(options_.size - connection.file_left);
    const ssize_t sent = ::sendfile(connection.fd, file_, &offset, connection.file_left);
    if (sent < 0 && errno == EAGAIN) break;
    if (sent <= 0) return fail(connection, "sendfile");
    connection.file_left -= static_cast<std::uint64_t>(sent);
    if (running_) result_.bytes += static_cast<std::uint64_t>(sent);
  }
  const bool blocked = !connection.text.empty() || connection.file_left > 0;
  if (blocked == connection.wants_write) return;
  connection.wants_write = blocked;
  poller_.change(connection.fd, &connection, EPOLLIN | (blocked ? EPOLLOUT : 0U));
}

void Load::receive(Connection& connection) {
  // Of a large body all but the end is thrown away in the kernel: it is the proxy that is measured.
  if (const std::uint64_t left = connection.answer.left(); left > buffer_.size()) {
    const ssize_t got = ::recv(connection.fd, nullptr, left - 1, MSG_TRUNC);
    if (got <= 0 && errno != EAGAIN) return fail(connection, "the answer ended early");
    if (got <= 0) return;
    connection.answer.skip(static_cast<std::uint64_t>(got));
    if (running_) result_.bytes += static_cast<std::uint64_t>(got);
    return;
  }
  const ssize_t got = ::recv(connection.fd, buffer_.data(), buffer_.size(), 0);
  if (got > 0) return take(connection, std::string_view(buffer_).substr(0, static_cast<std::size_t>(got)));
  if (got < 0 && errno == EAGAIN) return;
  if (got == 0 && options_.close && connection.answer.whole()) return complete(connection);
  fail(connection, got == 0 ? "closed" : "recv");
}

void Load::take(Connection& connection, std::string_view bytes) {
  if (running_) result_.bytes += bytes.size();
  if (connection.opened && options_.kind == Kind::kEvents) {
    if (running_) result_.units += static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), kEventMark));
    return;
  }
  if (!connection.busy || !connection.answer.feed(bytes)) {
    errno = 0;
    return fail(connection, "not the answer that was expected: " + std::string(bytes.substr(0, 600)));
  }
  if (connection.answer.whole() && !options_.close) complete(connection);
}

void Load::complete(Connection& connection) {
  connection.busy = false;
  if (options_.close) close(connection);
  if (!connection.opened && !options_.close) {
    connection.opened = true;
    if (!running_) {
      ++opened_;
      return open_more();
    }
  } else if (running_) {
    ++result_.units;
    result_.latency.add(now_ns() - connection.due);
  }
  if (!running_ || options_.kind == Kind::kEvents) return;
  options_.rate > 0 ? idle_.push_back(&connection) : start(connection, now_ns());
}

void Load::fail(Connection& connection, const std::string& why) {
  if (++result_.errors > kMostErrors || !running_) die("connection: " + why);
  close(connection);
  connection.busy = false;
  start(connection, now_ns());
}

void Load::close(Connection& connection) {
  ::close(connection.fd);
  connection.fd = -1;
}

}  // namespace perf
