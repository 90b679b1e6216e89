option(HEARTH_BUILD_TESTS "Build unit and integration tests" ON)
option(HEARTH_WERROR "Treat warnings as errors" OFF)
option(HEARTH_FUZZ "Build libFuzzer targets (needs clang)" OFF)
option(HEARTH_COVERAGE "Instrument for gcov" OFF)
set(HEARTH_SANITIZE "" CACHE STRING "Comma separated sanitizers, e.g. address,undefined or thread")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
