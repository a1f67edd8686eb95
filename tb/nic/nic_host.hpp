// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <random>
#include <vector>

#include "rtl/regs/generated/fourtuple_nic_regs.hpp"
#include "tb/nic/nic_bench.hpp"

namespace fourtuple::tb {

struct ring_shapes {
  unsigned rx_bytes_log2 = 15;
  unsigned completion_entries_log2 = 5;
  unsigned tx_entries_log2 = 4;
};

/// What the NIC has written into the completion ring.
struct record {
  std::uint64_t clock = 0;
  regs::completion_kind kind{};
  regs::frame_completion frame;
  regs::transmit_completion transmit;
  regs::command_completion command;
  frame_bytes content;  ///< Of a frame, as it was in the ring when its record was written.
};

struct message {
  std::uint64_t clock = 0;
  std::uint64_t address = 0;
  std::uint32_t data = 0;
  std::size_t records = 0;  ///< That were in memory when it came.
};

/// A host for nic_bench: rings in its memory, and a check of every single write against docs/device.md: it lies in a
/// ring or is a message, a record comes behind its frame's bytes, at its place, with its phase, and never over an
/// unread one; a frame is where the rules for the ring put it and is one of those sent, in order.
class nic_host {
 public:
  static constexpr std::uint64_t rx_base = nic_bench::memory_base;
  static constexpr std::uint64_t completion_base = nic_bench::memory_base + 0x8'0000;
  static constexpr std::uint64_t tx_base = nic_bench::memory_base + 0xa'0000;
  static constexpr std::uint64_t buffers = nic_bench::memory_base + 0xb'0000;
  static constexpr std::uint64_t message_address = 0xfee0'0000;  ///< Vector 1: 0x24 further.

  nic_host(nic_bench& bench, const ring_shapes& shapes);

  /// Sets everything up but `control`, unmasks both vectors, waits for the table.
  void set_up();
  void enable(bool rx, bool tx);
  /// Disables both sides and waits until the device says that it has finished.
  void disable();

  /// Sends a frame to the NIC that may be delivered, at a clock of its own choice.
  void receive(frame_bytes frame, std::uint64_t not_before = 0);
  /// Gives back the next `count` records and the space of the frames among them; with arm, asks for an interrupt.
  void give_back(std::size_t count, bool arm = false);
  void arm() { give_back(0, true); }
  [[nodiscard]] std::size_t unread() const { return records.size() - given_back_; }

  /// Writes the bytes to a buffer and a descriptor for them; the doorbell is rung if end_of_frame.
  void transmit(const frame_bytes& bytes, regs::transmit_descriptor options);
  /// The same without the doorbell, to a buffer that begins `lane` bytes behind a multiple of 64.
  void prepare_transmit(const frame_bytes& bytes, regs::transmit_descriptor options, std::size_t lane);
  /// Tells the NIC of every descriptor so far.
  void ring_transmit_doorbell();
  void command(regs::command_op op, std::uint32_t local, std::uint32_t foreign, std::uint16_t local_port,
               std::uint16_t foreign_port, std::uint32_t handle, std::uint16_t tag);

  [[nodiscard]] std::uint64_t counter(std::uint32_t offset) { return bench_.read64(offset); }
  /// All reasons why a received frame is not delivered.
  [[nodiscard]] std::uint64_t dropped();
  /// Frames that were sent and overtaken by one that was delivered.
  [[nodiscard]] std::size_t missing() const { return missing_; }
  [[nodiscard]] std::size_t not_seen() const { return expected_.size(); }

  std::vector<record> records;  ///< Since the last enable().
  std::vector<message> messages;
  bool compare_frames = true;  ///< Off while frames' bytes may have been refused.

 private:
  void put_descriptor(const frame_bytes& bytes, regs::transmit_descriptor descriptor);
  void check_write(const write_burst& burst);
  void check_record(std::uint64_t clock, std::span<const std::uint8_t> bytes);
  void check_frame(record& entry);

  nic_bench& bench_;
  ring_shapes shapes_;
  std::deque<frame_bytes> expected_;
  std::size_t missing_ = 0;
  std::size_t given_back_ = 0;
  std::uint32_t rx_tail_ = 0;  ///< As the rules for the ring have it.
  std::uint32_t rx_head_ = 0;
  std::uint16_t tx_tail_ = 0;
  std::uint64_t next_buffer_ = buffers;
};

/// A frame of an EtherType that nobody looks into, to the broadcast address, with random content.
[[nodiscard]] frame_bytes random_frame(std::mt19937& random, std::size_t size);

/// An IPv4 TCP frame with good checksums. Addresses and ports are numbers.
[[nodiscard]] frame_bytes tcp_frame(std::uint32_t source, std::uint32_t destination, std::uint16_t source_port,
                                    std::uint16_t destination_port, std::size_t payload_bytes);

}  // namespace fourtuple::tb
