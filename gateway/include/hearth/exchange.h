// Exchange: one request and its answer, as a module's handler sees it.
//
// A handler is called once the request head has been read and judged valid. It must answer by exactly one of reply(),
// proxy() or start_stream(); it may do so at once, or return and do so later (the request is then paused: nothing
// more is read from the client than the socket buffers hold). To answer later, keep the id, not the pointer: an
// exchange whose client went away is destroyed, and find() answers null.
//
// Owner: the gateway. Thread: the worker's loop; every method, and every callback given here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_function.h"
#include "runtime/address.h"

namespace hearth {

class Loop;

// Names an exchange for as long as the process lives; may cross threads.
struct ExchangeId {
  std::uint32_t worker = 0;
  std::uint64_t serial = 0;
  bool operator==(const ExchangeId&) const = default;
};

struct HeaderView {
  std::string_view name;
  std::string_view value;
};

// The request as received, already validated (gateway/http/validate.h). Views live as long as the exchange.
struct RequestView {
  std::string_view method;
  std::string_view target;  // origin-form, as sent
  std::string_view path;    // target up to "?", as sent: not decoded
  std::string_view query;   // after "?", as sent; empty when there is none
  bool has_query = false;
  std::string_view host;            // Host, or the authority of an absolute-form target
  std::string_view scheme;          // "http" or "https"
  std::string_view remote_address;  // the client's IP
  std::string_view request_id;
  std::vector<HeaderView> headers;  // in order, duplicates kept
  bool has_body = false;
  bool websocket = false;  // a complete and valid RFC 6455 opening handshake

  std::string_view header(std::string_view name) const;  // first of that name, or empty
  // Value of a cookie over all Cookie lines, or nullopt (RFC 6265 5.4).
  std::optional<std::string_view> cookie(std::string_view name) const;
};

using ReplyHeaders = std::vector<std::pair<std::string, std::string>>;

// A whole answer. Content-Length, Date, Server and X-Request-Id are added by the gateway.
struct Reply {
  int status = 200;
  ReplyHeaders headers;
  std::string body;
};

// Where to carry the request. Headers that the client may not set are dropped and the gateway's own added in any case
// (X-Forwarded-*, X-Request-Id; SPEC section 7).
struct ProxyPlan {
  SocketAddress address;
  std::string target;            // path and query for the upstream, encoding untouched
  std::string forwarded_prefix;  // X-Forwarded-Prefix; empty = none
  std::string hidden_cookie;     // removed from what the upstream sees; empty = none
  std::string route;             // for log and activity: the workspace id
  std::string user;              // for the log
  // The answer when the request fails before the upstream's answer began (502, 504; 413 and the like); empty = the
  // gateway's own page. error_page goes first. Worker thread, at most once.
  UniqueFunction<Reply(int status)> failed = nullptr;
};

class Exchange {
 public:
  virtual ExchangeId id() const = 0;
  virtual const RequestView& request() const = 0;

  virtual void reply(Reply reply) = 0;
  virtual void proxy(ProxyPlan plan) = 0;

  // An answer of unknown length (server-sent events): head now, bytes with send(), end with finish().
  // Nothing is buffered beyond the limit: send() answers false, and ends the exchange, when the client has left more
  // than 256 KiB unread.
  virtual void start_stream(int status, ReplyHeaders headers) = 0;
  virtual bool send(std::string_view bytes) = 0;
  virtual void finish() = 0;

  // Collects the request body before answering. More than `limit` bytes: Error{limit}, answer 413.
  // Client gone: no call. At most once per exchange.
  virtual void read_body(std::size_t limit, UniqueFunction<void(Result<std::string>)> done) = 0;

  // Called at most once, when the exchange ends for any reason (answered, client gone, shutdown). May come inside
  // reply() or proxy().
  virtual void on_end(UniqueFunction<void()> callback) = 0;

  // For the access log, when known before the answer.
  virtual void set_user(std::string user) = 0;

 protected:
  ~Exchange() = default;
};

}  // namespace hearth
