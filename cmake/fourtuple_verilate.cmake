# SPDX-License-Identifier: Apache-2.0
# The RTL as C++: Verilator's output is compiled without the project's warnings, because nobody here writes it.
set(CMAKE_POLICY_DEFAULT_CMP0074 NEW)
find_package(verilator REQUIRED HINTS $ENV{VERILATOR_ROOT} /usr/share/verilator)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)

# What all Verilated models need of Verilator, compiled once: verilate() would add it to each of them. The linker takes only what a
# program uses, so that the waveform writer is in no program without waveforms.
set(verilator_include ${VERILATOR_ROOT}/include)
add_library(fourtuple_verilated_runtime STATIC
  ${verilator_include}/verilated.cpp
  ${verilator_include}/verilated_cov.cpp
  ${verilator_include}/verilated_dpi.cpp
  ${verilator_include}/verilated_fst_c.cpp
  ${verilator_include}/verilated_save.cpp
  ${verilator_include}/verilated_threads.cpp)
target_include_directories(fourtuple_verilated_runtime SYSTEM PUBLIC ${verilator_include} ${verilator_include}/vltstd)
target_compile_definitions(fourtuple_verilated_runtime PRIVATE VM_TRACE=1 VM_TRACE_FST=1)
target_compile_options(fourtuple_verilated_runtime PRIVATE -w)
target_compile_features(fourtuple_verilated_runtime PUBLIC cxx_std_17)
set_target_properties(fourtuple_verilated_runtime PROPERTIES POSITION_INDEPENDENT_CODE ON)  # For packetdrill's shared object.
target_link_libraries(fourtuple_verilated_runtime PUBLIC Threads::Threads ZLIB::ZLIB)

# fourtuple_verilate(NAME TOP module [CLASS name] [SOURCES files ...] [PARAMETERS P=V ...] [ARGS ...] [COVERS files ...] [NO_TOGGLES] [TRACE]
#                    [LARGE])
# A static library fourtuple_verilated_NAME with the class V<NAME>, or V<CLASS>: two variants with one class, in two programs, can share a
# bench. SOURCES default to all of the RTL. With FOURTUPLE_COVERAGE it counts
# lines, toggles and cover points, except with TRACE; COVERS are files that only such a build reads, with cover points bound to modules;
# NO_TOGGLES leaves toggles out: of a large model they take hours to compile. LARGE: its files are compiled one by one; those of others
# together, since Verilator's headers are most of what is compiled.
function(fourtuple_verilate name)
  cmake_parse_arguments(ARG "TRACE;NO_TOGGLES;LARGE" "TOP;CLASS" "SOURCES;PARAMETERS;ARGS;COVERS" ${ARGN})
  set(target fourtuple_verilated_${name})
  if(NOT ARG_SOURCES)
    set(ARG_SOURCES ${FOURTUPLE_RTL_SOURCES})
  endif()
  if(NOT ARG_CLASS)
    set(ARG_CLASS ${name})
  endif()
  set(parameters)
  foreach(parameter ${ARG_PARAMETERS})
    list(APPEND parameters -G${parameter})
  endforeach()
  set(trace)
  if(ARG_TRACE)
    set(trace TRACE_FST)
  endif()
  set(coverage)
  set(optimisation)
  if(ARG_LARGE AND CMAKE_BUILD_TYPE MATCHES "^Rel")  # What is "slow" runs once.
    set(optimisation OPT_SLOW -O0)
  endif()
  if(FOURTUPLE_COVERAGE AND NOT ARG_TRACE)
    set(coverage --coverage-line --coverage-user)
    if(NOT ARG_NO_TOGGLES)
      list(APPEND coverage --coverage-toggle)
    endif()
    if(ARG_COVERS)
      list(APPEND ARG_SOURCES ${ARG_COVERS})
      list(APPEND coverage -I${PROJECT_SOURCE_DIR})
    endif()
  endif()
  if(FOURTUPLE_COVERAGE)  # Compiling takes longer than running.
    set(optimisation OPT_SLOW -O0 OPT_FAST -O1)
  endif()
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp "// Gives the library a source of its own; Verilator's are added to it.\n")
  add_library(${target} STATIC ${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp)
  verilate(${target} SOURCES ${ARG_SOURCES} TOP_MODULE ${ARG_TOP} PREFIX V${ARG_CLASS} ${trace} ${optimisation}
    VERILATOR_ARGS -Wall -DRAM_COLLISIONS_INVERT --assert --x-assign fast --x-initial fast --output-split 20000 -O3 ${parameters} ${coverage} ${ARG_ARGS})
  if(coverage)
    target_compile_definitions(${target} PUBLIC FOURTUPLE_COVERAGE)
  endif()
  # Blocks run for seconds and take longer to compile than to run: tb/CMakeLists.txt asks for more where it pays.
  target_compile_options(${target} PRIVATE -w $<$<CONFIG:Release,RelWithDebInfo>:-O1>)
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources EXCLUDE REGEX "^${VERILATOR_ROOT}/include/")
  set_target_properties(${target} PROPERTIES SOURCES "${sources}")
  if(NOT ARG_LARGE)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
  endif()
  target_link_libraries(${target} PUBLIC fourtuple_verilated_runtime)
  get_target_property(includes ${target} INTERFACE_INCLUDE_DIRECTORIES)
  set_target_properties(${target} PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${includes}")
  target_compile_features(${target} PUBLIC cxx_std_17)
endfunction()
