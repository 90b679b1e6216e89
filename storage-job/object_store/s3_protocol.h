// S3's XML and error codes. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "object_store/transport.h"

namespace hearth::object_store {

// The text of the first <tag> in `xml`, entities resolved; nullopt without one. Attributes and prefixes do not matter
// to the documents S3 sends.
std::optional<std::string> xml_text(std::string_view xml, std::string_view tag);
// The insides of every <tag>, in order.
std::vector<std::string_view> xml_blocks(std::string_view xml, std::string_view tag);
std::string xml_escape(std::string_view text);

// What a refusal means. `what` says what was tried, for the message.
Error s3_error(const HttpReply& reply, std::string_view what);
// The same from the <Error> inside an answer of 200.
Error s3_error_inside(std::string_view body, std::string_view what);

}  // namespace hearth::object_store
