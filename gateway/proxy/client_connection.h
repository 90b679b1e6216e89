// ClientConnection: one client's socket; carries one exchange after another.
//
// Bytes are parsed as they come; what may not be parsed yet (a body the upstream cannot take, pipelined requests) waits
// in a bounded backlog, and reading stops when that is full. Between requests it owns no buffer and no exchange.
//
// Owner: itself; it deletes itself through the loop when closed. Thread: the worker's.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "proxy/worker_context.h"
#include "runtime/address.h"
#include "runtime/deadline_wheel.h"
#include "runtime/socket.h"

namespace hearth::proxy {

class ClientConnection final : private Socket::Events, private DeadlineWheel::Entry {
 public:
  static void accept(WorkerContext& context, const VirtualHosts& hosts, Fd fd, const SocketAddress& peer,
                     const SocketAddress& local);

  // Everything that enters from outside and may end an exchange happens inside a Dispatch: what ended is cleared away
  // when the outermost one closes, so that nothing disappears under the code that runs.
  class Dispatch {
   public:
    explicit Dispatch(ClientConnection& connection) : connection_(connection) { ++connection_.depth_; }
    ~Dispatch() {
      if (--connection_.depth_ == 0) connection_.settle();
    }
    Dispatch(const Dispatch&) = delete;
    Dispatch& operator=(const Dispatch&) = delete;

   private:
    ClientConnection& connection_;
  };

  WorkerContext& context() { return context_; }
  const VirtualHosts& hosts() const { return hosts_; }
  const SocketAddress& peer() const { return peer_; }
  const SocketAddress& local() const { return local_; }
  std::string_view peer_ip() const { return peer_ip_; }
  // What its PROXY protocol header says; null when it has none, empty when that speaks for nobody.
  const SocketAddress* announced() const { return announced_.get(); }
  Socket& socket() { return socket_; }
  bool peer_finished() const { return peer_finished_; }  // its FIN has come: no further request
  std::uint64_t requests() const { return requests_; }

  // A client that takes queued bytes, however slowly, has its deadline renewed.
  void set_deadline(Milliseconds after) {
    deadline_ = after;
    unsent_ = socket_.queued();
    context_.wheel.set(*this, after);
  }
  void no_deadline() { clear_deadline(); }

  void input_wanted();  // the exchange can take input again: parse the backlog, read on
  void abandon();       // close at once: the answer cannot be completed (ends the connection visibly for the client)
  // The connection becomes a tunnel: its socket and unread bytes are handed over, it deletes itself.
  Socket release(std::string& unread);
  // The next answer is the last; without a request it closes after a moment, as one may be on its way.
  void drain();

 private:
  // Input kept while an exchange cannot take it. One read more than this may be held.
  static constexpr std::size_t kBacklogLimit = 64 * 1024;
  // No further request is begun while more than this waits for the client to read it.
  static constexpr std::size_t kUnsentLimit = 64 * 1024;
  static constexpr Milliseconds kLingerTimeout{5000};
  static constexpr Milliseconds kDrainGrace{1000};
  static constexpr std::size_t kLingerLimit = 1 << 20;

  ClientConnection(WorkerContext& context, const VirtualHosts& hosts, const SocketAddress& peer,
                   const SocketAddress& local);

  void on_connected(int) override {}
  void on_read(std::string_view bytes) override;
  void on_end() override;
  void on_broken(int status) override;
  void on_drained() override;
  void on_readable() override;
  void on_deadline() override;

  void take_proxy_header(std::string_view bytes);
  void consume(std::string_view input);
  bool step(std::string_view& input);  // one parser event; false when no more can be done with what there is
  void settle();
  void read_on();
  void finish_exchange();
  void linger();
  void await_request();
  void close();

  friend class Dispatch;

  WorkerContext& context_;
  const VirtualHosts& hosts_;
  SocketAddress peer_;
  const SocketAddress& local_;
  std::string peer_ip_;
  std::unique_ptr<SocketAddress> announced_;
  Socket socket_;
  std::unique_ptr<HttpExchange> exchange_;
  std::string backlog_;
  std::uint64_t requests_ = 0;
  std::size_t lingered_ = 0;
  std::size_t unsent_ = 0;  // when the deadline was set
  Milliseconds deadline_{0};
  Milliseconds send_timeout_{60000};
  Milliseconds idle_timeout_{75000};
  int depth_ = 0;
  bool expects_proxy_header_ = false;
  bool consuming_ = false;
  bool peer_finished_ = false;
  bool lingering_ = false;
  bool closed_ = false;
};

}  // namespace hearth::proxy
