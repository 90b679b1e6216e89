// $variables in configuration values.
//
// A value that may hold variables is compiled once (when the configuration is frozen into a route) and expanded per
// request through a callable of the proxy, which alone knows the request.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hearth::config {

enum class Variable : std::uint8_t {
  literal,  // not a variable: the text between two
  host,
  scheme,
  request_uri,
  uri,
  args,  // also $query_string
  is_args,
  request_method,
  request_id,
  remote_addr,
  remote_port,
  binary_remote_addr,   // 4 or 16 bytes; a key for limits
  realip_remote_addr,   // the connection's, whatever real_ip_header makes of it
  proxy_protocol_addr,  // what the connection's PROXY protocol header says
  proxy_protocol_port,
  server_port,
  server_name,
  proxy_host,
  proxy_add_x_forwarded_for,
  status,
  hostname,
  pid,
  http,     // $http_NAME: name is the header's, lower case, "_" as "-"
  arg,      // $arg_NAME: a query argument
  cookie,   // $cookie_NAME
  mapped,   // a map's; name is its own
  capture,  // $1 … $9; name is the digit
};

// Which variables there are besides those the gateway has.
struct VariableNames {
  std::set<std::string, std::less<>> maps = {};
  bool captures = false;
  bool any = false;  // not known yet: a name that is no other variable's may be a map's
};

// `name` without the dollar.
bool known_variable(std::string_view name);

class CompiledText {
 public:
  struct Part {
    Variable variable = Variable::literal;
    std::string text;  // the literal, or the NAME of http, arg, cookie, mapped and capture
  };

  // Fails on an unknown variable, a "$" without a name, or a "${" without "}".
  static Result<CompiledText> compile(std::string_view text, const VariableNames& names = {});

  bool literal() const { return parts_.empty() || (parts_.size() == 1 && parts_[0].variable == Variable::literal); }
  const std::vector<Part>& parts() const { return parts_; }

  // Appends the value to `out` (anything with append(const char*, size)). `append_variable(Variable, name, out)` is
  // called for each variable in order and appends its value for the request at hand, nothing if it has none.
  template <class Out, class AppendVariable>
  void expand(Out& out, AppendVariable&& append_variable) const {
    for (const Part& part : parts_) {
      if (part.variable == Variable::literal) {
        out.append(part.text.data(), part.text.size());
      } else {
        append_variable(part.variable, std::string_view(part.text), out);
      }
    }
  }

 private:
  std::vector<Part> parts_;
};

}  // namespace hearth::config
