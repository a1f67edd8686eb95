# SPDX-License-Identifier: Apache-2.0
# FOURTUPLE_PGO: everything is compiled to write a profile, or with one that was written.
if(FOURTUPLE_PGO)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    message(FATAL_ERROR "FOURTUPLE_PGO: the profiles are GCC's; configure with g++")
  endif()
  # Objects have the same names in both trees.
  add_compile_options(-fprofile-prefix-path=${PROJECT_BINARY_DIR})
  add_link_options(-fprofile-prefix-path=${PROJECT_BINARY_DIR})
  if(FOURTUPLE_PGO STREQUAL "generate")
    add_compile_options(-fprofile-generate=${FOURTUPLE_PGO_PROFILE})
    add_link_options(-fprofile-generate=${FOURTUPLE_PGO_PROFILE})
  elseif(FOURTUPLE_PGO STREQUAL "use")
    # What never ran in training is optimised as ever, not for size: that a profile has no losses does not make them rare.
    set(options -fprofile-use=${FOURTUPLE_PGO_PROFILE} -fprofile-partial-training)
    # Opening and closing are rare beside data, but no less worth it. What takes the last thousandth of the time is cold,
    # and compiled to be small, instead of the last hundredth.
    list(APPEND options "SHELL:--param hot-bb-count-ws-permille=999")
    # A packet goes through dozens of functions of which each saves and restores six registers. The profile knows which of
    # them are worth having in line, so growth is no reason against it.
    foreach(parameter max-inline-insns-auto=100 inline-min-speedup=1 inline-unit-growth=300 large-function-growth=3000
            large-function-insns=10000 large-stack-frame-growth=5000)
      list(APPEND options "SHELL:--param ${parameter}")
    endforeach()
    # Copies between registers go away when they may have other names.
    list(APPEND options -frename-registers)
    # Where sizes are known to be small it would copy by `rep movs`, which takes tens of clocks to begin.
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
      list(APPEND options -mmemcpy-strategy=libcall:-1:noalign)
    endif()
    add_compile_options(${options} -Wno-missing-profile)
    add_link_options(${options})
  else()
    message(FATAL_ERROR "FOURTUPLE_PGO is generate or use, not ${FOURTUPLE_PGO}")
  endif()
endif()
