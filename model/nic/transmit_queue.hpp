// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "model/nic/counters.hpp"
#include "model/nic/dma_engine.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::model::nic {

/// The transmit side of a queue (docs/device.md, Transmit): reads descriptors ahead, reads the bytes of several frames
/// at once, and gives frames to the MAC in order.
class transmit_queue {
 public:
  /// Free-running index before which all descriptors are finished with; wanted by the last of them.
  using completion_callback = std::function<void(std::uint16_t index)>;
  using halted_callback = std::function<void()>;

  transmit_queue(device_port& port, dma_engine& dma, counters& counts, completion_callback on_completion,
                 halted_callback on_halted);

  void set_ring(std::uint64_t base, std::uint32_t entries_log2) noexcept;
  /// After being disabled it finishes the frames whose descriptors it has asked for, then it is no longer active.
  void set_enabled(bool enabled);
  void set_tail(std::uint16_t index);
  /// At next_clock().
  void run();

  [[nodiscard]] std::uint16_t head() const noexcept { return head_; }
  [[nodiscard]] bool active() const noexcept;
  [[nodiscard]] bool halted() const noexcept { return halted_; }
  /// When run() has something to do although nothing else happens: the MAC has room again.
  [[nodiscard]] std::optional<std::uint64_t> next_clock() const noexcept;

 private:
  enum class verdict : std::uint8_t { good, bad_descriptor, dma_error };
  struct frame {
    std::vector<regs::transmit_descriptor> descriptors;
    std::uint64_t length_bytes = 0;  ///< Of all descriptors, whether there is so much or not.
    std::vector<std::byte> bytes;
    std::uint32_t reads_outstanding = 0;
    verdict outcome = verdict::good;
    std::size_t first_lost_byte = 0;  ///< With dma_error.
  };

  void fetch_descriptors();
  void take_descriptors(std::uint64_t epoch, bool ok, std::span<const std::byte> records);
  void begin_frames();
  void read_bytes(frame& started);
  void finish_frames();
  void send(frame& finished);
  void send_segments(const frame& finished);
  void send_frame(std::vector<std::byte> bytes, const regs::transmit_descriptor& options);
  [[nodiscard]] static bool well_formed(const frame& complete) noexcept;
  [[nodiscard]] bool has_room_for(const frame& next) const noexcept;

  device_port& port_;
  dma_engine& dma_;
  counters& counts_;
  completion_callback on_completion_;
  halted_callback on_halted_;

  std::uint64_t base_ = 0;
  std::uint32_t entries_log2_ = 0;
  bool enabled_ = false;
  bool halted_ = false;
  std::uint64_t epoch_ = 0;    ///< Which time the queue is enabled: answers from before are dropped.
  std::uint16_t tail_ = 0;     ///< The host's.
  std::uint16_t fetched_ = 0;  ///< Descriptors before this one were asked for.
  std::uint16_t head_ = 0;
  std::uint32_t fetches_outstanding_ = 0;
  std::uint32_t descriptors_held_ = 0;  ///< Asked for and not begun.
  frame gathering_;                     ///< Descriptors so far of a frame whose end has not been read.
  std::deque<frame> waiting_;           ///< Complete descriptors, bytes not asked for.
  std::deque<frame> begun_;             ///< Bytes asked for; addresses stay valid while others are added.
  std::uint32_t buffered_bytes_ = 0;    ///< Of begun_.
  std::uint64_t mac_free_clock_ = 0;
};

}  // namespace fourtuple::model::nic
