// RawClient: a client that sends exactly the bytes it is told to and looks at exactly what comes back.
//
// Blocking, with a deadline on every call (10 s unless set), so that a broken server fails a test and does not hang it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"

namespace hearth::test {

struct Response {
  int status = 0;
  std::string head;      // with the final empty line
  std::string body;      // decoded when it came chunked
  std::string trailers;  // as sent, without the last empty line
  bool complete = false;
  bool chunked = false;

  std::string header(std::string_view name) const;  // first of that name, or empty
  std::vector<std::string> all(std::string_view name) const;
};

class RawClient {
 public:
  enum class End { none, fin, reset };  // none: still open when the time was up

  explicit RawClient(std::uint16_t port, int receive_buffer = 0);

  RawClient& send(std::string_view bytes);  // everything, or a test failure
  // Sends what can be sent within `patience`; how much that was.
  std::size_t send_some(std::string_view bytes, Milliseconds patience);
  // Up to and including `mark`; what had come when the connection or the time ended first.
  std::string read_until(std::string_view mark);
  std::string read_exactly(std::size_t size);
  // One whole response. `method` decides whether it has a body.
  Response response(std::string_view method = "GET");
  // Reads the rest; how the other side ended it.
  End read_to_end(std::string* rest = nullptr);
  bool readable(Milliseconds patience);  // bytes or an end within that time

  void half_close();
  void reset();  // closes with RST
  void close() { fd_.reset(); }
  int fd() const { return fd_.get(); }
  std::uint16_t local_port() const;
  void set_patience(Milliseconds patience) { patience_ = patience; }

 private:
  bool fill();  // one more read into buffer_; false at the end or when time is up

  Fd fd_;
  std::string buffer_;
  End end_ = End::none;
  Milliseconds patience_{10000};
};

// One request on a connection of its own.
Response fetch(std::uint16_t port, std::string_view request, std::string_view method = "GET");
Response get(std::uint16_t port, std::string_view path, std::string_view more_headers = {});

}  // namespace hearth::test
