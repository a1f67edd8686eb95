# SPDX-License-Identifier: Apache-2.0
# The RTL as C++: Verilator's output is compiled without the project's warnings, because nobody here writes it.
set(CMAKE_POLICY_DEFAULT_CMP0074 NEW)
find_package(verilator REQUIRED HINTS $ENV{VERILATOR_ROOT} /usr/share/verilator)

# fourtuple_verilate(NAME TOP module [SOURCES files ...] [PARAMETERS P=V ...] [ARGS ...] [TRACE])
# A static library fourtuple_verilated_NAME with the class V<NAME>. SOURCES default to all of the RTL.
function(fourtuple_verilate name)
  cmake_parse_arguments(ARG "TRACE" "TOP" "SOURCES;PARAMETERS;ARGS" ${ARGN})
  set(target fourtuple_verilated_${name})
  if(NOT ARG_SOURCES)
    set(ARG_SOURCES ${FOURTUPLE_RTL_SOURCES})
  endif()
  set(parameters)
  foreach(parameter ${ARG_PARAMETERS})
    list(APPEND parameters -G${parameter})
  endforeach()
  set(trace)
  if(ARG_TRACE)
    set(trace TRACE_FST)
  endif()
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp "// Gives the library a source of its own; Verilator's are added to it.\n")
  add_library(${target} STATIC ${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp)
  verilate(${target} SOURCES ${ARG_SOURCES} TOP_MODULE ${ARG_TOP} PREFIX V${name} ${trace}
    VERILATOR_ARGS -Wall --assert --x-assign fast --x-initial fast --output-split 20000 -O3 ${parameters} ${ARG_ARGS})
  target_compile_options(${target} PRIVATE -w)
  target_compile_features(${target} PUBLIC cxx_std_17)
endfunction()
