// Writing HTTP/1.1: heads for the upstream and for the client, chunk framing, local replies. Everything is appended to
// a std::string the caller keeps and reuses, so that one write carries it and a warm connection allocates nothing.
// Field values are written as given: they come from a validated head or from us. What is not known to be clean goes
// through is_field_value() first; a value with CR, LF or NUL is dropped here as a last line of defence.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "http/forwarded.h"
#include "http/message.h"

namespace hearth::http {

struct Field {
  std::string_view name = {};
  std::string_view value = {};
};

// What the proxy does to single fields on their way. Called for each field that the rules below let through.
class FieldFilter {
 public:
  // False drops the field. `value` may be replaced; what it points to must live until the head is written.
  virtual bool pass(const Header& field, std::string_view& value) = 0;
  virtual ~FieldFilter() = default;
};

std::string_view reason_phrase(std::uint16_t status);  // "" for a code without one

// --- towards the upstream ---

struct UpstreamHeadOptions {
  std::string_view target = {};  // request-target to write
  std::string_view host = {};    // Host to write; empty: none
  FieldFilter* filter = nullptr;
  std::span<const Field> added = {};         // written last, after all stripping
  bool keep_alive = true;                    // false: Connection: close
  ConnectionNominated* nominated = nullptr;  // scratch to reuse; null: a local one
};
// The request as the upstream gets it. Never copied: hop-by-hop fields, what Connection names, the client identity
// family, what could be taken for a field we decide by (is_lookalike()), Host and the framing field. Written anew: Host
// first, the one framing field of head.framing, Upgrade and Connection for a WebSocket, `TE: trailers` with Connection
// when the client takes trailers. Always HTTP/1.1.
void append_upstream_head(std::string& out, const RequestHead& head, const UpstreamHeadOptions& options);

// --- towards the client ---

// How a response body is framed for the client.
struct ClientFraming {
  Framing framing = Framing::none;
  bool keep_alive = false;  // what the client's connection may do afterwards
};
// From the upstream's framing and what the client can read: an until_close or chunked body becomes chunked for
// HTTP/1.1 and until_close for HTTP/1.0. HEAD, 1xx, 204 and 304 have none.
ClientFraming choose_client_framing(const RequestHead& request, const ResponseHead& response);

struct ClientHeadOptions {
  ClientFraming framing = {};
  std::uint8_t client_minor = 1;  // of the request; decides on `Connection: keep-alive` for HTTP/1.0
  std::string_view date = {};     // written when the upstream sent none; empty: none
  FieldFilter* filter = nullptr;
  std::span<const Field> added = {};
  ConnectionNominated* nominated = nullptr;
};
// The response as the client gets it. Never copied: hop-by-hop fields, what Connection names, the framing field except
// the Content-Length that describes a HEAD or 304. For a 101 (head.upgrade) Upgrade and Connection are written anew.
void append_client_head(std::string& out, const ResponseHead& head, const ClientHeadOptions& options);

// --- chunked coding ---

void append_chunk_head(std::string& out, std::uint64_t size);  // size > 0; then the data, then kChunkEnd
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";
// The last chunk with trailers; without any it is kLastChunk. Left out are fields of is_hop_by_hop(), those that
// Connection in `headers`, the head of the same message, names, and X-Request-Id, which is ours. `nominated` is
// scratch.
void append_last_chunk(std::string& out, const HeaderList& trailers, const HeaderList& headers,
                       ConnectionNominated& nominated);

// --- local replies ---

struct Reply {
  std::uint16_t status = 200;
  std::string_view content_type = {};  // empty: none
  std::span<const Field> headers = {};
  std::string_view body = {};
  std::string_view date = {};  // empty: none
  bool head_only = false;      // HEAD: Content-Length without the body
  bool keep_alive = true;
  std::uint8_t client_minor = 1;
};
// Head and body. 1xx, 204 and 304 get neither body nor Content-Length.
void append_reply(std::string& out, const Reply& reply);

// "HTTP/1.1 100 Continue\r\n\r\n"
inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// --- pieces ---

void append_field(std::string& out, std::string_view name, std::string_view value);
void append_status_line(std::string& out, std::uint16_t status, std::string_view reason = {});
void append_number(std::string& out, std::uint64_t value);

}  // namespace hearth::http
