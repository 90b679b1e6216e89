// Picks the store that a URL names: s3://bucket/key or file:///path.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "object_store/object_store.h"
#include "object_store/s3_client.h"

namespace hearth::object_store {

struct Location {
  bool s3 = false;
  std::string bucket;  // of s3
  std::string key;     // of s3: after the bucket; of file: the path without its first slash
};

// Neither part may be empty. Percent signs mean themselves: a key is taken as it stands.
Result<Location> parse_url(std::string_view url);

// How stores are reached, from AWS_ENDPOINT_URL, AWS_REGION (or AWS_DEFAULT_REGION), AWS_ACCESS_KEY_ID,
// AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_CA_BUNDLE, AWS_S3_ADDRESSING_STYLE (auto, path, virtual). Without an access
// key the file AWS_SHARED_CREDENTIALS_FILE names is read; error{permission_denied} names what it lacks.
using Environment = std::function<std::optional<std::string>(const char* name)>;
Result<S3Options> s3_options(const Environment& environment);

// A store for `location`. Keys of a file store are relative to "/".
Result<std::unique_ptr<ObjectStore>> open_store(const Location& location, S3Options options);

}  // namespace hearth::object_store
