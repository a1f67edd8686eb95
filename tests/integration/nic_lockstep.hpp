// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rtl/regs/generated/fourtuple_nic_regs.hpp"
#include "tests/integration/nic_bench.hpp"
#include "tests/integration/nic_traffic.hpp"

namespace fourtuple::test {

/// Drives two NICs with the same input and compares what they say: every completion but its timestamp, the receive
/// ring's bytes, every register, every frame that is sent, every interrupt message.
///
/// Completions of different kinds may come in any order between each other (docs/device.md leaves it open), and several
/// transmit completions may be one; so each NIC's completion rings are read by themselves.
///
/// All calls from one SC_THREAD. Differences are GoogleTest failures.
class nic_lockstep {
 public:
  static constexpr std::uint32_t most_queues = 8;                        ///< That have rings here.
  static constexpr std::uint64_t receive_ring = nic_bench::memory_base;  ///< Of queue 0, as the next two.
  static constexpr std::uint64_t most_receive_bytes = 0x4'0000;
  static constexpr std::uint64_t completion_ring = receive_ring + most_receive_bytes;
  static constexpr std::uint64_t transmit_ring = nic_bench::memory_base + 0x5'0000;
  static constexpr std::uint64_t queue_stride = 0x6'0000;  ///< From a queue's ring to the next one's.
  static constexpr std::uint64_t transmit_data = nic_bench::memory_base + 0x30'0000;
  static constexpr std::uint32_t transmit_data_bytes = 0x8'0000;
  static constexpr std::uint64_t queue_message = nic_bench::doorbell_base + 0x10;  ///< Of queue 0; others 0x10 further.
  static constexpr std::uint64_t event_message = nic_bench::doorbell_base + 0x200;

  struct ring_sizes {
    std::uint32_t receive_log2 = 16;
    std::uint32_t completion_log2 = 9;
    std::uint32_t transmit_log2 = 7;
    std::uint32_t queues = 1;  ///< So many are enabled, from queue 0 on.
  };

  struct compare_options {
    bool give_back_ring = true;         ///< Write rx_head.
    bool give_back_completions = true;  ///< Write completion_head ...
    bool arm = false;                   ///< ... and ask for an interrupt.
    bool completions = true;            ///< Look at them; after a halt they are written or not.
  };

  /// What was received and sent since the last comparison; equal for both.
  struct outcome {
    std::vector<regs::frame_completion> frames;  ///< Of queue 0, then of queue 1, ...
    std::array<std::size_t, most_queues> frames_of_queue{};
    std::vector<regs::command_completion> answers;
    std::size_t transmit_completions = 0;
    std::size_t sent_frames = 0;
    std::size_t messages = 0;
  };

  nic_lockstep(nic_bench& model, nic_bench& rtl) : sides_{side{model, "model"}, side{rtl, "rtl"}} {}

  void write(std::uint32_t offset, std::uint32_t value);
  void write64(std::uint32_t offset, std::uint64_t value);
  /// The common value; a failure if they differ.
  std::optional<std::uint32_t> read(std::uint32_t offset);
  void read_any(std::uint64_t offset, std::uint32_t length);
  void write_any(std::uint64_t offset, std::span<const std::byte> bytes);

  /// Writes the addresses, messages and filters, with the queues disabled; then enables them.
  void bring_up(const ring_sizes& sizes);
  /// Disables the queues and waits until they are not active.
  void take_down();

  void receive(const model::wire::frame& content, sc_core::sc_time delay);
  void set_refused(std::uint64_t address, bool refused);
  /// Descriptors behind those that are there; the caller leaves room. ring_doorbell() starts them.
  void put_descriptors(const std::vector<regs::transmit_descriptor>& descriptors);
  void ring_doorbell() { write(regs::queues_tx_tail(transmit_queue_), queues_[transmit_queue_].tx_tail); }
  /// The queue that the next two calls are about. Between two comparisons only one may send: the order in which queues
  /// take turns is open.
  void set_transmit_queue(std::uint32_t queue) { transmit_queue_ = queue; }
  void fill_transmit_data(nic_traffic& traffic);

  /// Waits until neither NIC has done anything for a while.
  void settle();
  /// Lets time pass, whatever the NICs do.
  void pass(std::uint64_t ns);
  /// What they have sent and written into receive rings so far is not compared.
  void forget();
  /// Settles, reads both completion rings, compares everything but the registers that are ignored, and gives space
  /// back.
  outcome compare(const compare_options& options);
  outcome compare() { return compare(compare_options{}); }
  /// Registers that the next comparisons leave out.
  void ignore(std::set<std::uint32_t> offsets) { ignored_ = std::move(offsets); }
  [[nodiscard]] const ring_sizes& sizes() const noexcept { return sizes_; }

 private:
  /// What is read from one device's completion ring.
  struct read_ring {
    std::uint16_t head = 0;
    std::uint16_t tx_completed = 0;  ///< Last index that a transmit completion had.
    std::vector<regs::frame_completion> frames = {};
    std::vector<regs::command_completion> answers = {};
    std::size_t transmit_completions = 0;
  };
  struct side {
    nic_bench& bench;
    std::string name;
    std::array<read_ring, most_queues> rings = {};
  };
  /// What is the same for both.
  struct host_queue {
    std::uint16_t tx_tail = 0;
    std::uint32_t rx_head = 0;
  };

  void bring_up_queue(std::uint32_t number);
  void read_completions(side& of, std::uint32_t queue);
  void take_completion(side& of, std::uint32_t queue, std::span<const std::byte, 32> bytes);
  void compare_records(std::uint32_t queue);
  void give_back(std::uint32_t queue, const compare_options& options);
  void compare_frames_in_ring(std::uint32_t queue);
  void compare_sent(outcome& into);
  void compare_messages(outcome& into);
  void compare_registers();

  std::array<side, 2> sides_;
  ring_sizes sizes_;
  std::array<host_queue, most_queues> queues_;
  std::uint32_t transmit_queue_ = 0;
  std::set<std::uint32_t> ignored_;
};

}  // namespace fourtuple::test
