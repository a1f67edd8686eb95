// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "preload/protocol.hpp"

namespace fourtuple::preload {

/// The clock of the world that the program lives by; nullptr if it lives by the kernel's.
[[nodiscard]] const clock_page* world_clock() noexcept;

}  // namespace fourtuple::preload
