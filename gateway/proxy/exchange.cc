#include "proxy/exchange.h"

#include <unistd.h>

#include "base/encoding.h"
#include "base/random.h"
#include "hearth/module.h"
#include "http/uri.h"
#include "log/log.h"
#include "proxy/local_page.h"

namespace hearth::proxy {

namespace {

// RFC 9110 15.5.6: a 405 says what would be allowed. Others are, but these say it to whoever asks.
constexpr const char* kAllowedMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

void make_request_id(std::array<char, 32>& out) {
  constexpr char kHex[] = "0123456789abcdef";
  for (std::size_t half = 0; half < 2; ++half) {
    std::uint64_t bits = fast_random();
    for (std::size_t i = 0; i < 16; ++i, bits >>= 4) out[half * 16 + i] = kHex[bits & 15];
  }
}

}  // namespace

HttpExchange::HttpExchange(WorkerContext& context)
    : context_(context), parser_(context.limits), response_parser_(context.limits) {}

HttpExchange::~HttpExchange() = default;

void HttpExchange::attach(ClientConnection& connection) {
  connection_ = &connection;
  started_ns_ = uv_hrtime();
}

void HttpExchange::reset() {
  if (serial_ != 0) context_.leave(serial_);
  drop_upstream();
  connection_ = nullptr;
  serial_ = 0;
  state_ = State::head;
  ending_ = Ending::keep_alive;
  if (parser_.done()) {
    parser_.reset();
  } else {
    parser_.release();
  }
  server_ = nullptr;
  location_ = nullptr;
  view_.headers.clear();
  uri_changed_ = off_location_ = false;
  captures_.clear();
  request_complete_ = keep_alive_ = false;
  request_body_bytes_ = 0;
  client_.reset();
  tickets_.clear();
  body_started_ns_ = 0;
  body_.clear();
  body_done_ = nullptr;
  on_end_ = nullptr;
  user_.clear();
  route_.clear();
  forwarded_prefix_.clear();
  hidden_cookie_.clear();
  failed_ = nullptr;
  server_index_ = -1;
  servers_tried_ = 0;
  splice_ = true;
  retried_ = upload_failed_ = false;
  upstream_status_ = 0;
  upstream_started_ns_ = upstream_time_us_ = 0;
  upstream_address_ = SocketAddress();
  to_upstream_.clear();
  to_client_.clear();
  response_started_ = false;
  framing_ = {};
  status_ = status_override_ = internal_redirects_ = 0;
  response_body_bytes_ = 0;
  file_.reset();
  reading_file_ = false;
}

// --- input from the client ---

bool HttpExchange::wants_input() const {
  if (request_complete_) return false;
  switch (state_) {
    case State::head:
    case State::collecting:
      return true;
    case State::proxying:
      return !upload_failed_ && upstream_ && upstream_->socket().queued() <= kHighWater;
    default:
      return false;
  }
}

bool HttpExchange::feed(std::string_view& input) {
  std::size_t used = 0;
  const http::ParseEvent event = parser_.next(input, used);
  input.remove_prefix(used);
  switch (event) {
    case http::ParseEvent::need_more:
      return false;
    case http::ParseEvent::head:
      on_head();
      return true;
    case http::ParseEvent::body:
      on_body(parser_.body());
      return true;
    case http::ParseEvent::message_end:
      on_request_end();
      return true;
    case http::ParseEvent::error:
      on_bad_request();
      return true;
  }
  return false;
}

void HttpExchange::input_paused() {
  if (state_ == State::proxying && !to_upstream_.empty()) flush_upstream();
}

void HttpExchange::on_head() {
  make_request_id(request_id_);
  ++context_.counters.requests;
  if (head().framing == http::Framing::none) {
    std::size_t used = 0;
    parser_.next({}, used);  // message_end: there is no body to wait for
    request_complete_ = true;
  }
  if (route() && admit()) dispatch();
}

bool HttpExchange::route() {
  server_ = &connection_->hosts().select(head().host);
  location_ = &server_->fallback;
  // What follows a handshake is no request, so without a tunnel it is nothing we could read.
  keep_alive_ = head().keep_alive && !context_.draining && !head().upgrade_websocket;
  const http::Target target = http::split_target(head().path_and_query);
  if (target.path == "*") {  // OPTIONS *: about the server as a whole (RFC 9110 9.3.7)
    send_reply(204, {}, {});
    return false;
  }
  const auto normalized = http::normalize_path(target.path, path_scratch_);
  if (!normalized) {
    fail(400);
    return false;
  }
  path_ = *normalized;
  if (!server_->fallback.rewrites.empty() && !rewrite_server()) return false;
  return enter_location();
}

void HttpExchange::dispatch() {
  if (settings().returns) {
    const config::ReturnSetting& returned = *settings().returns;
    const std::string text = expand(location_->returned);
    const bool redirect = returned.status >= 301 && returned.status <= 308 && !text.empty();
    if (redirect) {
      send_reply(returned.status, {{"Location", text}}, {});
    } else if (text.empty() && returned.status >= 400) {
      fail(returned.status);
    } else {
      send_reply(returned.status, {{"Content-Type", settings().default_type}}, text);
    }
  } else if (settings().try_files) {
    start_try_files();
  } else {
    answer_content();
  }
}

void HttpExchange::answer_content() {
  if (location_->handler != nullptr) {
    fill_view();
    state_ = State::deciding;
    connection_->set_deadline(kDecisionTimeout);
    location_->handler->handle(*this);
  } else if (settings().proxy_pass) {
    start_proxy_pass();
  } else {
    start_static_file();
  }
}

void HttpExchange::fill_view() {
  view_.target = current_target();
  const http::Target target = http::split_target(view_.target);
  view_.method = head().method_text;
  view_.path = target.path;
  view_.query = target.query;
  view_.has_query = target.has_query;
  view_.host = head().host;
  view_.scheme = "http";
  view_.remote_address = client_ip();
  view_.request_id = {request_id_.data(), request_id_.size()};
  view_.has_body = head().framing != http::Framing::none;
  view_.websocket = head().upgrade_websocket;
  view_.headers.clear();
  for (const http::Header& field : head().headers) view_.headers.push_back({field.name, field.value});
}

void HttpExchange::on_body(std::string_view bytes) {
  request_body_bytes_ += bytes.size();
  const std::uint64_t limit = settings().client_max_body_size;
  if (limit != 0 && request_body_bytes_ > limit) {
    if (response_started_) {
      end(Ending::abort, EndedBy::us);
    } else {
      drop_upstream();
      fail(413);
    }
    return;
  }
  set_deadline();
  if (state_ == State::collecting) {
    if (body_.size() + bytes.size() > body_limit_) {
      auto done = std::move(body_done_);
      state_ = State::deciding;
      done(hearth::fail(ErrorCode::limit, ErrorSource::client,
                        "the request body is larger than " + std::to_string(body_limit_) + " bytes"));
      return;
    }
    body_.append(bytes);
    return;
  }
  if (head().framing == http::Framing::chunked) {
    http::append_chunk_head(to_upstream_.text(), bytes.size());
    to_upstream_.borrow(bytes);
    to_upstream_.text().append(http::kChunkEnd);
  } else {
    to_upstream_.borrow(bytes);
  }
}

void HttpExchange::on_request_end() {
  request_complete_ = true;
  if (state_ == State::collecting) {
    state_ = State::deciding;
    connection_->set_deadline(kDecisionTimeout);
    auto done = std::move(body_done_);
    done(std::move(body_));
  } else if (state_ == State::proxying && head().framing == http::Framing::chunked) {
    http::append_last_chunk(to_upstream_.text(), parser_.trailers(), head().headers, nominated_);
  }
  if (state_ == State::proxying) set_deadline();
}

void HttpExchange::on_bad_request() {
  const http::Verdict verdict = parser_.error();
  log::info("client {} sent a malformed request: {}", connection_->peer_ip(), verdict.reason);
  use_fallback_location();
  keep_alive_ = false;
  drop_upstream();
  if (response_started_) {
    end(Ending::abort, EndedBy::client);
  } else if (verdict.status == 426) {
    send_reply(426, {{"Sec-WebSocket-Version", "13"}, {"Upgrade", "websocket"}, {"Connection", "Upgrade"}}, {});
  } else if (verdict.status == 405) {
    if (try_error_page(405)) return;
    send_reply(405, {{"Allow", kAllowedMethods}, {"Content-Type", "text/html; charset=utf-8"}},
               local_page(405, {request_id_.data(), request_id_.size()}));
  } else {
    fail(verdict.status);
  }
}

void HttpExchange::use_fallback_location() {
  if (location_ != nullptr) return;
  make_request_id(request_id_);
  server_ = &connection_->hosts().select({});
  location_ = &server_->fallback;
}

// --- ends ---

void HttpExchange::end(Ending ending, EndedBy who) {
  if (state_ == State::done) return;
  state_ = State::done;
  ending_ = ending;
  drop_upstream();
  file_.reset();
  body_down_ = {};
  tickets_.clear();
  if (pause_) pause_->stop();
  if (status_ >= 100 && status_ < 600) ++context_.counters.status[status_ / 100];
  context_.counters.bytes_to_clients += response_body_bytes_;
  write_log(who);
  if (on_end_) {
    auto callback = std::move(on_end_);
    callback();
  }
}

void HttpExchange::client_gone() {
  if (status_ == 0) status_ = 499;  // as nginx logs it
  end(Ending::abort, EndedBy::client);
}

void HttpExchange::client_finished_sending() {
  if (request_complete_) return;
  if (state_ == State::head) {
    end(Ending::close, EndedBy::client);  // answers to earlier requests may still be on their way
  } else {
    client_gone();  // half a request cannot be answered
  }
}

void HttpExchange::deadline_passed() {
  const bool client_is_slow = connection_->socket().queued() > 0;
  switch (state_) {
    case State::head:
      use_fallback_location();
      keep_alive_ = false;
      fail(408);
      return;
    case State::waiting:
      return;
    case State::deciding:
      fail(503);
      return;
    case State::collecting:
      keep_alive_ = false;
      fail(408);
      return;
    case State::connecting:
      upstream_error(UV_ETIMEDOUT, true);
      return;
    case State::proxying:
      if (client_is_slow) {
        client_gone();
      } else if (!request_complete_ && upstream_ && upstream_->socket().queued() == 0 && !response_started_) {
        drop_upstream();
        keep_alive_ = false;
        fail(408);
      } else {
        upstream_error(UV_ETIMEDOUT, true);
      }
      return;
    case State::streaming:
    case State::sending_file:
      if (client_is_slow) {
        client_gone();
      } else {
        set_deadline();
      }
      return;
    case State::done:
      return;
  }
}

// The wait that is now under way: for the client to take bytes, to send them, or for the upstream.
void HttpExchange::set_deadline() {
  const config::LocationSettings& s = settings();
  Milliseconds wait = s.proxy_read_timeout;
  if (connection_->socket().queued() > 0 || state_ == State::streaming || state_ == State::sending_file) {
    wait = s.send_timeout;
  } else if (upstream_ && upstream_->socket().queued() > 0) {
    wait = s.proxy_send_timeout;
  } else if (!request_complete_) {
    wait = s.client_body_timeout;
  }
  connection_->set_deadline(wait);
}

Milliseconds HttpExchange::keepalive_timeout() const {
  return location_ != nullptr ? settings().keepalive_timeout : Milliseconds(75000);
}

Milliseconds HttpExchange::send_timeout() const {
  return location_ != nullptr ? settings().send_timeout : Milliseconds(60000);
}

// --- module SDK ---

ExchangeId HttpExchange::id() const {
  if (serial_ == 0) serial_ = context_.enter(*const_cast<HttpExchange*>(this));
  return {context_.index, serial_};
}

void HttpExchange::proxy(ProxyPlan plan) {
  if (state_ != State::deciding) return;
  ClientConnection::Dispatch dispatch(*connection_);
  upstream_address_ = plan.address;
  upstream_target_ = std::move(plan.target);
  upstream_host_.assign(head().host);
  forwarded_prefix_ = std::move(plan.forwarded_prefix);
  hidden_cookie_ = std::move(plan.hidden_cookie);
  failed_ = std::move(plan.failed);
  route_ = std::move(plan.route);
  if (!plan.user.empty()) user_ = std::move(plan.user);
  // code-server drops idle connections after 5 s; be the first, so that no request meets a closing one.
  upstream_keepalive_ = {64, Milliseconds(4000), 100000};
  begin_upstream();
}

void HttpExchange::read_body(std::size_t limit, UniqueFunction<void(Result<std::string>)> done) {
  if (state_ != State::deciding || body_done_) return;
  ClientConnection::Dispatch dispatch(*connection_);
  if (request_complete_) {
    done(std::string());
    return;
  }
  body_limit_ = limit;
  body_done_ = std::move(done);
  state_ = State::collecting;
  if (head().expect_continue && connection_->socket().write(http::kContinue) != 0) {
    client_gone();
    return;
  }
  set_deadline();
  connection_->input_wanted();
}

// --- $variables ---

std::string HttpExchange::expand(const config::CompiledText& text) const {
  std::string out;
  text.expand(out, [this](config::Variable variable, std::string_view name, std::string& to) {
    append_variable(variable, name, to);
  });
  return out;
}

}  // namespace hearth::proxy
