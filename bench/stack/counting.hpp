// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <valgrind/callgrind.h>

namespace fourtuple::bench {

/// While it lives, instructions are counted if the program runs under callgrind with --instr-atstart=no. What the
/// device does is left out by the names of its functions (measure.py).
class counted {
 public:
  counted() { CALLGRIND_START_INSTRUMENTATION; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  ~counted() { CALLGRIND_STOP_INSTRUMENTATION; }
};

}  // namespace fourtuple::bench
