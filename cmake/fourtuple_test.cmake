# SPDX-License-Identifier: Apache-2.0
find_package(GTest REQUIRED)
include(GoogleTest)

# What every test program includes; and those that simulate, which have a main() of SystemC's kind.
set(headers <gmock/gmock.h> <gtest/gtest.h> <algorithm> <array> <deque> <functional> <map> <memory> <optional> <span> <string> <vector>)
fourtuple_precompiled_headers(test_headers DEPENDS GTest::gmock HEADERS ${headers})
target_compile_options(fourtuple_test_headers PRIVATE ${FOURTUPLE_COLD_OPTIONS})
if(FOURTUPLE_SIMULATOR)
  fourtuple_precompiled_headers(systemc_test_headers DEPENDS GTest::gmock fourtuple::systemc HEADERS ${headers} <systemc>)
  target_compile_options(fourtuple_systemc_test_headers PRIVATE ${FOURTUPLE_COLD_OPTIONS})
  add_library(fourtuple_systemc_test_main OBJECT ${PROJECT_SOURCE_DIR}/tests/unit/model/sc_main.cpp)
  target_link_libraries(fourtuple_systemc_test_main PRIVATE fourtuple_compile_options GTest::gmock fourtuple::systemc)
  target_compile_options(fourtuple_systemc_test_main PRIVATE ${FOURTUPLE_COLD_OPTIONS})
  target_precompile_headers(fourtuple_systemc_test_main REUSE_FROM fourtuple_systemc_test_headers)
endif()

# fourtuple_test_library(NAME SOURCES ... DEPENDS ...): fourtuple_library() for what tests and benches share.
function(fourtuple_test_library name)
  fourtuple_library(${name} PRECOMPILED test_headers ${ARGN})
  target_link_libraries(fourtuple_${name} PRIVATE GTest::gmock)
  target_compile_options(fourtuple_${name} PRIVATE ${FOURTUPLE_COLD_OPTIONS})
endfunction()

# Builds the test programs that have threads: what is run under ThreadSanitizer.
add_custom_target(tests_with_threads)

# fourtuple_test(NAME LABEL unit|rtl|integration|conformance|interop SOURCES ... DEPENDS ... [TIMEOUT seconds] [COVERS_RTL] [ONLY_MEASURES]
#   [SYSTEMC] [THREADS])
# A GoogleTest program; each of its tests becomes a ctest test with that label. scripts/coverage runs those labelled rtl or with COVERS_RTL, but
# not those that count nothing for it: ONLY_MEASURES. SYSTEMC: its tests simulate. THREADS: it has some, and the label threads as well.
function(fourtuple_test name)
  cmake_parse_arguments(ARG "COVERS_RTL;ONLY_MEASURES;SYSTEMC;THREADS" "LABEL;TIMEOUT" "SOURCES;DEPENDS" ${ARGN})
  if(NOT ARG_LABEL)
    message(FATAL_ERROR "fourtuple_test(${name}): LABEL is missing")
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} fourtuple_compile_options GTest::gmock GTest::gtest_main)
  target_compile_options(${name} PRIVATE ${FOURTUPLE_COLD_OPTIONS})
  if(ARG_SYSTEMC)
    target_link_libraries(${name} PRIVATE fourtuple::systemc fourtuple_systemc_test_main)
    target_precompile_headers(${name} REUSE_FROM fourtuple_systemc_test_headers)
  else()
    target_precompile_headers(${name} REUSE_FROM fourtuple_test_headers)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  if(FOURTUPLE_COVERAGE AND NOT ARG_ONLY_MEASURES AND (ARG_LABEL STREQUAL "rtl" OR ARG_COVERS_RTL))
    set_property(GLOBAL APPEND PROPERTY FOURTUPLE_COVERAGE_PROGRAMS ${name})
  endif()
  set(labels ${ARG_LABEL})
  if(ARG_THREADS)
    add_dependencies(tests_with_threads ${name})
    string(REPEAT "\\" 8 escape)  # Of those who hand the list on, three take half of them away.
    set(labels "${ARG_LABEL}${escape};threads")
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${labels}" TIMEOUT ${ARG_TIMEOUT})
endfunction()
