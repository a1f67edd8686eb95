// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace fourtuple::preload {

/// The program closes a descriptor: if it is a timer of virtual time, that ends with it.
void forget_timer(int fd) noexcept;

}  // namespace fourtuple::preload
