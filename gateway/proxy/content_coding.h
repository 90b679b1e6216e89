// Which content coding a file is sent in (RFC 9110 8.4, 12.5.3). Pure.
#pragma once

#include <string_view>
#include <vector>

#include "config/settings.h"
#include "http/message.h"
#include "proxy/compressor.h"

namespace hearth::proxy {

// The codings whose precompressed files may be sent, best first.
std::vector<Coding> static_codings(const config::LocationSettings& settings, const http::HeaderList& headers);
// Whether files of this type and size are compressed at all, that is for some client.
bool is_compressible(const config::CompressionSettings& coding, const std::vector<std::string>& types,
                     std::string_view media_type, std::uint64_t size);
// What such a file is compressed to for this client; identity: as it is.
Coding dynamic_coding(const config::LocationSettings& settings, const http::HeaderList& headers,
                      std::string_view media_type, std::uint64_t size);

}  // namespace hearth::proxy
