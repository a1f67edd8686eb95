// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>

#include "tb/nic_pins.hpp"

namespace fourtuple::bench {

/// The Verilated NIC in a loop, with as little around it as can be: frames of 1 KiB into s_axis, 16 beats every 17
/// clocks (completions take their part of m_axi, so more would be dropped), and on m_axi somebody who takes every write
/// at once and forgets it. What a harness costs is what another one is slower.
class bare_nic {
 public:
  static constexpr std::uint32_t frame_bytes = 1024;
  static constexpr std::uint32_t frame_clocks = 17;

  explicit bare_nic(std::unique_ptr<tb::verilated_nic> model);

  /// Brings queue 0 up for receiving.
  void set_up();
  void run_idle(std::uint64_t clocks);
  /// Receives.
  void run_receiving(std::uint64_t clocks);
  /// Throws std::runtime_error unless every frame that was offered has been delivered.
  void check();

 private:
  struct register_write {
    std::uint32_t offset;
    std::uint32_t value;
  };
  void write32(std::uint32_t offset, std::uint32_t value);
  void write64(std::uint32_t offset, std::uint64_t value);
  [[nodiscard]] std::uint32_t read32(std::uint32_t offset);
  void offer_beat();
  void give_back();
  void drive_registers();
  void clock();

  std::unique_ptr<tb::verilated_nic> model_;
  tb::nic_pins pins_;
  std::uint64_t time_ps_ = 0;
  std::deque<register_write> writes_;
  bool write_begun_ = false;
  std::uint32_t answers_owed_ = 0;
  std::uint32_t beat_ = 0;
  std::uint32_t frames_ = 0;
  alignas(64) std::array<std::uint32_t, frame_bytes / 4> frame_{};
};

}  // namespace fourtuple::bench
