// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace fourtuple::model::nic {

/// When an armed queue interrupts (docs/device.md, Interrupts): counts completions from the index that it was armed
/// with. Clocks are the device's.
class queue_interrupt {
 public:
  void configure(std::uint16_t completions, std::uint16_t clocks) noexcept;
  void arm(std::uint16_t index) noexcept;
  void disarm() noexcept;

  /// To be called when the tail has moved, the queue was armed, the limits changed, or the deadline is reached. True:
  /// send a message now; the queue is then no longer armed.
  [[nodiscard]] bool update(std::uint16_t completion_tail, std::uint64_t clock) noexcept;
  /// The clock at which update() would say true although nothing else happens.
  [[nodiscard]] std::optional<std::uint64_t> deadline() const noexcept;

 private:
  std::uint16_t completions_ = 0;
  std::uint16_t clocks_ = 0;
  bool armed_ = false;
  std::uint16_t armed_index_ = 0;
  std::optional<std::uint64_t> first_clock_;  ///< When the first completion since arming was seen.
};

/// The MSI-X table and its pending bits (PCIe 6.1.4). A masked vector holds its message back.
class msix_table {
 public:
  using send_function = std::function<void(std::uint64_t address, std::uint32_t data)>;

  msix_table(std::size_t vectors, send_function send) : entries_(vectors), send_(std::move(send)) {}
  void set_message(unsigned vector, std::uint64_t address, std::uint32_t data) noexcept;
  void set_masked(unsigned vector, bool masked);
  void raise(unsigned vector);
  [[nodiscard]] std::uint64_t pending_bits() const noexcept;

 private:
  struct entry {
    std::uint64_t address = 0;
    std::uint32_t data = 0;
    bool masked = true;
    bool pending = false;
  };
  std::vector<entry> entries_;
  send_function send_;
};

}  // namespace fourtuple::model::nic
