// The upstream side of an exchange.
#include <optional>

#include "base/strings.h"
#include "http/cookie.h"
#include "http/uri.h"
#include "http/websocket.h"
#include "log/log.h"
#include "proxy/exchange.h"
#include "proxy/exchange_log.h"
#include "proxy/proxy_protocol.h"

namespace hearth::proxy {

namespace {

// RFC 9110 7.6.2: how often an OPTIONS may still be forwarded; empty: not this field, or no number.
std::optional<std::uint32_t> forwards_left(const http::RequestHead& head, const http::Header& field) {
  if (head.method != http::Method::options || !iequals(field.name, "Max-Forwards")) return std::nullopt;
  return parse_decimal<std::uint32_t>(field.value);
}

// What the client sent that must not reach the upstream, or must reach it changed.
class RequestFilter final : public http::FieldFilter {
 public:
  RequestFilter(const http::RequestHead& head, const Location& location, const std::string& hidden_cookie)
      : head_(head), location_(location), hidden_cookie_(hidden_cookie) {}

  bool pass(const http::Header& field, std::string_view& value) override {
    if (field.id == http::KnownHeader::x_request_id) return false;  // ours is written
    for (const CompiledHeader& set : location_.proxy_set_headers) {
      if (field.foldable ? http::is_same_folded(set.name, field.name) : iequals(set.name, field.name)) return false;
    }
    if (const auto left = forwards_left(head_, field)) value = format_forwards(*left - 1);
    if (field.id == http::KnownHeader::cookie && !hidden_cookie_.empty() &&
        http::has_cookie(field.value, hidden_cookie_)) {
      const std::size_t start = cookies_.size();
      cookies_.reserve(kMaxCookieBytes);  // earlier views into it must not move
      if (start + field.value.size() > kMaxCookieBytes) return false;
      http::remove_cookie(field.value, hidden_cookie_, cookies_);
      value = std::string_view(cookies_).substr(start);
      return !value.empty();
    }
    return true;
  }

 private:
  std::string_view format_forwards(std::uint32_t left) {
    forwards_ = std::to_string(left);
    return forwards_;
  }

  static constexpr std::size_t kMaxCookieBytes = 64 * 1024;  // a whole head is no larger
  const http::RequestHead& head_;
  const Location& location_;
  const std::string& hidden_cookie_;
  std::string cookies_;
  std::string forwards_;
};

class ResponseFilter final : public http::FieldFilter {
 public:
  explicit ResponseFilter(const config::LocationSettings& settings) : settings_(settings) {}
  bool pass(const http::Header& field, std::string_view&) override {
    for (const std::string& hidden : settings_.proxy_hide_headers) {
      if (iequals(hidden, field.name)) return false;
    }
    return true;
  }

 private:
  const config::LocationSettings& settings_;
};

}  // namespace

// --- choosing and reaching the upstream ---

void HttpExchange::start_proxy_pass() {
  if (head().method == http::Method::options) {
    const http::Header* left = head().headers.find("Max-Forwards");
    if (left != nullptr && forwards_left(head(), *left) == 0u) return send_reply(204, {}, {});
  }
  const config::ProxyPass& pass = *settings().proxy_pass;
  if (pass.uri && !off_location_) {  // the matched prefix is replaced, in the normalized path, as nginx does
    upstream_target_ = *pass.uri;
    http::append_escaped_path(upstream_target_, path_.substr(std::min(settings().path.size(), path_.size())));
    const http::Target target = http::split_target(current_target());
    if (target.has_query) upstream_target_.append("?").append(target.query);
  } else {
    upstream_target_.assign(current_target());
  }
  upstream_host_ = pass.host;
  upstream_keepalive_ = location_->keepalive;
  servers_tried_ = 0;
  if (pick_server()) {
    begin_upstream();
  } else {
    fail(502);
  }
}

bool HttpExchange::pick_server() {
  server_index_ = location_->balancer->pick(context_.loop.now_ms(), servers_tried_);
  if (server_index_ < 0) return false;
  if (server_index_ < 64) servers_tried_ |= 1ull << server_index_;
  upstream_address_ = settings().proxy_pass->upstream->servers[static_cast<std::size_t>(server_index_)].address;
  return true;
}

void HttpExchange::begin_upstream() {
  upstream_started_ns_ = uv_hrtime();
  response_parser_.begin({head().method == http::Method::head, head().upgrade_websocket});
  // A connection that begins with a PROXY header speaks for one client only.
  const bool fresh = retried_ || settings().proxy_protocol != 0;
  upstream_ = fresh ? nullptr : context_.upstreams.take(upstream_address_, *this);
  if (upstream_) {
    ++context_.counters.upstream_reuses;
    upstream_ready();
    return;
  }
  ++context_.counters.upstream_connects;
  state_ = State::connecting;
  connection_->set_deadline(settings().proxy_connect_timeout);
  upstream_ = context_.upstreams.connect(upstream_address_, *this);
}

void HttpExchange::upstream_ready() {
  state_ = State::proxying;
  // What is read with the head of a large body cannot be spliced any more.
  upstream_->socket().limit_reads(settings().limit_rate != 0 ? rate_step() : kFirstRead);
  if (const int version = settings().proxy_protocol; version != 0)
    append_proxy_header(to_upstream_.text(), version, client_address(), connection_->local());
  write_upstream_head();
  if (request_complete_) flush_upstream();  // else the head leaves together with the first bytes of the body
  if (state_ != State::proxying) return;
  set_deadline();
  if (!request_complete_) connection_->input_wanted();
}

void HttpExchange::write_upstream_head() {
  RequestFilter filter(head(), *location_, hidden_cookie_);
  std::array<http::Field, 5> fixed{{{"X-Request-Id", {request_id_.data(), request_id_.size()}},
                                    {"X-Forwarded-For", client_ip()},
                                    {"X-Forwarded-Proto", "http"}}};
  std::size_t count = 3;
  if (!head().host.empty()) fixed[count++] = {"X-Forwarded-Host", head().host};  // empty only in HTTP/1.0
  if (!forwarded_prefix_.empty()) fixed[count++] = {"X-Forwarded-Prefix", forwarded_prefix_};
  http::UpstreamHeadOptions options;
  options.target = upstream_target_;
  options.host = upstream_host_;
  options.filter = &filter;
  options.nominated = &nominated_;
  options.added = std::span(fixed.data(), count);
  if (location_->proxy_set_headers.empty()) {
    http::append_upstream_head(to_upstream_.text(), head(), options);
    return;
  }
  std::vector<std::string> values;
  std::vector<http::Field> added;
  values.reserve(location_->proxy_set_headers.size());
  std::string host;
  for (const CompiledHeader& set : location_->proxy_set_headers) {
    std::string value = expand(set.value);
    if (iequals(set.name, "Host")) {
      host = std::move(value);
      options.host = host;
    } else if (!value.empty()) {
      values.push_back(std::move(value));
      added.push_back({set.name, values.back()});
    }
  }
  for (const http::Field& field : options.added) {
    bool replaced = false;
    for (const CompiledHeader& set : location_->proxy_set_headers) replaced = replaced || iequals(set.name, field.name);
    if (!replaced) added.push_back(field);
  }
  options.added = added;
  http::append_upstream_head(to_upstream_.text(), head(), options);
}

void HttpExchange::flush_upstream() {
  if (!upstream_ || upload_failed_) {
    to_upstream_.clear();
    return;
  }
  if (to_upstream_.flush(upstream_->socket()) != 0) upload_failed_ = true;  // it may have answered before it closed
}

void HttpExchange::on_upstream_ready() {
  ClientConnection::Dispatch dispatch(*connection_);
  upstream_ready();
}

void HttpExchange::on_upstream_drained() {
  ClientConnection::Dispatch dispatch(*connection_);
  if (body_up_.holding()) return request_moved(context_.loop.splice_pipes().resume(upstream_->socket(), body_up_));
  set_deadline();
  if (connection_->socket().reads_raw()) {
    connection_->socket().start_reading();
  } else {
    connection_->input_wanted();
  }
}

// --- failures ---

void HttpExchange::on_upstream_failed(int status) {
  ClientConnection::Dispatch dispatch(*connection_);
  upstream_error(status, false);
}

void HttpExchange::on_upstream_broken(int status) {
  ClientConnection::Dispatch dispatch(*connection_);
  upstream_error(status, false);
}

// The request may go out again when nothing of it can have been acted on, or doing it twice is harmless: a stale pooled
// connection, or a server that was never reached (RFC 9110 9.2.2).
bool HttpExchange::retry_upstream(bool connected) {
  if (response_started_ || !response_parser_.idle() || request_body_bytes_ > 0) return false;
  if (!connected) {
    if (server_index_ < 0 || !pick_server()) return false;
  } else {
    if (retried_ || !upstream_ || !upstream_->reused() || !http::is_idempotent(head().method)) return false;
    retried_ = true;
  }
  drop_upstream();
  to_upstream_.clear();
  upload_failed_ = false;
  begin_upstream();
  return true;
}

void HttpExchange::upstream_error(int status, bool timed_out) {
  const bool connected = state_ == State::proxying;
  if (server_index_ >= 0 && !connected) location_->balancer->failed(server_index_, context_.loop.now_ms());
  if (!timed_out || !connected) {
    if (retry_upstream(connected)) return;
  }
  log::error("{} while {} upstream {} for {} {}", uv_strerror(status), connected ? "reading from" : "connecting to",
             upstream_address_.text(), head().method_text, head().target);
  drop_upstream();
  if (response_started_) {
    end(Ending::abort, EndedBy::upstream);  // never let a cut response look complete
  } else {
    fail(timed_out ? 504 : 502);
  }
}

void HttpExchange::on_bad_response() {
  log::error("upstream {} answered {} {} badly: {}", upstream_address_.text(), head().method_text, head().target,
             response_parser_.error().reason);
  drop_upstream();
  if (response_started_) {
    end(Ending::abort, EndedBy::upstream);
  } else {
    fail(502);
  }
}

void HttpExchange::drop_upstream() {
  body_up_ = {};
  if (upstream_) context_.upstreams.close(std::move(upstream_));
}

void HttpExchange::release_upstream(bool reusable) {
  if (server_index_ >= 0) location_->balancer->succeeded(server_index_);
  if (reusable && settings().proxy_protocol == 0) {
    upstream_->socket().limit_reads(0);
    context_.upstreams.give_back(std::move(upstream_), upstream_keepalive_);
  } else {
    drop_upstream();
  }
}

// --- the response ---

void HttpExchange::on_upstream_read(std::string_view bytes) {
  ClientConnection::Dispatch dispatch(*connection_);
  pump_response(bytes);
}

void HttpExchange::pump_response(std::string_view bytes) {
  bool more = true;
  bool head_in_hand = false;  // gathered, not written yet
  while (more && state_ == State::proxying) {
    std::size_t used = 0;
    const http::ParseEvent event = response_parser_.next(bytes, used);
    bytes.remove_prefix(used);
    switch (event) {
      case http::ParseEvent::need_more:
        more = false;
        break;
      case http::ParseEvent::head:
        if (response_parser_.head().is_interim) {
          on_interim_head();
        } else if (response_parser_.head().upgrade) {
          become_tunnel(bytes);
          return;
        } else {
          on_response_head();
          head_in_hand = true;
        }
        break;
      case http::ParseEvent::body: {
        const std::string_view body = response_parser_.body();
        response_body_bytes_ += body.size();
        if (framing_.framing == http::Framing::chunked) http::append_chunk_head(to_client_.text(), body.size());
        to_client_.borrow(body);
        if (framing_.framing == http::Framing::chunked) to_client_.text().append(http::kChunkEnd);
        break;
      }
      case http::ParseEvent::message_end:
        on_response_end(bytes.empty());
        return;
      case http::ParseEvent::error:
        if (head_in_hand) response_started_ = false;  // an honest 502 is still possible
        on_bad_response();
        return;
    }
  }
  if (state_ != State::proxying || !flush_client()) return;
  if (connection_->socket().queued() > kHighWater) upstream_->socket().stop_reading();
  splice_response();
  set_deadline();
  if (ahead_of_rate(&HttpExchange::continue_response)) upstream_->socket().stop_reading();
}

void HttpExchange::on_interim_head() {
  if (head().minor == 0) return;  // RFC 9110 15.2: never to an HTTP/1.0 client
  http::ClientHeadOptions options;
  options.client_minor = head().minor;
  http::append_client_head(to_client_.text(), response_parser_.head(), options);
}

void HttpExchange::on_response_head() {
  const http::ResponseHead& response = response_parser_.head();
  status_ = response.status;
  upstream_status_ = response.status;
  upstream_time_us_ = (uv_hrtime() - upstream_started_ns_) / 1000;
  framing_ = http::choose_client_framing(head(), response);
  // An answer before the whole request has come, or to a handshake that was refused: what follows from this client
  // cannot be told apart from the rest of that request.
  if (!request_complete_ || !keep_alive_ || context_.draining) framing_.keep_alive = false;
  keep_alive_ = framing_.keep_alive;
  ResponseFilter filter(settings());
  http::ClientHeadOptions options;
  options.framing = framing_;
  options.client_minor = head().minor;
  options.date = context_.date();
  options.filter = settings().proxy_hide_headers.empty() ? nullptr : &filter;
  options.nominated = &nominated_;
  std::vector<std::string> values;
  std::vector<http::Field> added;
  collect_added(values, added);
  options.added = added;
  http::append_client_head(to_client_.text(), response, options);
  response_started_ = true;
  upstream_->socket().limit_reads(rate_step());
}

void HttpExchange::on_response_end(bool nothing_follows) {
  if (framing_.framing == http::Framing::chunked) {
    http::append_last_chunk(to_client_.text(), response_parser_.trailers(), response_parser_.head().headers,
                            nominated_);
  }
  const bool reusable = nothing_follows && request_complete_ && !upload_failed_ && response_parser_.head().keep_alive;
  if (upstream_) release_upstream(reusable);
  if (!flush_client()) return;
  end(keep_alive_ ? Ending::keep_alive : Ending::close, EndedBy::none);
}

void HttpExchange::on_upstream_end() {
  ClientConnection::Dispatch dispatch(*connection_);
  if (state_ != State::proxying) return;
  if (response_parser_.idle() && !response_started_) {
    if (retry_upstream(true)) return;
    log::error("upstream {} closed the connection without an answer to {} {}", upstream_address_.text(),
               head().method_text, head().target);
    drop_upstream();
    fail(502);
    return;
  }
  if (response_parser_.finish() == http::ParseEvent::message_end) {
    on_response_end(false);
  } else {
    on_bad_response();
  }
}

// --- upgrade ---

void HttpExchange::become_tunnel(std::string_view early) {
  const std::string_view key = head().headers.value(http::KnownHeader::sec_websocket_key);
  const http::Verdict verdict = http::validate_websocket_response(response_parser_.head(), key);
  if (!verdict.ok()) {
    log::error("upstream {} accepted an upgrade wrongly: {}", upstream_address_.text(), verdict.reason);
    drop_upstream();
    fail(502);
    return;
  }
  status_ = 101;
  upstream_status_ = 101;
  upstream_time_us_ = (uv_hrtime() - upstream_started_ns_) / 1000;
  http::ClientHeadOptions options;
  options.client_minor = head().minor;
  http::append_client_head(to_client_.text(), response_parser_.head(), options);
  if (!flush_client()) return;
  auto entry = std::make_shared<TunnelLogEntry>(log_entry());
  entry->tickets = std::move(tickets_);
  ++context_.counters.status[1];
  ++context_.counters.tunnels_opened;
  std::unique_ptr<UpstreamConnection> upstream = std::move(upstream_);
  Socket upstream_socket = upstream->take_socket();
  upstream_socket.limit_reads(0);
  context_.upstreams.close(std::move(upstream));
  const Milliseconds idle_timeout = settings().tunnel_timeout;
  WorkerContext& context = context_;
  state_ = State::done;  // the tunnel writes the log line when it ends
  ending_ = Ending::abort;
  if (on_end_) std::exchange(on_end_, nullptr)();
  std::string unread;
  Socket client_socket = connection_->release(unread);
  // From here on this exchange may already serve somebody else.
  context.add_tunnel(std::move(client_socket), std::move(upstream_socket), idle_timeout, std::move(entry), unread,
                     early);
}

}  // namespace hearth::proxy
