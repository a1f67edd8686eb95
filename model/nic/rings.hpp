// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace fourtuple::model::nic {

inline constexpr std::uint32_t line_bytes = 64;  ///< What the device moves at once; frames start at multiples of it.

[[nodiscard]] constexpr std::uint32_t round_up_to_lines(std::uint32_t bytes) noexcept {
  return (bytes + line_bytes - 1) & ~(line_bytes - 1);
}

/// Where frames go in the receive ring (docs/device.md, The receive ring). Counts are free-running, modulo 2^32.
class receive_ring {
 public:
  void reset() noexcept { tail_ = 0; }
  void configure(std::uint64_t base, std::uint32_t bytes_log2, std::uint32_t head) noexcept;
  /// Takes the place of a frame; its ring_offset. Nothing when there is no space: then nothing moves.
  [[nodiscard]] std::optional<std::uint32_t> place(std::uint32_t length_bytes) noexcept;
  [[nodiscard]] bool fits(std::uint32_t length_bytes) const noexcept;
  [[nodiscard]] std::uint64_t address_of(std::uint32_t ring_offset) const noexcept;
  [[nodiscard]] std::uint32_t tail() const noexcept { return tail_; }

 private:
  [[nodiscard]] std::uint32_t size() const noexcept { return std::uint32_t{1} << bytes_log2_; }
  [[nodiscard]] std::uint32_t skipped_before(std::uint32_t rounded_bytes) const noexcept;

  std::uint64_t base_ = 0;
  std::uint32_t bytes_log2_ = 0;
  std::uint32_t head_ = 0;
  std::uint32_t tail_ = 0;
};

/// Where records go in the completion ring (docs/device.md, Completions). Indices are free-running, modulo 2^16.
class completion_ring {
 public:
  static constexpr std::uint32_t record_bytes = 32;
  struct slot {
    std::uint64_t address;
    bool phase;
  };

  void reset() noexcept { tail_ = 0; }
  void configure(std::uint64_t base, std::uint32_t entries_log2, std::uint16_t head) noexcept;
  [[nodiscard]] bool has_space() const noexcept;
  /// The next record's place. Only with space.
  [[nodiscard]] slot take() noexcept;
  [[nodiscard]] std::uint16_t tail() const noexcept { return tail_; }

 private:
  std::uint64_t base_ = 0;
  std::uint32_t entries_log2_ = 0;
  std::uint16_t head_ = 0;
  std::uint16_t tail_ = 0;
};

}  // namespace fourtuple::model::nic
