#include "http/websocket.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <string>

#include "base/strings.h"

namespace hearth::http {

namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

// 16 bytes in base64: 22 characters and "==".
bool is_valid_key(std::string_view key) {
  if (key.size() != 24 || !key.ends_with("==")) return false;
  for (const char c : key.substr(0, 22)) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '+' && c != '/') return false;
  }
  return true;
}

}  // namespace

std::array<char, kAcceptKeySize> websocket_accept_key(std::string_view key) {
  std::string text;
  text.reserve(key.size() + kGuid.size());
  text.append(key).append(kGuid);
  unsigned char digest[SHA_DIGEST_LENGTH] = {};
  EVP_Digest(text.data(), text.size(), digest, nullptr, EVP_sha1(), nullptr);
  unsigned char encoded[kAcceptKeySize + 1] = {};  // EVP_EncodeBlock adds a NUL
  EVP_EncodeBlock(encoded, digest, SHA_DIGEST_LENGTH);
  std::array<char, kAcceptKeySize> accept{};
  for (std::size_t i = 0; i < accept.size(); ++i) accept[i] = static_cast<char>(encoded[i]);
  return accept;
}

bool asks_for_websocket(const HeaderList& headers) {
  return headers.lists(KnownHeader::connection, "upgrade") && headers.lists(KnownHeader::upgrade, "websocket");
}

Verdict validate_websocket_request(const RequestHead& head) {
  if (head.method != Method::get) return {400, "WebSocket handshake with a method other than GET"};
  if (head.minor != 1) return {400, "WebSocket handshake in HTTP/1.0"};
  if (head.framing != Framing::none) return {400, "WebSocket handshake with a body"};
  if (head.headers.count(KnownHeader::sec_websocket_version) != 1 ||
      head.headers.value(KnownHeader::sec_websocket_version) != kWebsocketVersion) {
    return {426, "WebSocket version other than 13"};
  }
  if (head.headers.count(KnownHeader::sec_websocket_key) != 1 ||
      !is_valid_key(head.headers.value(KnownHeader::sec_websocket_key))) {
    return {400, "bad Sec-WebSocket-Key"};
  }
  return {};
}

Verdict validate_websocket_response(const ResponseHead& head, std::string_view key) {
  if (head.status != 101) return {502, "not a 101"};
  if (head.headers.count(KnownHeader::upgrade) != 1 ||
      !iequals(head.headers.value(KnownHeader::upgrade), "websocket")) {
    return {502, "101 to another protocol"};
  }
  if (!head.headers.lists(KnownHeader::connection, "upgrade")) return {502, "101 without Connection: upgrade"};
  const std::array<char, kAcceptKeySize> expected = websocket_accept_key(key);
  if (head.headers.count(KnownHeader::sec_websocket_accept) != 1 ||
      head.headers.value(KnownHeader::sec_websocket_accept) != std::string_view(expected.data(), expected.size())) {
    return {502, "101 with a wrong Sec-WebSocket-Accept"};
  }
  return {};
}

}  // namespace hearth::http
