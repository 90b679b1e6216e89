#include "proxy/exchange_log.h"

#include "proxy/exchange.h"

namespace hearth::proxy {

void TunnelLogEntry::write(const TunnelOutcome& outcome, std::uint64_t now_ns) const {
  if (log == nullptr) return;
  log::AccessRecord record;
  record.remote_addr = remote_addr;
  record.user = user;
  record.time = wall_now();
  record.method = method;
  record.target = target;
  record.version = "HTTP/1.1";
  record.status = 101;
  record.body_bytes = outcome.bytes_to_client;
  record.user_agent = user_agent;
  record.request_id = request_id;
  record.request_time_us = (now_ns - started_ns) / 1000;
  record.upstream_addr = upstream_addr;
  record.upstream_status = 101;
  record.upstream_time_us = upstream_time_us;
  record.host = host;
  record.ended_by = outcome.ended_by;
  record.route = route;
  log->write(record);
}

TunnelLogEntry HttpExchange::log_entry() const {
  TunnelLogEntry entry;
  entry.log = location_->access_log;
  if (entry.log == nullptr) return entry;
  entry.remote_addr = client_ip();
  entry.user = user_;
  entry.method = head().method_text;
  entry.target = head().target;
  entry.host = head().host;
  entry.user_agent = head().headers.value(http::KnownHeader::user_agent);
  entry.request_id.assign(request_id_.data(), request_id_.size());
  entry.upstream_addr = upstream_address_.text();
  entry.route = route_;
  entry.started_ns = started_ns_;
  entry.upstream_time_us = upstream_time_us_;
  return entry;
}

void HttpExchange::write_log(EndedBy who) {
  if (location_ == nullptr || location_->access_log == nullptr) return;
  std::string upstream;
  if (upstream_started_ns_ != 0) upstream = upstream_address_.text();
  log::AccessRecord record;
  record.remote_addr = client_ip();
  record.user = user_;
  record.time = wall_now();
  record.method = head().method_text;
  record.target = head().target;
  record.version = head().minor == 0 ? "HTTP/1.0" : "HTTP/1.1";
  record.status = static_cast<unsigned>(status_);
  record.body_bytes = response_body_bytes_;
  record.referer = head().headers.value(http::KnownHeader::referer);
  record.user_agent = head().headers.value(http::KnownHeader::user_agent);
  record.request_id = {request_id_.data(), request_id_.size()};
  record.request_time_us = (uv_hrtime() - started_ns_) / 1000;
  record.upstream_addr = upstream;
  record.upstream_status = upstream_status_;
  record.upstream_time_us = upstream_time_us_;
  record.host = head().host;
  record.ended_by = who;
  record.route = route_;
  location_->access_log->write(record);
}

}  // namespace hearth::proxy
