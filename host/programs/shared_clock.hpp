// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "host/programs/descriptor.hpp"
#include "preload/protocol.hpp"

namespace fourtuple::programs {

/// The page in which programs in virtual time read what time it is. Only this process can write it.
class shared_clock {
 public:
  /// CLOCK_REALTIME begins at the wall clock's time, CLOCK_MONOTONIC at a second. Throws std::runtime_error.
  shared_clock();
  shared_clock(const shared_clock&) = delete;
  shared_clock& operator=(const shared_clock&) = delete;
  ~shared_clock();

  void set(std::uint64_t simulated_ns) noexcept {
    __atomic_store_n(&page_->simulated_ns, simulated_ns, __ATOMIC_RELEASE);
  }
  /// Where programs of the same user can open it while this process lives. It is nowhere in the file system.
  [[nodiscard]] std::string path() const;

 private:
  descriptor file_;
  preload::clock_page* page_ = nullptr;
};

}  // namespace fourtuple::programs
