// Accept-Encoding (RFC 9110 12.5.3).
#pragma once

#include <string_view>

#include "http/message.h"

namespace hearth::http {

// How much the client likes the content coding, in thousandths; 0 = not acceptable. By its own element, else by "*",
// else 0; of "identity" 1 if it is not named at all: then any coding that is named is better.
unsigned coding_weight(const HeaderList& headers, std::string_view coding);

}  // namespace hearth::http
