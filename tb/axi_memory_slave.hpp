// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "tb/nic_pins.hpp"

namespace fourtuple::tb {

/// The other side of m_axi: collects write bursts and gives out read data, in order; what carries them is the owner's.
/// A violation of docs/device.md's rules for the bus is reported as an error of the simulation.
class axi_memory_slave {
 public:
  /// The bytes that a write burst's strobes select; they are adjacent.
  using write_function = std::function<void(std::uint64_t address, std::span<const std::byte> bytes)>;
  using read_function = std::function<void(std::uint64_t address, std::uint32_t length_bytes)>;

  axi_memory_slave(const nic_pins& pins, write_function write, read_function read);

  /// The oldest write that has no answer yet has ended.
  void written(bool ok) { write_answers_.push_back(ok); }
  /// The oldest read that has no answer yet has ended. `data` is as long as asked for.
  void read_finished(bool ok, std::span<const std::byte> data);

  void drive() noexcept;
  void sample();
  /// Nothing to give to the device, and nothing half taken.
  [[nodiscard]] bool idle() const noexcept {
    return write_answers_.empty() && read_answers_.empty() && addresses_.empty() && bursts_.empty() && !in_burst_;
  }

 private:
  struct write_address {
    std::uint64_t address;
    std::uint32_t beats;
  };
  struct write_burst {
    std::vector<std::byte> bytes;
    std::uint32_t first_lane = 0;
    std::uint32_t beats = 0;
    bool ended = false;  ///< A beat did not reach its last lane.
  };
  struct read_answer {
    std::vector<std::byte> data;
    bool ok;
  };

  void take_write_address();
  void take_write_data();
  void take_read_address();
  void issue_writes();
  void advance_read_data();
  [[nodiscard]] std::vector<std::byte> empty_buffer();

  const nic_pins& pins_;
  write_function write_;
  read_function read_;
  std::deque<write_address> addresses_;
  std::deque<write_burst> bursts_;  ///< Complete.
  write_burst gathering_;
  bool in_burst_ = false;
  std::uint32_t writes_outstanding_ = 0;
  std::uint32_t reads_outstanding_ = 0;
  std::deque<bool> write_answers_;
  std::deque<read_answer> read_answers_;
  std::size_t read_position_ = 0;  ///< In read_answers_.front(): the beat that is on the bus.
  bool read_data_stale_ = true;    ///< The bus does not carry that beat yet.
  std::vector<std::vector<std::byte>> spare_buffers_;
};

}  // namespace fourtuple::tb
