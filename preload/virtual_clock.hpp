// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "preload/protocol.hpp"

namespace fourtuple::preload {

/// The clock of the world that the program lives by; nullptr if it lives by the kernel's.
[[nodiscard]] const clock_page* world_clock() noexcept;

/// The world does not answer any more. Virtual time goes on with the kernel's clock from now on.
void world_is_gone() noexcept;

}  // namespace fourtuple::preload
