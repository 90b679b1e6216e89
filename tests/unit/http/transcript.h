// Runs a parser over an input cut into pieces and writes down what it said, in a form that must not depend on the
// cuts. Shared by the byte-level tables and the fuzz targets.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "http/request_parser.h"
#include "http/response_parser.h"

namespace hearth::http::test {

struct Transcript {
  std::string verdicts;  // "ok ok 400": one word per message; "part" for an unfinished one
  std::string events;    // everything the parser reported
  bool operator==(const Transcript&) const = default;
};

// Requests until the first error, the first that closes, or the first upgrade; what follows is noted as untouched.
Transcript read_requests(const std::vector<std::string_view>& pieces, const Limits& limits = kDefaultLimits);

// One response (with its interim ones), then the end of the connection when `closed`.
Transcript read_response(const std::vector<std::string_view>& pieces, const ResponseContext& context, bool closed,
                         const Limits& limits = kDefaultLimits);

std::vector<std::string_view> cut_at(std::string_view input, std::size_t at);
std::vector<std::string_view> cut_every(std::string_view input, std::size_t size);

}  // namespace hearth::http::test
