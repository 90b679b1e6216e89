// LlhttpCheck: llhttp, with no lenient flag, reading the same bytes as our own scanner. It must come to the same
// method, version, framing and body, or the message is refused: a disagreement between two parsers is what request
// smuggling is made of. The only file pair that knows llhttp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/message.h"
#include "http/validate.h"

namespace hearth::http {

class LlhttpCheck {
 public:
  LlhttpCheck() = default;
  LlhttpCheck(const LlhttpCheck&) = delete;
  LlhttpCheck& operator=(const LlhttpCheck&) = delete;

  // `text` is one whole head, up to and with the empty line. After true for a chunked head, body() may follow.
  bool agrees_on_request(std::string_view text, const RequestHead& head);
  bool agrees_on_response(std::string_view text, const ResponseHead& head, const ResponseContext& context);

  // The next bytes of a chunked body, of which `data_bytes` are chunk data, ending the message or not.
  bool agrees_on_chunks(std::string_view bytes, std::size_t data_bytes, bool ends_message);

 private:
  friend struct LlhttpAccess;
  alignas(void*) unsigned char storage_[192] = {};  // llhttp_t, whose size the source asserts
  std::uint64_t data_seen_ = 0;
  bool skip_body_ = false;
  bool complete_ = false;
};

}  // namespace hearth::http
