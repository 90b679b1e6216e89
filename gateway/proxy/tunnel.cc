#include "proxy/tunnel.h"

namespace hearth::proxy {

Tunnel::Tunnel(Loop& loop, DeadlineWheel& wheel, Socket client, Socket upstream, Milliseconds idle_timeout, Ended ended)
    : loop_(loop),
      wheel_(wheel),
      idle_timeout_(idle_timeout),
      client_(*this, std::move(client), EndedBy::client),
      upstream_(*this, std::move(upstream), EndedBy::upstream),
      ended_(std::move(ended)) {
  client_.socket.set_events(&client_);
  upstream_.socket.set_events(&upstream_);
}

void Tunnel::start(std::string_view early_to_upstream, std::string_view early_to_client) {
  touch();
  client_.socket.start_reading();
  upstream_.socket.start_reading();
  if (!early_to_upstream.empty()) relay(client_, early_to_upstream);
  if (!closed_ && !early_to_client.empty()) relay(upstream_, early_to_client);
}

void Tunnel::touch() {
  wheel_.set(*this, client_.ended || upstream_.ended ? std::min(idle_timeout_, kHalfOpenLimit) : idle_timeout_);
}

void Tunnel::relay(Side& from, std::string_view bytes) {
  Side& to = other(from);
  from.received += bytes.size();
  touch();
  if (to.socket.write(bytes) != 0) {
    close(to.who);
    return;
  }
  if (to.socket.queued() > kHighWater) from.socket.stop_reading();
  if (bytes.size() == Loop::kReadBufferSize) from.socket.read_raw(true);
}

void Tunnel::splice(Side& from) {
  Side& to = other(from);
  if (to.socket.queued() > 0 || from.stream.holding()) {
    from.socket.stop_reading();  // until drained()
    return;
  }
  const auto outcome = loop_.splice_pipes().move(from.socket, to.socket, UINT64_MAX, from.stream);
  from.received += outcome.bytes;
  if (outcome.bytes < kSpliceFrom) from.socket.read_raw(false);
  moved(from, outcome);
}

void Tunnel::moved(Side& from, const SplicePipes::Moved& outcome) {
  Side& to = other(from);
  touch();
  if (outcome.sink_error != 0) return close(to.who);
  // Nothing can be told apart here any more: the end and errors were taken from the socket.
  if (outcome.source_error != 0) return close(from.who);
  if (outcome.end) {
    from.socket.stop_reading();
    half_close(from);
  } else if (to.socket.queued() > 0 || from.stream.holding()) {
    from.socket.stop_reading();
  }
}

void Tunnel::drained(Side& to) {
  Side& from = other(to);
  touch();
  if (from.stream.holding()) {
    moved(from, loop_.splice_pipes().resume(to.socket, from.stream));
    if (closed_ || from.stream.holding() || to.socket.queued() > 0) return;
  }
  if (!from.ended) from.socket.start_reading();
  close_if_done(from);
}

void Tunnel::half_close(Side& from) {
  from.ended = true;
  other(from).socket.shutdown();  // after what is queued
  touch();
  close_if_done(from);
}

void Tunnel::close_if_done(Side& last) {
  if (!client_.ended || !upstream_.ended) return;
  if (client_.socket.queued() == 0 && upstream_.socket.queued() == 0) close(last.who);
}

void Tunnel::on_deadline() { close(EndedBy::us); }

void Tunnel::close(EndedBy who) {
  if (closed_) return;
  closed_ = true;
  clear_deadline();
  client_.socket.set_events(nullptr);
  upstream_.socket.set_events(nullptr);
  client_.socket.stop_reading();
  upstream_.socket.stop_reading();
  ended_(TunnelOutcome{upstream_.received, client_.received, who});
}

}  // namespace hearth::proxy
