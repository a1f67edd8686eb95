// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>

namespace fourtuple::model::pcie {

/// What a sender knows of one kind of credits at the receiver (PCIe 2.6.1.2): how many it may still use, and when those
/// that are in use come back. Times are picoseconds and, like the packets', never decrease from call to call.
class credit_account {
 public:
  /// 0: infinite.
  credit_account(std::uint32_t headers, std::uint32_t data) noexcept : headers_(headers), data_(data) {}

  /// The earliest time from `at_ps` on at which a packet of one header and so many data credits may leave. A packet
  /// that is larger than all there are leaves when all have come back: it could never leave otherwise.
  [[nodiscard]] std::uint64_t available_ps(std::uint64_t at_ps, std::uint32_t data);
  /// A packet has left; its credits are back at `back_ps`.
  void use(std::uint32_t data, std::uint64_t back_ps);

 private:
  struct in_use {
    std::uint64_t back_ps;
    std::uint32_t data;
  };
  [[nodiscard]] bool fits(std::uint64_t headers, std::uint64_t data, std::uint32_t wanted) const noexcept;

  std::uint32_t headers_;
  std::uint32_t data_;
  std::uint64_t data_in_use_ = 0;
  std::deque<in_use> in_use_;
};

/// When the lanes of one direction are taken. A packet that waits for credits takes them later, and leaves a gap that
/// others may use meanwhile.
class lane_schedule {
 public:
  /// Takes `busy_ps` from the first time at or after `earliest_ps` at which the lanes are free for so long; that time.
  /// `sent_ps` is when the packet was ready, at or before earliest_ps; it does not decrease from call to call.
  std::uint64_t take(std::uint64_t sent_ps, std::uint64_t earliest_ps, std::uint64_t busy_ps);

 private:
  struct gap {
    std::uint64_t from_ps;
    std::uint64_t to_ps;
  };
  std::uint64_t free_ps_ = 0;  ///< From here on nothing is taken.
  std::deque<gap> gaps_;       ///< Before it, in order, as far as they are not over.
};

}  // namespace fourtuple::model::pcie
