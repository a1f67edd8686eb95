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
/// transmit completions may be one; so each NIC's completion ring is read by itself.
///
/// All calls from one SC_THREAD. Differences are GoogleTest failures.
class nic_lockstep {
 public:
  static constexpr std::uint64_t receive_ring = nic_bench::memory_base;
  static constexpr std::uint64_t completion_ring = nic_bench::memory_base + 0x8'0000;
  static constexpr std::uint64_t transmit_ring = nic_bench::memory_base + 0x9'0000;
  static constexpr std::uint64_t transmit_data = nic_bench::memory_base + 0x10'0000;
  static constexpr std::uint32_t transmit_data_bytes = 0x8'0000;
  static constexpr std::uint64_t queue_message = nic_bench::doorbell_base + 0x10;
  static constexpr std::uint64_t event_message = nic_bench::doorbell_base + 0x20;

  struct ring_sizes {
    std::uint32_t receive_log2 = 16;
    std::uint32_t completion_log2 = 9;
    std::uint32_t transmit_log2 = 7;
  };

  struct compare_options {
    bool give_back_ring = true;         ///< Write rx_head.
    bool give_back_completions = true;  ///< Write completion_head ...
    bool arm = false;                   ///< ... and ask for an interrupt.
    bool completions = true;            ///< Look at them; after a halt they are written or not.
  };

  /// What was received and sent since the last comparison; equal for both.
  struct outcome {
    std::vector<regs::frame_completion> frames;
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

  /// Writes the addresses, messages and filters, with the queue disabled; then enables it.
  void bring_up(const ring_sizes& sizes);
  /// Disables the queue and waits until it is not active.
  void take_down();

  void receive(const model::wire::frame& content, sc_core::sc_time delay);
  void set_refused(std::uint64_t address, bool refused);
  /// Descriptors behind those that are there; the caller leaves room. ring_doorbell() starts them.
  void put_descriptors(const std::vector<regs::transmit_descriptor>& descriptors);
  void ring_doorbell() { write(regs::queues_tx_tail(0), tx_tail_); }
  void fill_transmit_data(nic_traffic& traffic);

  /// Waits until neither NIC has done anything for a while.
  void settle();
  /// Lets time pass, whatever the NICs do.
  void pass(std::uint64_t ns);
  /// What they have sent so far is not compared.
  void forget();
  /// Settles, reads both completion rings, compares everything but the registers that are ignored, and gives space
  /// back.
  outcome compare(const compare_options& options);
  outcome compare() { return compare(compare_options{}); }
  /// Registers that the next comparisons leave out.
  void ignore(std::set<std::uint32_t> offsets) { ignored_ = std::move(offsets); }
  [[nodiscard]] const ring_sizes& sizes() const noexcept { return sizes_; }

 private:
  struct side {
    nic_bench& bench;
    std::string name;
    std::uint16_t completion_head = 0;
    std::uint16_t tx_completed = 0;  ///< Last index that a transmit completion had.
    outcome latest = {};
  };

  void read_completions(side& of);
  void take_completion(side& of, std::span<const std::byte, 32> bytes);
  void compare_records();
  void compare_frames_in_ring();
  void compare_sent(outcome& into);
  void compare_messages(outcome& into);
  void compare_registers();

  std::array<side, 2> sides_;
  ring_sizes sizes_;
  std::uint16_t tx_tail_ = 0;
  std::uint32_t rx_head_ = 0;
  std::set<std::uint32_t> ignored_;
};

}  // namespace fourtuple::test
