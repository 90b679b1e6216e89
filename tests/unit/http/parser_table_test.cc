#include <gtest/gtest.h>

#include <algorithm>

#include "unit/http/cases.h"
#include "unit/http/transcript.h"

namespace hearth::http::test {
namespace {

// Every 2-way cut of a short input; a sample of a long one.
std::size_t cut_step(std::size_t size) { return std::max<std::size_t>(1, size / 256); }

class RequestTable : public testing::TestWithParam<std::vector<RequestCase> (*)()> {};

TEST_P(RequestTable, VerdictIsAsTheRuleSaysHoweverTheInputIsCut) {
  for (const RequestCase& c : GetParam()()) {
    SCOPED_TRACE(c.rule);
    const Transcript whole = read_requests({c.input});
    EXPECT_EQ(whole.verdicts, c.verdicts) << whole.events.substr(0, 400);
    EXPECT_EQ(read_requests(cut_every(c.input, 1)), whole) << "byte by byte";
    for (std::size_t at = 1; at < c.input.size(); at += cut_step(c.input.size())) {
      ASSERT_EQ(read_requests(cut_at(c.input, at)), whole) << "cut at " << at;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, RequestTable,
                         testing::Values(&request_line_cases, &request_field_cases, &request_framing_cases,
                                         &request_upgrade_cases, &request_limit_cases));

TEST(ResponseTable, VerdictIsAsTheRuleSaysHoweverTheInputIsCut) {
  for (const ResponseCase& c : response_cases()) {
    SCOPED_TRACE(c.rule);
    const Transcript whole = read_response({c.input}, c.context, c.closed);
    EXPECT_EQ(whole.verdicts, c.verdicts) << whole.events.substr(0, 400);
    EXPECT_EQ(read_response(cut_every(c.input, 1), c.context, c.closed), whole) << "byte by byte";
    for (std::size_t at = 1; at < c.input.size(); at += cut_step(c.input.size())) {
      ASSERT_EQ(read_response(cut_at(c.input, at), c.context, c.closed), whole) << "cut at " << at;
    }
  }
}

TEST(CaseTables, AreAsLargeAsPromised) {
  const std::size_t n = request_line_cases().size() + request_field_cases().size() + request_framing_cases().size() +
                        request_upgrade_cases().size() + request_limit_cases().size() + response_cases().size();
  EXPECT_GE(n, 200u);
}

}  // namespace
}  // namespace hearth::http::test
