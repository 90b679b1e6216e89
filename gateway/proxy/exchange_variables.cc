#include <unistd.h>

#include "base/strings.h"
#include "http/cookie.h"
#include "http/uri.h"
#include "proxy/exchange.h"
#include "proxy/real_ip.h"

namespace hearth::proxy {

namespace {

std::string_view query_argument(std::string_view query, std::string_view name) {
  for (const std::string_view pair : split(query, '&')) {
    const std::size_t equals = pair.find('=');
    if (iequals(pair.substr(0, equals), name)) {
      return equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    }
  }
  return {};
}

std::string_view without_port(std::string_view host) {
  if (!host.empty() && host.front() == '[') return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

std::string host_name() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace

void HttpExchange::append_variable(config::Variable variable, std::string_view name, std::string& out) const {
  using config::Variable;
  switch (variable) {
    case Variable::literal:
      return;
    case Variable::host:
      out.append(to_lower(without_port(head().host)));
      return;
    case Variable::scheme:
      out.append("http");
      return;
    case Variable::request_uri:
      out.append(head().path_and_query);
      return;
    case Variable::uri:
      out.append(path_);
      return;
    case Variable::args:
      out.append(args());
      return;
    case Variable::is_args:
      out.append(args().empty() ? "" : "?");
      return;
    case Variable::request_method:
      out.append(head().method_text);
      return;
    case Variable::request_id:
      out.append(request_id_.data(), request_id_.size());
      return;
    case Variable::remote_addr:
      out.append(client_ip());
      return;
    case Variable::remote_port:
      out.append(std::to_string(client_address().port()));
      return;
    case Variable::binary_remote_addr:
      out.append(address_bytes(client_address()));
      return;
    case Variable::realip_remote_addr:
      out.append(connection_->peer_ip());
      return;
    case Variable::proxy_protocol_addr:
      if (connection_->announced() != nullptr) out.append(connection_->announced()->ip());
      return;
    case Variable::proxy_protocol_port:
      if (connection_->announced() != nullptr) out.append(std::to_string(connection_->announced()->port()));
      return;
    case Variable::server_port:
      out.append(std::to_string(connection_->local().port()));
      return;
    case Variable::server_name:
      if (!server_->settings->names.empty()) out.append(server_->settings->names.front());
      return;
    case Variable::proxy_host:
      if (settings().proxy_pass) out.append(settings().proxy_pass->host);
      return;
    case Variable::proxy_add_x_forwarded_for:
      out.append(client_ip());
      return;
    case Variable::status:
      out.append(std::to_string(status_));
      return;
    case Variable::hostname:
      out.append(host_name());
      return;
    case Variable::pid:
      out.append(std::to_string(::getpid()));
      return;
    case Variable::http:
      for (const http::Header& field : head().headers) {
        if (iequals(field.name, name)) {
          out.append(field.value);
          return;
        }
      }
      return;
    case Variable::arg:
      out.append(query_argument(args(), name));
      return;
    case Variable::mapped:
      append_mapped(context_.router.map(name), out);
      return;
    case Variable::capture:
      out.append(captures_[static_cast<std::size_t>(name[0] - '0')]);
      return;
    case Variable::cookie:
      if (const auto value = http::find_cookie(head().headers, name)) out.append(*value);
      return;
  }
}

void HttpExchange::append_mapped(const VariableMap& map, std::string& out) const {
  config::Regex::Captures captures;
  map.find(expand(map.source()), captures)
      .expand(out, [&](config::Variable variable, std::string_view name, std::string& to) {
        if (variable == config::Variable::capture) {
          to.append(captures[static_cast<std::size_t>(name[0] - '0')]);
        } else {
          append_variable(variable, name, to);
        }
      });
}

}  // namespace hearth::proxy
