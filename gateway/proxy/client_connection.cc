#include "proxy/client_connection.h"

#include <algorithm>

#include "log/log.h"
#include "proxy/exchange.h"
#include "proxy/proxy_protocol.h"

namespace hearth::proxy {

void ClientConnection::accept(WorkerContext& context, const VirtualHosts& hosts, Fd fd, const SocketAddress& peer,
                              const SocketAddress& local) {
  auto* connection = new ClientConnection(context, hosts, peer, local);  // owns itself, see close()
  if (connection->socket_.adopt(std::move(fd)) != 0) {
    connection->close();
    return;
  }
  ++context.counters.connections_accepted;
  connection->set_deadline(hosts.select({}).settings->client_header_timeout);
  connection->socket_.start_reading();
}

ClientConnection::ClientConnection(WorkerContext& context, const VirtualHosts& hosts, const SocketAddress& peer,
                                   const SocketAddress& local)
    : context_(context), hosts_(hosts), peer_(peer), local_(local), peer_ip_(peer.ip()), socket_(context.loop, this) {
  expects_proxy_header_ = hosts.proxy_protocol;
  context_.connections.insert(this);
  ++context_.counters.connections_open;
}

void ClientConnection::on_read(std::string_view bytes) {
  Dispatch dispatch(*this);
  if (lingering_) {
    lingered_ += bytes.size();
    if (lingered_ > kLingerLimit) close();
    return;
  }
  if (expects_proxy_header_) {
    take_proxy_header(bytes);
  } else if (backlog_.empty()) {
    consume(bytes);
  } else {
    backlog_.append(bytes);
  }
  if (!closed_ && backlog_.size() >= kBacklogLimit) socket_.stop_reading();
}

void ClientConnection::take_proxy_header(std::string_view bytes) {
  backlog_.append(bytes);
  const ProxyHeader header = parse_proxy_header(backlog_);
  if (header.state == ProxyHeader::State::need_more) return;
  if (header.state == ProxyHeader::State::invalid) {
    log::error("client {}: broken PROXY protocol header, closed", peer_ip_);
    close();
    return;
  }
  expects_proxy_header_ = false;
  announced_ = std::make_unique<SocketAddress>(header.source);
  const std::string rest = std::exchange(backlog_, {}).substr(header.size);
  if (!rest.empty()) consume(rest);
}

// Parses as far as the exchange allows; the rest becomes the backlog.
void ClientConnection::consume(std::string_view input) {
  consuming_ = true;
  while (step(input)) {
  }
  consuming_ = false;
  if (closed_ || lingering_) return;  // what is left of a refused request is nobody's
  if (exchange_) exchange_->input_paused();
  backlog_.assign(input);
  if (backlog_.empty() && backlog_.capacity() > 0) std::string().swap(backlog_);
  if (peer_finished_ && backlog_.empty() && exchange_ && !exchange_->done()) exchange_->client_finished_sending();
  if (backlog_.empty() && exchange_) exchange_->splice_request();
}

bool ClientConnection::step(std::string_view& input) {
  if (closed_ || lingering_ || !socket_.is_open()) return false;
  if (exchange_ && exchange_->done()) finish_exchange();
  if (closed_ || lingering_) return false;
  if (!exchange_) {
    if (input.empty() || socket_.queued() > kUnsentLimit) return false;
    exchange_ = context_.take_exchange(*this);
    set_deadline(hosts_.select({}).settings->client_header_timeout);
  }
  return exchange_->wants_input() && exchange_->feed(input);
}

void ClientConnection::input_wanted() {
  Dispatch dispatch(*this);
  if (closed_ || consuming_) return;
  if (!backlog_.empty()) {
    const std::string input = std::move(backlog_);
    backlog_.clear();
    consume(input);
  } else {
    consume({});
  }
  read_on();
}

// While its body is spliced, the exchange says when to read.
void ClientConnection::read_on() {
  if (!closed_ && !peer_finished_ && backlog_.size() < kBacklogLimit && !socket_.reads_raw()) socket_.start_reading();
}

void ClientConnection::settle() {
  if (closed_) return;
  while (!closed_ && exchange_ && exchange_->done()) {
    ++depth_;
    finish_exchange();
    if (!closed_ && !lingering_ && !exchange_ && !backlog_.empty()) {
      const std::string input = std::move(backlog_);
      backlog_.clear();
      consume(input);
    }
    --depth_;
  }
  if (!closed_ && !exchange_ && !lingering_ && peer_finished_ && backlog_.empty()) linger();
  read_on();
}

void ClientConnection::finish_exchange() {
  std::unique_ptr<HttpExchange> finished = std::move(exchange_);
  socket_.read_raw(false);
  const HttpExchange::Ending ending = finished->ending();
  idle_timeout_ = finished->keepalive_timeout();
  send_timeout_ = finished->send_timeout();
  const bool nothing_follows = finished->was_last() && backlog_.empty();
  context_.recycle(std::move(finished));
  ++requests_;
  switch (ending) {
    case HttpExchange::Ending::keep_alive:
      if (peer_finished_ && backlog_.empty()) {
        linger();
      } else {
        await_request();
      }
      return;
    case HttpExchange::Ending::close:
      if (nothing_follows && socket_.queued() == 0) {
        close();
      } else {
        linger();
      }
      return;
    case HttpExchange::Ending::abort:
      if (socket_.is_open()) socket_.abort();  // a FIN could pass for the regular end of the body
      close();
      return;
  }
}

// The client may still be sending: closing now would make the kernel answer with RST, which can overtake the response
// (RFC 9112 9.6). So: FIN, read on for a moment, close.
void ClientConnection::linger() {
  if (peer_finished_ && socket_.queued() == 0) {
    close();
    return;
  }
  lingering_ = true;
  std::string().swap(backlog_);
  socket_.shutdown();
  set_deadline(socket_.queued() > 0 ? send_timeout_ : kLingerTimeout);
  if (!peer_finished_) socket_.start_reading();
}

void ClientConnection::on_end() {
  Dispatch dispatch(*this);
  peer_finished_ = true;
  if (lingering_) {
    if (socket_.queued() == 0) close();
    return;
  }
  if (expects_proxy_header_) return close();
  // A client may half-close after its requests and still wait for the answers; some may not have been parsed yet.
  if (!backlog_.empty()) return;
  if (!exchange_) {
    linger();
  } else if (!exchange_->done()) {
    exchange_->client_finished_sending();
  }
}

void ClientConnection::on_broken(int) {
  Dispatch dispatch(*this);
  if (exchange_ && !exchange_->done()) exchange_->client_gone();
  close();
}

void ClientConnection::on_drained() {
  Dispatch dispatch(*this);
  if (lingering_) {
    if (peer_finished_) {
      close();
    } else {
      set_deadline(kLingerTimeout);
    }
    return;
  }
  if (exchange_) {
    exchange_->client_drained();
    return;
  }
  await_request();
  if (!backlog_.empty()) input_wanted();
}

void ClientConnection::on_readable() {
  Dispatch dispatch(*this);
  if (exchange_ && !exchange_->done() && !lingering_) {
    exchange_->client_readable();
  } else {
    socket_.read_raw(false);
  }
}

void ClientConnection::on_deadline() {
  Dispatch dispatch(*this);
  const std::size_t unsent = socket_.queued();
  if (unsent > 0 && unsent < unsent_) {
    set_deadline(deadline_);
  } else if (exchange_ && !lingering_ && !exchange_->done()) {
    exchange_->deadline_passed();
  } else {
    close();
  }
}

void ClientConnection::abandon() {
  Dispatch dispatch(*this);
  close();
}

Socket ClientConnection::release(std::string& unread) {
  unread = std::move(backlog_);
  backlog_.clear();
  socket_.set_events(nullptr);
  Socket taken = std::move(socket_);
  close();
  return taken;
}

void ClientConnection::drain() {
  Dispatch dispatch(*this);
  if (!exchange_ && !lingering_) await_request();
}

// Between requests: first the last answer must leave, then the next request may take its time, less so while draining.
void ClientConnection::await_request() {
  const Milliseconds idle = context_.draining ? std::min(idle_timeout_, kDrainGrace) : idle_timeout_;
  set_deadline(socket_.queued() > 0 ? send_timeout_ : idle);
}

void ClientConnection::close() {
  if (closed_) return;
  closed_ = true;
  const bool released = !socket_.is_open();  // lives on as a tunnel
  clear_deadline();
  if (socket_.is_open()) {
    socket_.stop_reading();
    socket_.set_events(nullptr);
  }
  if (exchange_) {
    if (!exchange_->done()) exchange_->client_gone();
    context_.recycle(std::move(exchange_));
  }
  context_.connections.erase(this);
  --context_.counters.connections_open;
  context_.loop.defer_delete(std::unique_ptr<ClientConnection>(this));
  if (!released && context_.connection_closed) context_.connection_closed();
}

}  // namespace hearth::proxy
