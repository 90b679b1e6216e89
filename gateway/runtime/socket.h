// Socket: one connected stream socket (TCP or unix) on a loop, for the data path.
//
// Reads go into the loop's shared buffer, so an idle socket owns no memory beyond its handle. Writes are tried at once;
// only what the kernel does not take is copied and queued. There is no limit on the queue here: the caller stops
// reading from the other side while queued() is over its own limit.
//
// Thread: the loop's. Owner: whoever created it; destroying it closes the connection without further callbacks, and is
// allowed inside any callback.
#pragma once

#include <sys/uio.h>
#include <uv.h>

#include <memory>
#include <span>
#include <string_view>

#include "base/fd.h"
#include "runtime/address.h"
#include "runtime/loop.h"

namespace hearth {

class Socket {
 public:
  // Status values are libuv error numbers: 0 or negative errno.
  class Events {
   public:
    virtual void on_connected(int status) = 0;
    // `bytes` are valid inside this call only.
    virtual void on_read(std::string_view bytes) = 0;
    virtual void on_end() = 0;               // the peer sent FIN; writing is still possible
    virtual void on_broken(int status) = 0;  // read or queued write failed; nothing more comes
    virtual void on_drained() = 0;           // the write queue has become empty
    virtual void on_readable() {}            // instead of on_read(), while reading raw

   protected:
    ~Events() = default;
  };

  explicit Socket(Loop& loop, Events* events = nullptr);
  ~Socket();
  Socket(Socket&& other) noexcept : state_(other.state_) { other.state_ = nullptr; }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  void set_events(Events* events) {
    if (state_ != nullptr) state_->events = events;
  }

  int adopt(Fd fd);                         // an accepted, non-blocking socket
  void connect(const SocketAddress& peer);  // answers by on_connected, never from inside this call

  void start_reading();
  void stop_reading();
  bool reading() const { return state_->reading; }
  // While on, nothing is read: on_readable() says that there is something, again and again until somebody has taken it
  // from fd(). The end and errors are found there too. Changing it costs nothing; it does not start the reading.
  void read_raw(bool on) { state_->raw = on; }
  bool reads_raw() const { return state_->raw; }
  void limit_reads(std::size_t most) { state_->most = most; }  // bytes in one on_read(); 0 = as many as there are

  // 0, or the error: then nothing more can be written.
  int write(std::span<const iovec> parts);
  int write(std::string_view bytes);
  std::size_t queued() const;  // bytes accepted by write() that the kernel has not taken

  void shutdown();  // FIN once the queue is empty
  void abort();     // RST instead of FIN when closed

  int fd() const;
  bool is_open() const { return state_ != nullptr && state_->open; }

 private:
  struct State {
    union {
      uv_handle_t handle;
      uv_stream_t stream;
      uv_tcp_t tcp;
    };
    Loop* loop = nullptr;
    Events* events = nullptr;
    std::size_t most = 0;
    bool reading = false;
    bool raw = false;
    bool open = false;
    bool closing = false;
    State() {}
  };
  struct PendingWrite;

  State* state_;
};

}  // namespace hearth
