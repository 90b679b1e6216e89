option(HEARTH_BUILD_TESTS "Build unit and integration tests" ON)
option(HEARTH_WERROR "Treat warnings as errors" OFF)
option(HEARTH_FUZZ "Build libFuzzer targets (needs clang)" OFF)
option(HEARTH_BUILD_PERF "Build perf/: load generator, floor and micro benchmarks (those need Google Benchmark)" OFF)
option(HEARTH_CRASH_POINTS "Compile in the points where tests kill the process (gateway/base/crash_point.h)" OFF)
option(HEARTH_COVERAGE "Instrument for gcov" OFF)
set(HEARTH_SANITIZE "" CACHE STRING "Comma separated sanitizers, e.g. address,undefined or thread")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

# Modules share C++ classes with the program that loads them, so both must come from equal builds (module_abi.h).
add_compile_definitions(
  HEARTH_BUILD_FINGERPRINT="${PROJECT_VERSION}-${CMAKE_CXX_COMPILER_ID}-${CMAKE_CXX_COMPILER_VERSION}-${CMAKE_BUILD_TYPE}-${HEARTH_SANITIZE}"
  HEARTH_VERSION="${PROJECT_VERSION}")
