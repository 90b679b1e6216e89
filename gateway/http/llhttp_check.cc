#include "http/llhttp_check.h"

#include <llhttp.h>

#include <new>

namespace hearth::http {

// Callbacks get the llhttp_t only; its data points back to us.
struct LlhttpAccess {
  static llhttp_t* parser(LlhttpCheck& check) {
    static_assert(sizeof(llhttp_t) <= sizeof(check.storage_));
    return std::launder(reinterpret_cast<llhttp_t*>(check.storage_));
  }
  static LlhttpCheck& self(llhttp_t* parser) { return *static_cast<LlhttpCheck*>(parser->data); }

  static int on_headers_complete(llhttp_t* parser) {
    // Whether an Upgrade is honoured is decided elsewhere; llhttp must not treat what follows as not HTTP.
    if (parser->type == HTTP_REQUEST) parser->upgrade = 0;
    return self(parser).skip_body_ ? 1 : 0;
  }
  static int on_body(llhttp_t* parser, const char*, std::size_t size) {
    self(parser).data_seen_ += size;
    return 0;
  }
  static int on_message_complete(llhttp_t* parser) {
    self(parser).complete_ = true;
    return 0;
  }

  static llhttp_errno_t start(LlhttpCheck& check, llhttp_type_t type, std::string_view text, bool skip_body) {
    static const llhttp_settings_t settings = [] {
      llhttp_settings_t s;
      llhttp_settings_init(&s);
      s.on_headers_complete = on_headers_complete;
      s.on_body = on_body;
      s.on_message_complete = on_message_complete;
      return s;
    }();
    llhttp_t* p = new (check.storage_) llhttp_t;
    llhttp_init(p, type, &settings);
    p->data = &check;
    check.data_seen_ = 0;
    check.complete_ = false;
    check.skip_body_ = skip_body;
    return llhttp_execute(p, text.data(), text.size());
  }
};

namespace {

bool same_framing(const llhttp_t& p, Framing framing, std::uint64_t content_length, bool complete) {
  const bool chunked = (p.flags & F_CHUNKED) != 0;
  const bool counted = (p.flags & F_CONTENT_LENGTH) != 0;
  switch (framing) {
    case Framing::none:
      return complete;
    case Framing::content_length:
      return !chunked && counted && (content_length == 0 ? complete : !complete && p.content_length == content_length);
    case Framing::chunked:
      return chunked && !counted && !complete;
    case Framing::until_close:
      return !chunked && !counted && !complete;
  }
  return false;
}

}  // namespace

bool LlhttpCheck::agrees_on_request(std::string_view text, const RequestHead& head) {
  const llhttp_errno_t error = LlhttpAccess::start(*this, HTTP_REQUEST, text, false);
  const llhttp_t& p = *LlhttpAccess::parser(*this);
  return error == HPE_OK && p.http_major == 1 && p.http_minor == head.minor &&
         head.method_text == llhttp_method_name(static_cast<llhttp_method_t>(p.method)) && data_seen_ == 0 &&
         same_framing(p, head.framing, head.content_length, complete_);
}

bool LlhttpCheck::agrees_on_response(std::string_view text, const ResponseHead& head, const ResponseContext& context) {
  const llhttp_errno_t error = LlhttpAccess::start(*this, HTTP_RESPONSE, text, context.head_request);
  const llhttp_t& p = *LlhttpAccess::parser(*this);
  const bool stopped_as_expected = head.upgrade ? error == HPE_PAUSED_UPGRADE || error == HPE_OK : error == HPE_OK;
  return stopped_as_expected && p.http_major == 1 && p.http_minor == head.minor && p.status_code == head.status &&
         data_seen_ == 0 && same_framing(p, head.framing, head.content_length, complete_);
}

bool LlhttpCheck::agrees_on_chunks(std::string_view bytes, std::size_t data_bytes, bool ends_message) {
  const std::uint64_t before = data_seen_;
  const llhttp_errno_t error = llhttp_execute(LlhttpAccess::parser(*this), bytes.data(), bytes.size());
  return error == HPE_OK && data_seen_ - before == data_bytes && complete_ == ends_message;
}

}  // namespace hearth::http
