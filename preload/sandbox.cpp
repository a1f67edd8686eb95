// SPDX-License-Identifier: Apache-2.0
#include "preload/sandbox.hpp"

#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <atomic>
#include <cstdarg>

#include "preload/libc.hpp"

namespace fourtuple::preload {
namespace {

FOURTUPLE_LIBC(prctl)

std::atomic<bool> sandboxed = false;

}  // namespace

bool in_sandbox() noexcept { return sandboxed.load(std::memory_order_relaxed); }

FOURTUPLE_EXPORT int prctl(int option, ...) noexcept {
  va_list rest;
  va_start(rest, option);
  unsigned long arguments[4];
  for (unsigned long& one : arguments) one = va_arg(rest, unsigned long);
  va_end(rest);
  const int result = libc_prctl(option, arguments[0], arguments[1], arguments[2], arguments[3]);
  if (option == PR_SET_SECCOMP && result == 0) sandboxed = true;
  return result;
}

}  // namespace fourtuple::preload
