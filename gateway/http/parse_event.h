// What a parser found. Both parsers are pulled: the caller offers bytes, gets one event, removes what was consumed,
// and calls again. Nothing is read ahead: bytes behind a head or behind a message are never touched, so they can be
// kept for the next request, thrown away, or handed to a tunnel.
#pragma once

#include <cstdint>

namespace hearth::http {

enum class ParseEvent : std::uint8_t {
  need_more,    // all offered bytes were consumed and no event is complete
  head,         // head() is valid; nothing behind the empty line was consumed
  body,         // body() is a view into the bytes just offered; never empty
  message_end,  // trailers() is valid; nothing behind the message was consumed; reset() before the next one
  error,        // error() says why; the connection cannot be used further; every later call answers the same
};

}  // namespace hearth::http
