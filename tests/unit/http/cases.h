// Byte-level cases: an input, where the rule comes from, and the verdicts expected.
#pragma once

#include <string>
#include <vector>

#include "http/validate.h"

namespace hearth::http::test {

struct RequestCase {
  const char* rule;
  std::string input;
  const char* verdicts;
};
std::vector<RequestCase> request_line_cases();
std::vector<RequestCase> request_field_cases();
std::vector<RequestCase> request_framing_cases();
std::vector<RequestCase> request_upgrade_cases();
std::vector<RequestCase> request_limit_cases();

struct ResponseCase {
  const char* rule;
  std::string input;
  const char* verdicts;
  ResponseContext context = {};
  bool closed = false;
};
std::vector<ResponseCase> response_cases();

}  // namespace hearth::http::test
