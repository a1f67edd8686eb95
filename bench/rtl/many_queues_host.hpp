// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "tb/nic/nic_bench.hpp"

namespace fourtuple::bench {

/// A host for tb::nic_bench with rings for several queues. Frames are TCP from one foreign to one local address; each
/// is compared, and must come in the queue and in the order in which it was expected there, unless it is dropped
/// (GoogleTest failures otherwise).
class many_queues_host {
 public:
  static constexpr unsigned device_queues = 16;
  static constexpr std::size_t headers_bytes = 54;

  /// Takes the first `queues` (1 to device_queues) queues up. `nic` outlives this.
  many_queues_host(tb::nic_bench& nic, unsigned queues);

  /// The hash of a flow of foreign port `port`, as the device is to compute it.
  [[nodiscard]] static std::uint32_t hash_of(std::uint16_t port);
  /// The queue that the indirection table, spread evenly, names for the flow.
  [[nodiscard]] unsigned spread_queue(std::uint16_t port) const { return hash_of(port) % 128 % queues_; }
  /// Puts the flow's connection into the table, steered to `queue`, and waits for the answer.
  void steer(std::uint16_t port, unsigned queue);

  /// A frame of the flow arrives at `clock` at the earliest, and belongs into `queue`.
  void receive(std::uint16_t port, std::size_t frame_bytes, std::uint64_t clock, unsigned queue);
  /// Space of all that has landed, given back queue by queue.
  void give_back();

  /// Clocks of the frames' completions, in any queue.
  std::vector<std::uint64_t> landed;

 private:
  static constexpr unsigned ring_bytes_log2 = 15;
  static constexpr unsigned entries_log2 = 9;
  struct queue_state {
    std::deque<tb::frame_bytes> expected;
    std::uint32_t rx_head = 0;
    std::uint16_t index = 0;  ///< Of the next record.
    std::uint16_t told = 0;
  };

  [[nodiscard]] static std::uint64_t rx_base(unsigned number) {
    return tb::nic_bench::memory_base + (std::uint64_t{number} << ring_bytes_log2);
  }
  [[nodiscard]] static std::uint64_t completion_base(unsigned number) {
    return rx_base(device_queues) + (std::uint64_t{number} << (entries_log2 + 5));
  }
  void take_write(const tb::write_burst& burst);
  void take_record(unsigned number, std::uint64_t clock, std::uint64_t address);

  tb::nic_bench& nic_;
  unsigned queues_;
  std::size_t answers_ = 0;
  std::vector<queue_state> state_;
};

}  // namespace fourtuple::bench
