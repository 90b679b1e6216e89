// The AWS shared credentials file: "[profile]" lines, and below them "aws_access_key_id = …" and so on.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "object_store/sigv4.h"

namespace hearth::object_store {

// Of profile [default], or of the only one. Error{permission_denied}: says what is missing.
Result<Credentials> parse_credentials(std::string_view text);
// As above; the error names the file.
Result<Credentials> read_credentials(const std::string& path);
// What parse_credentials() reads.
std::string credentials_text(const Credentials& credentials);

}  // namespace hearth::object_store
