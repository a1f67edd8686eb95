// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace fourtuple::preload {

/// The program has put itself into a seccomp sandbox. A system call that it would not make itself may be its end there,
/// so from then on this library adds none: reads, writes and options are the kernel's alone.
[[nodiscard]] bool in_sandbox() noexcept;

}  // namespace fourtuple::preload
