// Lets a cmocka group run as GoogleTest cases, one each, so that C code can keep its tests in C.
//
// In C:   const struct CMUnitTest c_module_tests[] = {cmocka_unit_test(...), …};
//         const size_t c_module_test_count = …;
// Here:   INSTANTIATE_CMOCKA_GROUP(CModule, c_module_tests, c_module_test_count);
//
// Each case runs as a group of its own, so cmocka's own checks (mock values left over, leaks of test_malloc) count too.
#pragma once

#include <gtest/gtest.h>

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
extern "C" {
#include <cmocka.h>
}
#undef fail  // cmocka's macros that are C++ names here

#include <string>
#include <vector>

namespace hearth::test {

class CmockaCase : public ::testing::Test {
 public:
  explicit CmockaCase(const CMUnitTest& test) : test_(test) {}
  void TestBody() override {
    const CMUnitTest one[] = {test_};
    EXPECT_EQ(_cmocka_run_group_tests(test_.name, one, 1, nullptr, nullptr), 0) << "cmocka's report is above";
  }

 private:
  CMUnitTest test_;
};

inline int register_cmocka_group(const char* suite, const CMUnitTest* tests, std::size_t count, const char* file,
                                 int line) {
  for (std::size_t i = 0; i < count; ++i) {
    const CMUnitTest test = tests[i];
    ::testing::RegisterTest(suite, test.name, nullptr, nullptr, file, line, [test] { return new CmockaCase(test); });
  }
  return static_cast<int>(count);
}

}  // namespace hearth::test

#define INSTANTIATE_CMOCKA_GROUP(suite, tests, count) \
  const int suite##_registered = ::hearth::test::register_cmocka_group(#suite, tests, count, __FILE__, __LINE__)
