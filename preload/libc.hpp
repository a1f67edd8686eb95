// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dlfcn.h>

#include <atomic>

namespace fourtuple::preload {

/// The function of this name that comes after this library: libc's own. `Function` is its type, e.g. decltype(::bind).
/// The slot keeps it; asking twice at the same time finds the same.
template <typename Function>
Function* next_function(std::atomic<Function*>& slot, const char* name) noexcept {
  Function* found = slot.load(std::memory_order_relaxed);
  if (found == nullptr) {
    found = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
    slot.store(found, std::memory_order_relaxed);
  }
  return found;
}

}  // namespace fourtuple::preload

/// libc's function under the name libc_NAME, for functions that this library has in front of it.
#define FOURTUPLE_LIBC(name)                                                                 \
  template <typename... Arguments>                                                           \
  auto libc_##name(Arguments... arguments) noexcept {                                        \
    static constinit std::atomic<decltype(::name)*> slot = nullptr;                          \
    return ::fourtuple::preload::next_function<decltype(::name)>(slot, #name)(arguments...); \
  }

/// Functions that programs see; everything else in the library is hidden.
#define FOURTUPLE_EXPORT extern "C" __attribute__((visibility("default")))
