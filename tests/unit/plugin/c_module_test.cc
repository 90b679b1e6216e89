// The C suite of the module entry, as GoogleTest cases.
#include "support/cmocka_bridge.h"

extern "C" const CMUnitTest c_module_tests[];
extern "C" const std::size_t c_module_test_count;

namespace {
INSTANTIATE_CMOCKA_GROUP(CModuleEntry, c_module_tests, c_module_test_count);
}
