// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/base/clock.hpp"

namespace fourtuple::tcp {

/// A tick of a kernel that has `hz` of them a second (Linux: a jiffy).
[[nodiscard]] constexpr std::uint64_t tick_ns(std::uint32_t hz) noexcept { return base::ns_per_s / hz; }

/// The time at which a segment is worked off, read and taken apart once for all that is done with it (Linux:
/// tcp_mstamp_refresh).
///
/// What is shorter than 64 bits wraps; differences count.
class tcp_mstamp {
 public:
  explicit tcp_mstamp(std::uint64_t time_ns) noexcept { set(time_ns); }

  /// To a later time. Within a millisecond, where one segment follows another, little changes.
  void advance_to(std::uint64_t time_ns) noexcept {
    const std::uint64_t since_ns = time_ns - ms_start_ns_;
    if (since_ns >= base::ns_per_ms) {
      set(time_ns);
      return;
    }
    ns = time_ns;
    us_ = ms_start_us_ + static_cast<std::uint32_t>(since_ns) / static_cast<std::uint32_t>(base::ns_per_us);
  }

  std::uint64_t ns = 0;
  [[nodiscard]] std::uint32_t us() const noexcept { return us_; }
  [[nodiscard]] std::uint32_t ms() const noexcept { return ms_; }
  [[nodiscard]] std::uint32_t s() const noexcept { return s_; }

 private:
  void set(std::uint64_t time_ns) noexcept {
    const std::uint64_t ms = time_ns / base::ns_per_ms;
    ns = time_ns;
    us_ = static_cast<std::uint32_t>(time_ns / base::ns_per_us);
    ms_ = static_cast<std::uint32_t>(ms);
    s_ = static_cast<std::uint32_t>(time_ns / base::ns_per_s);
    ms_start_ns_ = ms * base::ns_per_ms;
    ms_start_us_ = static_cast<std::uint32_t>(ms * (base::ns_per_ms / base::ns_per_us));
  }

  std::uint32_t us_ = 0;
  std::uint32_t ms_ = 0;
  std::uint32_t s_ = 0;
  std::uint32_t ms_start_us_ = 0;
  std::uint64_t ms_start_ns_ = 0;
};

}  // namespace fourtuple::tcp
