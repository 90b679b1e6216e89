// Who the client is, whether it may ask now, and how fast it is answered.
#include <algorithm>

#include "log/log.h"
#include "proxy/exchange.h"
#include "proxy/real_ip.h"

namespace hearth::proxy {

namespace {
// What limit_rate lets go ahead of time, so that there are not more pauses than these.
constexpr std::uint64_t kStepMs = 100;
constexpr std::uint64_t kLeastStep = 1024;
constexpr std::uint64_t kMostStep = 128 * 1024;
}  // namespace

void HttpExchange::identify_client() {
  if (settings().real_ip.trusted.empty() || client_) return;
  client_ = real_client(settings().real_ip, connection_->peer(), connection_->announced(), head().headers);
  if (client_) client_ip_ = client_->ip();
}

const SocketAddress& HttpExchange::client_address() const { return client_ ? *client_ : connection_->peer(); }

std::string_view HttpExchange::client_ip() const { return client_ ? client_ip_ : connection_->peer_ip(); }

// limit_conn and limit_req. False: it was refused, or it waits and goes on by itself.
bool HttpExchange::admit() {
  for (const CompiledLimitConn& limit : location_->limit_conns) {
    const std::string key = expand(limit.key);
    if (key.empty()) continue;
    auto ticket = limit.zone->enter(key, limit.settings->most);
    if (!ticket) {
      log::warn("client {}: limit_conn refuses {} {}: {} under way in zone {}", client_ip(), head().method_text,
                head().target, limit.settings->most, limit.settings->zone);
      fail(settings().limit_conn_status);
      return false;
    }
    tickets_.push_back(std::move(*ticket));
  }
  if (location_->limit_reqs.empty()) return true;
  const std::uint64_t now = context_.loop.now_ms();
  Milliseconds wait{0};
  for (const bool charge : {false, true}) {  // what one limit refuses costs nothing in the others
    for (const CompiledLimitReq& limit : location_->limit_reqs) {
      const std::string key = expand(limit.key);
      if (key.empty()) continue;
      const auto turn = limit.zone->admit(key, now, *limit.settings, charge);
      if (!turn) {
        log::warn("client {}: limit_req refuses {} {}: too many in zone {}", client_ip(), head().method_text,
                  head().target, limit.settings->zone);
        fail(settings().limit_req_status);
        return false;
      }
      if (charge) wait = std::max(wait, *turn);
    }
  }
  if (wait.count() == 0) return true;
  state_ = State::waiting;
  pause(wait, &HttpExchange::dispatch);
  return false;
}

// No deadline runs meanwhile: it is we who wait.
void HttpExchange::pause(Milliseconds wait, void (HttpExchange::*then)()) {
  if (!pause_) pause_ = std::make_unique<Timer>(context_.loop);
  connection_->no_deadline();
  pause_->start(wait, [this, then] {
    ClientConnection::Dispatch dispatch(*connection_);
    (this->*then)();
  });
}

std::size_t HttpExchange::rate_step() const {
  const std::uint64_t rate = settings().limit_rate;
  return rate == 0 ? 0 : static_cast<std::size_t>(std::clamp(rate * kStepMs / 1000, kLeastStep, kMostStep));
}

// True: limit_rate lets nothing more go now; `then` is called when it does.
bool HttpExchange::ahead_of_rate(void (HttpExchange::*then)()) {
  const std::uint64_t rate = settings().limit_rate;
  if (rate == 0) return false;
  const std::uint64_t now = uv_hrtime();
  if (body_started_ns_ == 0) body_started_ns_ = now;
  const std::uint64_t elapsed_ms = (now - body_started_ns_) / 1000000;
  const std::uint64_t allowed = settings().limit_rate_after + rate * (elapsed_ms + kStepMs) / 1000;
  if (response_body_bytes_ <= allowed) return false;
  pause(Milliseconds((response_body_bytes_ - allowed) * 1000 / rate + 1), then);
  return true;
}

void HttpExchange::continue_response() {
  if (state_ != State::proxying || !upstream_) return;
  if (connection_->socket().queued() == 0) upstream_->socket().start_reading();
  set_deadline();
}

}  // namespace hearth::proxy
