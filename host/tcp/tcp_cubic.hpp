// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace fourtuple::tcp {

class tcp_congestion_ops;

/// RFC 9438 with Linux's constants, in integers: C = 410/1024, beta = 717/1024, and fast convergence.
[[nodiscard]] const tcp_congestion_ops& tcp_cubic() noexcept;

/// The largest integer whose cube is at most `value`, which is below 2^63.
[[nodiscard]] std::uint32_t cubic_root(std::uint64_t value) noexcept;

}  // namespace fourtuple::tcp
