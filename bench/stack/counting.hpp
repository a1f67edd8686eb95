// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <valgrind/callgrind.h>

namespace fourtuple::bench {

/// While it lives, instructions are counted if the program runs under callgrind with --instr-atstart=no.
class counted {
 public:
  counted() { CALLGRIND_START_INSTRUMENTATION; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  ~counted() { CALLGRIND_STOP_INSTRUMENTATION; }
};

/// While it lives, what runs is the device's work and not the host's: it is not counted.
class device_work {
 public:
  device_work() { CALLGRIND_TOGGLE_COLLECT; }
  device_work(const device_work&) = delete;
  device_work& operator=(const device_work&) = delete;
  ~device_work() { CALLGRIND_TOGGLE_COLLECT; }
};

}  // namespace fourtuple::bench
