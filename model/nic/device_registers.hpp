// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::model::nic {

/// The registers of BAR0 as a store: which addresses there are, which bits keep what is written, what a read gives.
/// What registers do is the device's; it drives the hardware's bits through a callback.
///
/// Words are 32 bits; `offset` is the word's address in BAR0. An access is refused (SLVERR) where there is no register
/// or, for a write, no writable bit.
class device_registers {
 public:
  /// The hardware's bits of the register at `offset` (the low word's address for 64 bits), at their places.
  using hardware_value = std::function<std::uint64_t(std::uint32_t offset)>;

  /// `queues`: as many queues there are, and one vector more. The registers of others are not there.
  device_registers(std::uint32_t queues, hardware_value hardware) : queues_(queues), hardware_(std::move(hardware)) {
    reset();
  }
  void reset() noexcept;

  /// Nothing: refused. Reading the low word of a 64-bit register with hardware-driven bits holds its high word for the
  /// next read.
  [[nodiscard]] std::optional<std::uint32_t> read(std::uint32_t offset);
  /// False: refused. Bits that software does not write stay as they are.
  bool write(std::uint32_t offset, std::uint32_t value) noexcept;

  /// What software has written into the register at `offset`.
  [[nodiscard]] std::uint64_t stored(std::uint32_t offset) const;
  [[nodiscard]] std::uint32_t stored32(std::uint32_t offset) const {
    return static_cast<std::uint32_t>(stored(offset));
  }

 private:
  struct held_word {
    std::uint32_t offset;
    std::uint32_t value;
  };
  [[nodiscard]] std::optional<std::size_t> find(std::uint32_t offset) const noexcept;

  std::uint32_t queues_;
  hardware_value hardware_;
  std::array<std::uint64_t, regs::all_registers.size()> stored_{};
  std::optional<held_word> held_;
};

}  // namespace fourtuple::model::nic
