// The page the gateway answers with when nothing else is configured: the status, in words, and the request id that
// the log line carries.
#pragma once

#include <string>
#include <string_view>

namespace hearth::proxy {
std::string local_page(int status, std::string_view request_id);
}
