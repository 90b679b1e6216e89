# One static library per folder. Include roots: gateway/ and gateway/include/, and plugins/ for plugins.
function(hearth_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/gateway ${PROJECT_SOURCE_DIR}/gateway/include)
  target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS} hearth_warnings)
endfunction()

# A loadable module build/<preset>/modules/<name>.so. It takes the gateway's base, config, log and runtime from the
# program that loads it (which exports them), so common state exists once. PARTS are the module's own static libraries:
# their objects go in, but not what those libraries link to; DEPS are shared libraries of the system.
function(add_hearth_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PARTS;DEPS" ${ARGN})
  add_library(${name}_module MODULE ${ARG_SOURCES})
  foreach(part ${ARG_PARTS})
    target_sources(${name}_module PRIVATE $<TARGET_OBJECTS:${part}>)
  endforeach()
  set_target_properties(${name}_module PROPERTIES PREFIX "" OUTPUT_NAME ${name}
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/modules)
  target_include_directories(${name}_module PRIVATE
    ${PROJECT_SOURCE_DIR}/gateway ${PROJECT_SOURCE_DIR}/gateway/include ${PROJECT_SOURCE_DIR}/plugins)
  target_link_libraries(${name}_module PRIVATE ${ARG_DEPS} hearth_warnings)
endfunction()

# hearth_test(NAME folder_test SOURCES a_test.cc DEPS lib): one GoogleTest program, one ctest entry.
function(hearth_test)
  cmake_parse_arguments(ARG "" "NAME;TIMEOUT" "SOURCES;DEPS;LABELS;ENVIRONMENT" ${ARGN})
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPS} GTest::gmock_main GTest::gtest hearth_warnings)
  target_include_directories(${ARG_NAME} PRIVATE ${PROJECT_SOURCE_DIR}/plugins ${PROJECT_SOURCE_DIR}/tests)
  add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(HEARTH_SANITIZE) # up to fifteen times as slow, and never measured
    math(EXPR ARG_TIMEOUT "${ARG_TIMEOUT} * 5")
  endif()
  set_tests_properties(${ARG_NAME} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}" ENVIRONMENT "${ARG_ENVIRONMENT}")
endfunction()
