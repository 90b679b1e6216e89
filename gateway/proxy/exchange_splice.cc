// Large bodies whose end is known go from socket to socket inside the kernel, past the parser.
#include <algorithm>

#include "proxy/client_connection.h"
#include "proxy/exchange.h"

namespace hearth::proxy {

namespace {
// Below this, reading and writing costs less than two calls of splice(2).
constexpr std::uint64_t kSpliceFrom = 32 * 1024;
}  // namespace

// --- the response ---

void HttpExchange::splice_response() {
  if (!upstream_ || framing_.framing == http::Framing::chunked || !splice_ || rate_step() != 0) return;
  const bool counted = response_parser_.body_remaining() >= kSpliceFrom;
  const bool endless = response_parser_.until_close() && response_body_bytes_ >= kSpliceFrom;
  if (counted || endless) upstream_->socket().read_raw(true);
}

void HttpExchange::on_upstream_readable() {
  ClientConnection::Dispatch dispatch(*connection_);
  Socket& from = upstream_->socket();
  if (connection_->socket().queued() > 0 || body_down_.holding()) {
    from.stop_reading();  // until client_drained()
    return;
  }
  const bool endless = response_parser_.until_close();
  const auto moved = context_.loop.splice_pipes().move(
      from, connection_->socket(), endless ? UINT64_MAX : response_parser_.body_remaining(), body_down_);
  response_body_bytes_ += moved.bytes;
  response_parser_.skip_body(moved.bytes);
  response_moved(moved);
}

// What follows the body waits until the client has taken what is held of it.
void HttpExchange::response_moved(const SplicePipes::Moved& moved) {
  if (moved.sink_error != 0) return client_gone();
  Socket& from = upstream_->socket();
  if (body_down_.holding()) {
    from.stop_reading();  // until client_drained()
    return set_deadline();
  }
  const bool whole = !response_parser_.until_close() && response_parser_.body_remaining() == 0;
  if (whole || moved.end || moved.source_error != 0 || moved.unsupported) from.read_raw(false);
  if (moved.unsupported) splice_ = false;
  if (whole) return pump_response({});
  if (moved.end) return on_upstream_end();
  if (moved.source_error != 0) return upstream_error(moved.source_error, false);
  if (connection_->socket().queued() > 0) {
    from.stop_reading();
  } else {
    from.start_reading();
  }
  set_deadline();
}

// --- the request ---

void HttpExchange::splice_request() {
  if (state_ != State::proxying || request_complete_ || upload_failed_ || !splice_) return;
  if (parser_.body_remaining() < kSpliceFrom) return;
  connection_->socket().read_raw(true);
  if (upstream_->socket().queued() == 0) connection_->socket().start_reading();  // else on_upstream_drained() does
}

void HttpExchange::client_readable() {
  Socket& from = connection_->socket();
  if (state_ != State::proxying || !upstream_ || upload_failed_) return from.read_raw(false);
  if (upstream_->socket().queued() > 0 || body_up_.holding()) {
    from.stop_reading();  // until on_upstream_drained()
    return;
  }
  const auto moved =
      context_.loop.splice_pipes().move(from, upstream_->socket(), parser_.body_remaining(), body_up_);
  request_body_bytes_ += moved.bytes;
  parser_.skip_body(moved.bytes);
  request_moved(moved);
}

void HttpExchange::request_moved(const SplicePipes::Moved& moved) {
  Socket& from = connection_->socket();
  if (moved.sink_error == 0 && body_up_.holding()) {
    from.stop_reading();  // until on_upstream_drained()
    return set_deadline();
  }
  if (moved.end || moved.source_error != 0 || moved.unsupported) splice_ = false;  // reading finds what has gone wrong
  if (parser_.body_remaining() < kSpliceFrom || !splice_) from.read_raw(false);
  if (moved.sink_error != 0) {
    upload_failed_ = true;  // it may have answered before it closed
    from.read_raw(false);
  }
  set_deadline();
  if (!from.reads_raw()) {
    connection_->input_wanted();
  } else if (upstream_->socket().queued() > 0) {
    from.stop_reading();
  } else {
    from.start_reading();
  }
}

}  // namespace hearth::proxy
