// The access log line of a tunnel, kept while it lives: its exchange has gone back to the spare list.
#pragma once

#include <string>

#include "log/access_log.h"
#include "proxy/limit_zones.h"
#include "proxy/tunnel.h"

namespace hearth::proxy {

struct TunnelLogEntry {
  log::AccessLog* log = nullptr;  // null = off
  std::string remote_addr;
  std::string user;
  std::string method;
  std::string target;
  std::string host;
  std::string user_agent;
  std::string request_id;
  std::string upstream_addr;
  std::string route;
  std::vector<ConnectionZone::Ticket> tickets;  // limit_conn counts the tunnel as it did the request
  std::uint64_t started_ns = 0;
  std::uint64_t upstream_time_us = 0;

  void write(const TunnelOutcome& outcome, std::uint64_t now_ns) const;
};

}  // namespace hearth::proxy
