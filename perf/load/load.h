// A number of connections that do one thing each, and what came of it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "exchange.h"
#include "socket.h"

namespace perf {

enum class Kind { kGet, kUpload, kEcho, kEvents };

struct LoadOptions {
  Kind kind = Kind::kGet;
  std::uint16_t port = 0;
  bool any_address = false;  // of an origin, which is on the loopback device otherwise
  std::size_t connections = 1;
  std::vector<std::string> paths = {"/small"};  // of kGet, in turn
  std::string header;                           // "Name: value", of every request
  bool close = false;                           // kGet: a new connection for each request
  double rate = 0;         // kGet: requests per second, counted from when they were due; 0: as fast as answers come
  std::uint64_t size = 0;  // of an upload, or of an echoed message
};

struct LoadResult {
  std::uint64_t units = 0;  // answers, echoes, events
  std::uint64_t bytes = 0;  // of bodies, in the direction that is measured
  std::uint64_t errors = 0;
  Histogram latency;
};

class Load {
 public:
  explicit Load(const LoadOptions& options);

  // Opens all connections, at most 64 at the same time, each through a first exchange.
  void open();
  // Exits the program after too many errors; fewer are counted.
  LoadResult run(double seconds);

 private:
  struct Connection {
    int fd = -1;
    bool opened = false;  // its first exchange is over
    bool busy = false;
    bool wants_write = false;
    std::string_view text;        // still to send
    std::uint64_t file_left = 0;  // and then so much of file_
    std::int64_t due = 0;
    Answer answer;
  };

  void poll(std::int64_t until);
  void start(Connection& connection, std::int64_t due);
  void send(Connection& connection);
  void receive(Connection& connection);
  void take(Connection& connection, std::string_view bytes);
  void complete(Connection& connection);
  void fail(Connection& connection, const std::string& why);
  void close(Connection& connection);
  void open_more();

  LoadOptions options_;
  Poller poller_;
  std::deque<Connection> connections_;
  std::vector<Connection*> idle_;  // with a rate
  std::vector<std::string> requests_;
  std::string opening_;
  int file_ = -1;
  std::size_t next_request_ = 0;
  std::size_t started_ = 0;  // of the opening
  std::size_t opened_ = 0;
  bool running_ = false;
  LoadResult result_;
  std::string buffer_;
};

}  // namespace perf
