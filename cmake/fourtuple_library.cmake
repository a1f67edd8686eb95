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
  if(FOURTUPLE_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # It does not know fences. The driver's is between a processor and a device, where there is no second thread.
    target_compile_options(fourtuple_compile_options INTERFACE -Wno-tsan)
  endif()
endif()

if(FOURTUPLE_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "FOURTUPLE_FUZZ: libFuzzer is Clang's; configure with the preset fuzz")
  endif()
  target_compile_options(fourtuple_compile_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# fourtuple_precompiled_headers(NAME [DEPENDS ...] HEADERS ...): headers that many files include, parsed once instead of in each of them.
# A target takes them with target_precompile_headers(TARGET REUSE_FROM fourtuple_NAME); it has to be compiled alike (position-independent
# or not, optimised alike), or GCC says so.
function(fourtuple_precompiled_headers name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;HEADERS" ${ARGN})
  set(target fourtuple_${name})
  file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp CONTENT "// Gives the precompiled headers a target.\n")
  add_library(${target} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp)
  target_link_libraries(${target} PRIVATE fourtuple_compile_options ${ARG_DEPENDS})
  target_precompile_headers(${target} PRIVATE ${ARG_HEADERS})
endfunction()

# What runs once, or for moments: GCC takes a third less time for it than at -O3.
set(FOURTUPLE_COLD_OPTIONS $<$<CONFIG:Release,RelWithDebInfo>:-O1>)

# fourtuple_library(NAME SOURCES ... DEPENDS ... [PRECOMPILED name]): the static library fourtuple_NAME, alias fourtuple::NAME.
# PRECOMPILED: headers of fourtuple_precompiled_headers().
# Includes are written from the top of the tree: #include "host/base/clock.hpp".
function(fourtuple_library name)
  cmake_parse_arguments(ARG "" "PRECOMPILED" "SOURCES;DEPENDS" ${ARGN})
  if(ARG_SOURCES)
    add_library(fourtuple_${name} STATIC ${ARG_SOURCES})
    target_link_libraries(fourtuple_${name} PUBLIC ${ARG_DEPENDS} PRIVATE fourtuple_compile_options)
    target_include_directories(fourtuple_${name} PUBLIC ${PROJECT_SOURCE_DIR})
    target_compile_features(fourtuple_${name} PUBLIC cxx_std_20)
    if(ARG_PRECOMPILED)
      target_precompile_headers(fourtuple_${name} REUSE_FROM fourtuple_${ARG_PRECOMPILED})
    endif()
  else()
    add_library(fourtuple_${name} INTERFACE)
    target_link_libraries(fourtuple_${name} INTERFACE ${ARG_DEPENDS})
    target_include_directories(fourtuple_${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_compile_features(fourtuple_${name} INTERFACE cxx_std_20)
  endif()
  add_library(fourtuple::${name} ALIAS fourtuple_${name})
endfunction()
