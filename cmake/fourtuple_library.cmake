# SPDX-License-Identifier: Apache-2.0
# How every C++ target of the project is compiled.

add_library(fourtuple_compile_options INTERFACE)
target_compile_features(fourtuple_compile_options INTERFACE cxx_std_20)
target_include_directories(fourtuple_compile_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(fourtuple_compile_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Werror)
if(FOURTUPLE_SANITIZE)
  # GCC's own documentation: with sanitizers this warning has false positives (gcc(1), -fsanitize). libstdc++'s <regex> is one.
  target_compile_options(fourtuple_compile_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_compile_options(fourtuple_compile_options INTERFACE
    -fsanitize=${FOURTUPLE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(fourtuple_compile_options INTERFACE -fsanitize=${FOURTUPLE_SANITIZE})
endif()

if(FOURTUPLE_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "FOURTUPLE_FUZZ: libFuzzer is Clang's; configure with the preset fuzz")
  endif()
  target_compile_options(fourtuple_compile_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# fourtuple_library(NAME SOURCES ... DEPENDS ...): the static library fourtuple_NAME, alias fourtuple::NAME.
# Includes are written from the top of the tree: #include "host/base/clock.hpp".
function(fourtuple_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  if(ARG_SOURCES)
    add_library(fourtuple_${name} STATIC ${ARG_SOURCES})
    target_link_libraries(fourtuple_${name} PUBLIC ${ARG_DEPENDS} PRIVATE fourtuple_compile_options)
    target_include_directories(fourtuple_${name} PUBLIC ${PROJECT_SOURCE_DIR})
    target_compile_features(fourtuple_${name} PUBLIC cxx_std_20)
  else()
    add_library(fourtuple_${name} INTERFACE)
    target_link_libraries(fourtuple_${name} INTERFACE ${ARG_DEPENDS})
    target_include_directories(fourtuple_${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_compile_features(fourtuple_${name} INTERFACE cxx_std_20)
  endif()
  add_library(fourtuple::${name} ALIAS fourtuple_${name})
endfunction()
