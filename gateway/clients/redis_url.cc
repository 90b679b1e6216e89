#include "base/encoding.h"
#include "base/strings.h"
#include "clients/redis.h"

namespace hearth {

namespace {

constexpr std::string_view kTcp = "redis://";
constexpr std::string_view kUnix = "redis+unix://";

tl::unexpected<Error> wrong(std::string what) {
  return fail(ErrorCode::invalid_argument, ErrorSource::config,
              std::move(what) + ": expected redis://[:password@]host[:port][/database]");
}

Result<void> take_database(std::string_view text, RedisOptions& options) {
  const auto number = parse_decimal<unsigned>(text);
  if (!number || *number > 65535) return wrong("invalid Redis database \"" + std::string(text) + "\"");
  options.database = *number;
  return {};
}

Result<void> take_credentials(std::string_view text, RedisOptions& options) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return wrong("a Redis password is written with \":\" before it");
  auto user = percent_decode(text.substr(0, colon));
  auto password = percent_decode(text.substr(colon + 1));
  if (!user || !password) return wrong("bad percent-encoding in the Redis user or password");
  if (password->empty()) return wrong("empty Redis password");
  options.user = std::move(*user);
  options.password = std::move(*password);
  return {};
}

Result<void> take_host(std::string_view text, RedisOptions& options) {
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {  // IPv6
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return wrong("\"[\" without \"]\" in the Redis host");
    host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (!text.empty() && text.front() != ':') return wrong("invalid Redis port");
    has_port = !text.empty();
    if (has_port) port = text.substr(1);
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    has_port = true;
  }
  if (host.empty() || host.find_first_of(" \t?#") != std::string_view::npos) return wrong("invalid Redis host");
  options.host = std::string(host);
  if (!has_port) return {};
  const auto number = parse_decimal<std::uint16_t>(port);
  if (!number || *number == 0) return wrong("invalid Redis port \"" + std::string(port) + "\"");
  options.port = *number;
  return {};
}

Result<RedisOptions> parse_unix(std::string_view rest) {
  RedisOptions options;
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return wrong("redis+unix:// needs an absolute path");
  if (slash > 0) {
    if (rest[slash - 1] != '@') return wrong("redis+unix:// needs an absolute path");
    if (auto taken = take_credentials(rest.substr(0, slash - 1), options); !taken) return tl::unexpected(taken.error());
  }
  std::string_view path = rest.substr(slash);
  if (const std::size_t query = path.find('?'); query != std::string_view::npos) {
    const std::string_view option = path.substr(query + 1);
    if (!option.starts_with("db=")) return wrong("only ?db=number may follow the socket's path");
    if (auto taken = take_database(option.substr(3), options); !taken) return tl::unexpected(taken.error());
    path = path.substr(0, query);
  }
  if (path.size() > 107) return wrong("the path of the Redis socket is longer than 107 bytes");
  options.unix_path = std::string(path);
  return options;
}

}  // namespace

Result<RedisOptions> parse_redis_url(std::string_view url) {
  if (url.starts_with("rediss://")) return wrong("TLS to Redis (rediss://) is not supported");
  if (url.starts_with(kUnix)) return parse_unix(url.substr(kUnix.size()));
  if (!url.starts_with(kTcp)) return wrong("not a Redis URL");
  RedisOptions options;
  std::string_view rest = url.substr(kTcp.size());
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    if (auto taken = take_credentials(rest.substr(0, at), options); !taken) return tl::unexpected(taken.error());
    rest.remove_prefix(at + 1);
  }
  const std::size_t slash = rest.find('/');
  if (slash != std::string_view::npos && slash + 1 < rest.size()) {
    if (auto taken = take_database(rest.substr(slash + 1), options); !taken) return tl::unexpected(taken.error());
  }
  if (auto taken = take_host(rest.substr(0, slash), options); !taken) return tl::unexpected(taken.error());
  return options;
}

std::string redis_place(const RedisOptions& options) {
  if (!options.unix_path.empty()) return "unix:" + options.unix_path;
  const bool bracket = options.host.find(':') != std::string::npos;
  return (bracket ? "[" + options.host + "]" : options.host) + ":" + std::to_string(options.port);
}

}  // namespace hearth
