#include "support/gateway/raw_client.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>

#include "base/strings.h"

namespace hearth::test {

std::vector<std::string> Response::all(std::string_view name) const {
  std::vector<std::string> values;
  for (std::string_view line : split(head, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !iequals(line.substr(0, colon), name)) continue;
    line = line.substr(colon + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    values.emplace_back(trim(line));
  }
  return values;
}

std::string Response::header(std::string_view name) const {
  const auto values = all(name);
  return values.empty() ? std::string() : values.front();
}

RawClient::RawClient(std::uint16_t port, int receive_buffer) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer > 0) ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << "errno " << errno;
  const int on = 1;
  ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

RawClient& RawClient::send(std::string_view bytes) {
  const std::size_t sent = send_some(bytes, patience_);
  EXPECT_EQ(sent, bytes.size()) << "errno " << errno;
  return *this;
}

std::size_t RawClient::send_some(std::string_view bytes, Milliseconds patience) {
  const std::size_t all = bytes.size();
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (errno != EAGAIN) break;
    pollfd waiting{fd_.get(), POLLOUT, 0};
    if (::poll(&waiting, 1, static_cast<int>(patience.count())) <= 0) break;
  }
  return all - bytes.size();
}

bool RawClient::readable(Milliseconds patience) {
  pollfd waiting{fd_.get(), POLLIN, 0};
  return !buffer_.empty() || ::poll(&waiting, 1, static_cast<int>(patience.count())) > 0;
}

bool RawClient::fill() {
  if (end_ != End::none) return false;
  pollfd waiting{fd_.get(), POLLIN, 0};
  if (::poll(&waiting, 1, static_cast<int>(patience_.count())) <= 0) return false;
  char bytes[16384];
  const ssize_t n = ::recv(fd_.get(), bytes, sizeof bytes, 0);
  if (n > 0) {
    buffer_.append(bytes, static_cast<std::size_t>(n));
    return true;
  }
  end_ = n == 0 ? End::fin : End::reset;
  return false;
}

std::string RawClient::read_until(std::string_view mark) {
  std::size_t from = 0;
  for (;;) {
    const std::size_t at = buffer_.find(mark, from);
    if (at != std::string::npos) return read_exactly(at + mark.size());
    from = buffer_.size() < mark.size() ? 0 : buffer_.size() - mark.size();
    if (!fill()) return std::exchange(buffer_, {});
  }
}

std::string RawClient::read_exactly(std::size_t size) {
  while (buffer_.size() < size && fill()) {
  }
  std::string text = buffer_.substr(0, size);
  buffer_.erase(0, text.size());
  return text;
}

Response RawClient::response(std::string_view method) {
  Response out;
  out.head = read_until("\r\n\r\n");
  if (!out.head.ends_with("\r\n\r\n") || out.head.size() < 12) return out;
  out.status = std::atoi(out.head.c_str() + 9);
  out.complete = true;
  if (method == "HEAD" || out.status < 200 || out.status == 204 || out.status == 304) return out;
  const std::string length = out.header("Content-Length");
  out.chunked = iequals(out.header("Transfer-Encoding"), "chunked");
  if (out.chunked) {
    for (;;) {
      const std::string line = read_until("\r\n");
      out.complete = line.ends_with("\r\n");
      const std::size_t size = std::strtoul(line.c_str(), nullptr, 16);
      if (!out.complete || size == 0) break;
      out.body += read_exactly(size);
      if (read_exactly(2) != "\r\n") {
        out.complete = false;
        return out;
      }
    }
    for (std::string line; out.complete && (line = read_until("\r\n")) != "\r\n"; out.trailers += line) {
      out.complete = line.ends_with("\r\n");
    }
  } else if (!length.empty()) {
    out.body = read_exactly(std::strtoul(length.c_str(), nullptr, 10));
    out.complete = std::to_string(out.body.size()) == length;
  } else {
    out.complete = read_to_end(&out.body) == End::fin;
  }
  return out;
}

RawClient::End RawClient::read_to_end(std::string* rest) {
  while (fill()) {
  }
  if (rest != nullptr) *rest = std::exchange(buffer_, {});
  return end_;
}

void RawClient::half_close() { ::shutdown(fd_.get(), SHUT_WR); }

void RawClient::reset() {
  const linger hard{1, 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  fd_.reset();
}

std::uint16_t RawClient::local_port() const {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

Response fetch(std::uint16_t port, std::string_view request, std::string_view method) {
  RawClient client(port);
  client.send(request);
  return client.response(method);
}

Response get(std::uint16_t port, std::string_view path, std::string_view more_headers) {
  return fetch(port, "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(more_headers) + "\r\n");
}

}  // namespace hearth::test
