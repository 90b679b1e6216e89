// Request targets (RFC 3986, RFC 9112 3.2) and the workspace paths of SPEC section 7. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/uuid.h"

namespace hearth::http {

struct Target {
  std::string_view path;   // up to '?'
  std::string_view query;  // behind '?', without it
  bool has_query = false;  // "/x?" has an empty query
};
// `path_and_query` as in RequestHead.
Target split_target(std::string_view path_and_query);

// `/w/<id>` and `/w/<id>/<rest>`, recognised on the raw bytes: the id is matched before any decoding, and only in its
// one spelling (lower-case UUID).
struct WorkspacePath {
  enum class Kind : std::uint8_t {
    not_workspace,  // does not start with "/w/" (and is not "/w")
    not_found,      // no valid id, or the id segment goes on: 404
    bad_request,    // climbs out of /w/<id>/ by dot segments in some encoding, or contains %00: 400
    needs_slash,    // exactly /w/<id>: 308 to the same with '/', query kept
    workspace,      // id and rest are valid
  };
  Kind kind = Kind::not_workspace;
  Uuid id;
  std::string_view rest;  // what goes upstream: starts with '/', original encoding
};
// `path` is a target's path, without query.
WorkspacePath parse_workspace_path(std::string_view path);

// Whether `path` would climb above its start. Escapes are read once; '/', '\', %2f and %5c are tried both as
// separators and as ordinary characters, and empty segments do not count: true if any reading climbs.
bool climbs(std::string_view path);

// For matching locations and files, as nginx does: escapes decoded once (also %2f), slashes merged, dot segments
// resolved. nullopt: `..` above the root, %00, or a broken escape: 400. The result is `path` itself when there was
// nothing to do, otherwise it lives in `scratch`. `path` must start with '/'.
std::optional<std::string_view> normalize_path(std::string_view path, std::string& scratch);

// Escapes a decoded path for a Location field or a log: everything but unreserved, sub-delims, ':', '@' and '/'.
void append_escaped_path(std::string& out, std::string_view path);

}  // namespace hearth::http
