// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace fourtuple::base {

/// The only source of randomness in host/: secrets, initial sequence numbers' keys, ports.
///
/// A seeded generator where a run must be repeatable, the operating system's where it must be secret.
class random_source {
 public:
  random_source() = default;
  random_source(const random_source&) = delete;
  random_source& operator=(const random_source&) = delete;
  virtual ~random_source() = default;

  /// 64 uniformly distributed bits.
  [[nodiscard]] virtual std::uint64_t next() noexcept = 0;
};

}  // namespace fourtuple::base
