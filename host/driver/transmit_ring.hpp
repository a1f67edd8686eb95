// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "host/driver/platform.hpp"
#include "host/packet/sk_buff.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::driver {

/// The host's side of a transmit ring. Each descriptor has a slot of its own that a frame is copied into, so that what
/// the frame referred to may be reused at once. A frame that the device is to cut up takes as many as it needs.
///
/// Does not own its memory. Threads: one at a time.
class transmit_ring {
 public:
  static constexpr std::size_t descriptor_bytes = 16;
  /// A multiple of a cache line, so that a small frame is one read of the device.
  static constexpr std::size_t slot_alignment_bytes = 64;

  struct layout {
    unsigned entries_log2 = 0;
    std::size_t slot_bytes = 0;     ///< A multiple of slot_alignment_bytes.
    unsigned completion_every = 0;  ///< Descriptors; at most half of the entries.
    [[nodiscard]] std::size_t entries() const noexcept { return std::size_t{1} << entries_log2; }
  };

  /// Starts empty at index 0.
  void start(const dma_region& descriptors, const dma_region& slots, const layout& shape) noexcept;

  /// How many descriptors a frame of `bytes` takes.
  [[nodiscard]] std::size_t descriptors_for(std::size_t bytes) const noexcept {
    return bytes == 0 ? 1 : (bytes + layout_.slot_bytes - 1) / layout_.slot_bytes;
  }
  /// Whether a frame of `bytes` has to wait. It fits when enough others are finished with, if it takes at most half of
  /// the entries.
  [[nodiscard]] bool full(std::size_t bytes) const noexcept {
    return in_use() + descriptors_for(bytes) > layout_.entries();
  }
  /// Enough room that it pays to wake those who wait (Linux drivers: a quarter of the ring).
  [[nodiscard]] bool has_room() const noexcept { return in_use() <= layout_.entries() - layout_.entries() / 4; }
  /// Descriptors written and not yet reported as finished.
  [[nodiscard]] std::size_t in_use() const noexcept { return static_cast<std::uint16_t>(tail_ - finished_); }

  /// The device has been asked for a completion that has not come.
  [[nodiscard]] bool awaits_completion() const noexcept {
    const auto asked = static_cast<std::uint16_t>(asked_ - finished_);
    return asked != 0 && asked <= static_cast<std::uint16_t>(announced_ - finished_);
  }
  /// Index of the first descriptor that is not reported as finished.
  [[nodiscard]] std::uint16_t finished() const noexcept { return finished_; }

  /// Takes a frame for which the ring is not full(). The device does not know of it until announce(). With gso_size the
  /// device cuts it up: its headers are Ethernet, IPv4 without options and TCP.
  void push(const packet::tx_sk_buff& skb) noexcept;

  /// Whether there is something that the device has not been told of.
  [[nodiscard]] bool unannounced() const noexcept { return announced_ != tail_; }
  /// Everything so far is for the device: gives what tx_tail is to be, to be written after this.
  [[nodiscard]] std::uint16_t announce() noexcept;

  /// The device reports that it has finished with all descriptors before `tx_index`. False if that can not be.
  [[nodiscard]] bool finish(std::uint16_t tx_index) noexcept;

 private:
  void write_descriptor(const regs::transmit_descriptor& descriptor) noexcept;
  [[nodiscard]] std::byte* slot(std::uint16_t index) const noexcept {
    return slots_.data + (index & (layout_.entries() - 1)) * layout_.slot_bytes;
  }
  void copy(const packet::tx_sk_buff& skb) noexcept;
  void set_options(const packet::tx_sk_buff& skb, bool completion) noexcept;

  std::byte* descriptors_ = nullptr;
  dma_region slots_;
  layout layout_;
  std::uint16_t tail_ = 0;
  std::uint16_t announced_ = 0;
  std::uint16_t finished_ = 0;
  std::uint16_t asked_ = 0;        ///< Behind the last descriptor that asks for a completion.
  unsigned since_completion_ = 0;  ///< Descriptors behind the last one that asks for a completion.
  regs::transmit_descriptor last_;
};

}  // namespace fourtuple::driver
