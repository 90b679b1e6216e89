// ScriptedServer: a listening socket whose side of each conversation the test writes out, byte by byte.
//
// Each accepted connection is handed to `script` on a thread of its own, one connection after another or side by side.
// The destructor closes the listener and every connection and joins the threads, so a script may simply block.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/fd.h"

namespace hearth::test {

// One accepted connection. Every call ends when the server is destroyed.
class ScriptedPeer {
 public:
  explicit ScriptedPeer(int fd) : fd_(fd) {}
  // Bytes up to and including `mark`; what was read when the other side closed first.
  std::string read_until(std::string_view mark);
  std::string read_head() { return read_until("\r\n\r\n"); }
  std::string read_exactly(std::size_t size);
  bool send(std::string_view bytes);  // false when the other side is gone
  bool wait_for_close();              // true on end of file or reset
  void finish_sending();              // FIN; reading goes on
  void reset();                       // closes with RST on TCP
  void close();

 private:
  friend class ScriptedServer;
  std::atomic<int> fd_;
  std::string buffer_;
};

class ScriptedServer {
 public:
  using Script = std::function<void(ScriptedPeer&)>;

  explicit ScriptedServer(Script script);  // 127.0.0.1, a free port
  ScriptedServer(std::string unix_path, Script script);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  unsigned short port() const { return port_; }
  std::string url(std::string_view path = "/") const;  // "http://127.0.0.1:<port><path>"
  int accepted() const { return accepted_; }

 private:
  void accept_loop();

  Script script_;
  Fd listener_;
  unsigned short port_ = 0;
  std::string unix_path_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> accepted_{0};
  std::mutex mutex_;
  std::list<ScriptedPeer> peers_;     // guarded by mutex_
  std::vector<std::thread> threads_;  // guarded by mutex_
  std::thread acceptor_;
};

}  // namespace hearth::test
