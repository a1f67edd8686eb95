// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include "model/nic/device_port.hpp"
#include "model/nic/dma_engine.hpp"
#include "model/nic/rings.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::model::nic {

/// Puts records into the completion ring (docs/device.md, Completions). Frames need a free place; transmit completions
/// and command answers wait for one.
class completion_writer {
 public:
  using written_callback = std::function<void()>;  ///< The tail has moved.
  using answered_callback = std::function<void(const regs::command_completion& answer)>;

  completion_writer(device_port& port, dma_engine& dma, dma_engine::write_callback on_acknowledge,
                    written_callback on_written, answered_callback on_answered);

  void configure(std::uint64_t base, std::uint32_t entries_log2, std::uint16_t head);
  /// Records are written only while it runs; what waits meanwhile is dropped, command answers count as given.
  void start();
  void stop();

  [[nodiscard]] bool has_space() const noexcept { return ring_.has_space(); }
  [[nodiscard]] std::uint16_t tail() const noexcept { return ring_.tail(); }
  [[nodiscard]] bool idle() const noexcept { return outstanding_ == 0; }

  /// Only with space. Fills in kind, phase and timestamp.
  void write_frame(regs::frame_completion record);
  void finish_transmit(std::uint16_t index);
  /// Answers are written in the order of the calls, before a transmit completion that waits.
  void answer(const regs::command_completion& record);

 private:
  template <typename Record>
  void write(Record record, regs::completion_kind kind);
  void write_waiting();

  device_port& port_;
  dma_engine& dma_;
  dma_engine::write_callback on_acknowledge_;
  written_callback on_written_;
  answered_callback on_answered_;
  completion_ring ring_;
  bool running_ = false;
  std::uint32_t outstanding_ = 0;  ///< Writes not acknowledged.
  std::optional<std::uint16_t> waiting_transmit_;
  std::deque<regs::command_completion> waiting_answers_;
};

}  // namespace fourtuple::model::nic
