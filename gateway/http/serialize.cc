#include "http/serialize.h"

#include <charconv>

#include "http/chars.h"
#include "http/validate.h"

namespace hearth::http {

namespace {

constexpr std::string_view kConnectionClose = "Connection: close\r\n";
constexpr std::string_view kConnectionKeepAlive = "Connection: keep-alive\r\n";
constexpr std::string_view kConnectionUpgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
constexpr std::string_view kChunkedField = "Transfer-Encoding: chunked\r\n";

bool has_no_content(std::uint16_t status) { return status < 200 || status == 204 || status == 304; }

void append_length(std::string& out, std::uint64_t length) {
  out.append("Content-Length: ");
  append_number(out, length);
  out.append("\r\n");
}

void append_added(std::string& out, std::span<const Field> added) {
  for (const Field& field : added) append_field(out, field.name, field.value);
}

// Fields that go through, each after its filter. `keep` says which may.
template <class Keep>
void append_passing(std::string& out, const HeaderList& headers, const ConnectionNominated& nominated,
                    FieldFilter* filter, Keep&& keep) {
  for (const Header& field : headers) {
    if (is_hop_by_hop(field) || !keep(field) || (!nominated.empty() && nominated.contains(field.name))) continue;
    std::string_view value = field.value;
    if (filter != nullptr && !filter->pass(field, value)) continue;
    append_field(out, field.name, value);
  }
}

}  // namespace

void append_number(std::string& out, std::uint64_t value) {
  char digits[20];
  const std::to_chars_result end = std::to_chars(digits, digits + sizeof(digits), value);
  out.append(digits, end.ptr);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  if (!is_field_value(value)) return;
  out.append(name).append(": ").append(value).append("\r\n");
}

void append_status_line(std::string& out, std::uint16_t status, std::string_view reason) {
  out.append("HTTP/1.1 ");
  append_number(out, status);
  out.append(" ").append(reason.empty() ? reason_phrase(status) : reason).append("\r\n");
}

void append_upstream_head(std::string& out, const RequestHead& head, const UpstreamHeadOptions& options) {
  ConnectionNominated local;
  ConnectionNominated& nominated = options.nominated != nullptr ? *options.nominated : local;
  nominated.collect(head.headers);
  out.append(head.method_text).append(" ").append(options.target).append(" HTTP/1.1\r\n");
  if (!options.host.empty()) append_field(out, "Host", options.host);
  append_passing(out, head.headers, nominated, options.filter, [](const Header& field) {
    return field.id != KnownHeader::host && field.id != KnownHeader::content_length &&
           !is_client_identity_header(field.name) && !is_lookalike(field);
  });
  if (head.framing == Framing::chunked) out.append(kChunkedField);
  if (head.framing == Framing::content_length) append_length(out, head.content_length);
  if (head.upgrade_websocket) {
    out.append(kConnectionUpgrade);
  } else if (head.accepts_trailers) {
    out.append(options.keep_alive ? "TE: trailers\r\nConnection: TE\r\n" : "TE: trailers\r\nConnection: TE, close\r\n");
  } else if (!options.keep_alive) {
    out.append(kConnectionClose);
  }
  append_added(out, options.added);
  out.append("\r\n");
}

ClientFraming choose_client_framing(const RequestHead& request, const ResponseHead& response) {
  if (response.is_interim) return {Framing::none, request.keep_alive};
  if (response.upgrade) return {Framing::none, false};
  if (request.method == Method::head || has_no_content(response.status)) return {Framing::none, request.keep_alive};
  if (response.framing == Framing::none || response.framing == Framing::content_length) {
    return {response.framing, request.keep_alive};
  }
  if (request.minor == 1) return {Framing::chunked, request.keep_alive};
  return {Framing::until_close, false};
}

void append_client_head(std::string& out, const ResponseHead& head, const ClientHeadOptions& options) {
  ConnectionNominated local;
  ConnectionNominated& nominated = options.nominated != nullptr ? *options.nominated : local;
  nominated.collect(head.headers);
  append_status_line(out, head.status, head.reason);
  // A Content-Length next to no body describes what a GET would have got (HEAD, 304); 1xx and 204 may not have one.
  const bool describes = options.framing.framing == Framing::none && head.status >= 200 && head.status != 204;
  append_passing(out, head.headers, nominated, options.filter,
                 [&](const Header& field) { return field.id != KnownHeader::content_length || describes; });
  if (options.framing.framing == Framing::chunked) out.append(kChunkedField);
  if (options.framing.framing == Framing::content_length) append_length(out, head.content_length);
  if (head.upgrade) {
    out.append(kConnectionUpgrade);
  } else if (!head.is_interim) {
    if (!options.framing.keep_alive) {
      out.append(kConnectionClose);
    } else if (options.client_minor == 0) {
      out.append(kConnectionKeepAlive);
    }
    if (!options.date.empty() && head.headers.find(KnownHeader::date) == nullptr) {
      append_field(out, "Date", options.date);
    }
  }
  append_added(out, options.added);
  out.append("\r\n");
}

void append_chunk_head(std::string& out, std::uint64_t size) {
  char digits[16];
  const std::to_chars_result end = std::to_chars(digits, digits + sizeof(digits), size, 16);
  out.append(digits, end.ptr).append("\r\n");
}

void append_last_chunk(std::string& out, const HeaderList& trailers, const HeaderList& headers,
                       ConnectionNominated& nominated) {
  out.append("0\r\n");
  if (!trailers.empty()) {
    nominated.collect(headers);
    append_passing(out, trailers, nominated, nullptr,
                   [](const Header& field) { return field.id != KnownHeader::x_request_id; });
  }
  out.append("\r\n");
}

void append_reply(std::string& out, const Reply& reply) {
  append_status_line(out, reply.status);
  if (!reply.date.empty()) append_field(out, "Date", reply.date);
  if (!reply.content_type.empty()) append_field(out, "Content-Type", reply.content_type);
  if (!has_no_content(reply.status)) append_length(out, reply.body.size());
  append_added(out, reply.headers);
  if (!reply.keep_alive) {
    out.append(kConnectionClose);
  } else if (reply.client_minor == 0) {
    out.append(kConnectionKeepAlive);
  }
  out.append("\r\n");
  if (!reply.head_only && !has_no_content(reply.status)) out.append(reply.body);
}

}  // namespace hearth::http
