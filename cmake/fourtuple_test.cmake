# SPDX-License-Identifier: Apache-2.0
find_package(GTest REQUIRED)
include(GoogleTest)

# What every test program includes, parsed once instead of in each of their files.
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/fourtuple_test_headers.cpp CONTENT "// Gives the precompiled headers a target.\n")
add_library(fourtuple_test_headers OBJECT ${PROJECT_BINARY_DIR}/fourtuple_test_headers.cpp)
target_link_libraries(fourtuple_test_headers PRIVATE fourtuple_compile_options GTest::gmock)
target_precompile_headers(fourtuple_test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h>)

# fourtuple_test(NAME LABEL unit|rtl|integration|conformance|interop SOURCES ... DEPENDS ... [TIMEOUT seconds] [COVERS_RTL])
# A GoogleTest program; each of its tests becomes a ctest test with that label. scripts/coverage runs those labelled rtl or with COVERS_RTL.
function(fourtuple_test name)
  cmake_parse_arguments(ARG "COVERS_RTL" "LABEL;TIMEOUT" "SOURCES;DEPENDS" ${ARGN})
  if(NOT ARG_LABEL)
    message(FATAL_ERROR "fourtuple_test(${name}): LABEL is missing")
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} fourtuple_compile_options GTest::gmock GTest::gtest_main)
  target_precompile_headers(${name} REUSE_FROM fourtuple_test_headers)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  if(FOURTUPLE_COVERAGE AND (ARG_LABEL STREQUAL "rtl" OR ARG_COVERS_RTL))
    set_property(GLOBAL APPEND PROPERTY FOURTUPLE_COVERAGE_PROGRAMS ${name})
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
endfunction()
