// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace fourtuple::bench {

/// How often the bench's host gives receive space back.
inline constexpr std::uint32_t give_back_every_frames = 256;

/// Registers and values that make queue 0 receive everything, in order. Its rings lie where nobody reads them.
[[nodiscard]] std::vector<std::pair<std::uint32_t, std::uint32_t>> receive_setup();

/// A TCP segment of 1024 bytes with right checksums.
[[nodiscard]] std::vector<std::byte> receive_frame();

}  // namespace fourtuple::bench
