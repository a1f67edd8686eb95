// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "preload/waiting.hpp"

namespace fourtuple::preload {

/// Something that is to happen at a simulated time, by a thread that the process gets with the first of them: for waits
/// that the kernel cannot end with a descriptor. Only in virtual time.
struct simulated_alarm {
  /// Its time has come. Runs in that thread, without a lock, and must not wait for what may wait for arm() or disarm()
  /// of this alarm.
  void (*due)(simulated_alarm& self) noexcept = nullptr;
  /// When it is to be called next, no_deadline_ns: not again. Asked with the list's lock held, before due(), which lets
  /// others see that its time has come: they see the next deadline with it.
  std::uint64_t (*move_on)(simulated_alarm& self, std::uint64_t now_ns) noexcept = nullptr;
  std::uint64_t deadline_ns = no_deadline_ns;  ///< no_deadline_ns: not armed.
  simulated_alarm* next = nullptr;
};

/// `one` lives until disarm() has returned.
void arm(simulated_alarm& one, std::uint64_t deadline_ns) noexcept;
/// Afterwards it is not running and will not.
void disarm(simulated_alarm& one) noexcept;
/// When it will be; no_deadline_ns: not armed.
[[nodiscard]] std::uint64_t deadline_of(const simulated_alarm& one) noexcept;

/// A signal that ends waits of a thread. Its handler does nothing.
[[nodiscard]] int wake_up_signal() noexcept;

}  // namespace fourtuple::preload
