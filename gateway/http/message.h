// HTTP/1 message heads as values (RFC 9110, RFC 9112).
//
// All string_views in a head point into the head buffer of the parser that made it: they live until that parser's
// reset(), release() or destruction. Nothing here owns bytes. Not thread-safe.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace hearth::http {

// The fields the gateway itself looks at. Everything else is `other`.
enum class KnownHeader : std::uint8_t {
  other,
  accept,
  authorization,
  connection,
  content_length,
  content_type,
  cookie,
  date,
  expect,
  forwarded,
  host,
  keep_alive,
  location,
  origin,
  proxy_authenticate,
  proxy_authorization,
  proxy_connection,
  range,
  referer,
  sec_fetch_mode,
  sec_fetch_site,
  sec_websocket_accept,
  sec_websocket_extensions,
  sec_websocket_key,
  sec_websocket_protocol,
  sec_websocket_version,
  server,
  set_cookie,
  te,
  trailer,
  transfer_encoding,
  upgrade,
  user_agent,
  via,
  x_forwarded_for,
  x_request_id,
};

// Case-insensitive.
KnownHeader known_header(std::string_view name);

struct Header {
  std::string_view name;   // as received
  std::string_view value;  // without surrounding SP and HTAB
  KnownHeader id = KnownHeader::other;
  bool foldable = false;  // the name has '_' or '.', which some origins take for '-'
};

// Fields in order of arrival, duplicates kept. clear() keeps the memory.
class HeaderList {
 public:
  using const_iterator = std::vector<Header>::const_iterator;

  void add(std::string_view name, std::string_view value) {
    fields_.push_back({name, value, known_header(name), name.find_first_of("_.") != name.npos});
  }
  void add(const Header& field) { fields_.push_back(field); }
  void clear() { fields_.clear(); }
  void release() { std::vector<Header>().swap(fields_); }

  std::size_t size() const { return fields_.size(); }
  bool empty() const { return fields_.empty(); }
  const Header& operator[](std::size_t i) const { return fields_[i]; }
  const_iterator begin() const { return fields_.begin(); }
  const_iterator end() const { return fields_.end(); }

  const Header* find(KnownHeader id) const;         // first, or null
  const Header* find(std::string_view name) const;  // first, case-insensitive, or null
  std::string_view value(KnownHeader id) const;     // of the first, or empty
  std::string_view value(std::string_view name) const;
  std::size_t count(KnownHeader id) const;
  // Calls f(const Header&) for each field of that id, in order.
  template <class F>
  void find_all(KnownHeader id, F&& f) const {
    for (const Header& field : fields_) {
      if (field.id == id) f(field);
    }
  }
  // Whether any line of that field lists `token` (comma-separated, case-insensitive).
  bool lists(KnownHeader id, std::string_view token) const;

 private:
  std::vector<Header> fields_;
};

// The methods we pass. TRACE and CONNECT are known in order to be refused (405); any other token is 501.
enum class Method : std::uint8_t {
  unknown,
  acl,
  bind,
  checkout,
  connect,
  copy,
  del,
  get,
  head,
  link,
  lock,
  merge,
  mkactivity,
  mkcalendar,
  mkcol,
  move,
  m_search,
  notify,
  options,
  patch,
  post,
  propfind,
  proppatch,
  purge,
  put,
  rebind,
  report,
  search,
  subscribe,
  trace,
  unbind,
  unlink,
  unlock,
  unsubscribe,
};
Method parse_method(std::string_view text);  // case-sensitive (RFC 9110 9.1)
std::string_view name(Method method);
// RFC 9110 9.2.2: may be sent again after a connection failure.
bool is_idempotent(Method method);

// How the end of a body is known (RFC 9112 6.3).
enum class Framing : std::uint8_t {
  none,            // no body at all
  content_length,  // exactly `content_length` bytes (also 0: the field was there)
  chunked,
  until_close,  // responses only
};

struct RequestHead {
  Method method = Method::unknown;
  std::uint8_t minor = 1;  // HTTP/1.<minor>: 0 or 1
  Framing framing = Framing::none;
  bool keep_alive = false;         // the client allows another request after this one
  bool expect_continue = false;    // HTTP/1.1, Expect: 100-continue, and a body is announced
  bool upgrade_websocket = false;  // a complete and valid RFC 6455 4.1 handshake; any other Upgrade is ignored
  bool accepts_trailers = false;   // TE: trailers
  bool absolute_form = false;
  std::uint64_t content_length = 0;
  std::string_view method_text;
  std::string_view target;  // as received, for the log
  // Origin-form (or "*"): path and query, encoding untouched. For absolute-form what follows the authority.
  std::string_view path_and_query;
  // host[:port] as received in Host, or the authority of an absolute-form target of HTTP/1.0 without Host; may be
  // empty only for HTTP/1.0. Valid whenever the parser delivered the head.
  std::string_view host;
  HeaderList headers;

  void clear();  // for the next message; keeps memory
};

struct ResponseHead {
  std::uint16_t status = 0;
  std::uint8_t minor = 1;
  Framing framing = Framing::none;
  bool keep_alive = false;  // the upstream connection may carry another request after this response
  bool is_interim = false;  // 1xx other than 101; another head follows
  bool upgrade = false;     // 101 that was asked for: what follows belongs to the tunnel
  std::uint64_t content_length = 0;
  std::string_view reason;  // as received; may be empty
  HeaderList headers;

  void clear();
};

}  // namespace hearth::http
