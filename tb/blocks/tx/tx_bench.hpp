// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

class Vtx_engine;

namespace fourtuple::tb {

/// How the world around the transmit engine behaves. Percentages are the chance of "yes" in a clock.
struct tx_world {
  unsigned read_latency_min = 6;  ///< Clocks from a read request to its first beat.
  unsigned read_latency_max = 6;
  unsigned ar_ready_percent = 100;
  unsigned r_valid_percent = 100;
  unsigned mac_ready_percent = 100;
};

/// A frame that the host wants sent.
struct tx_frame {
  std::vector<std::byte> bytes;
  std::vector<std::size_t> pieces;  ///< Bytes of each descriptor; their sum is bytes.size().
  bool checksum = false;
  std::uint8_t checksum_start = 0;
  std::uint8_t checksum_offset = 0;
  bool tso = false;
  std::uint16_t mss = 0;
  std::uint8_t header_length = 0;
  bool completion = false;
};

/// What should go out for it: padded, checksum put in. Written from docs/device.md, byte by byte.
[[nodiscard]] std::vector<std::byte> expected_on_wire(const tx_frame& frame);
/// The same for a frame with tso: every segment, with each sum computed from scratch.
[[nodiscard]] std::vector<std::vector<std::byte>> expected_segments(const tx_frame& frame);

/// Counts of the engine's pulses.
struct tx_counts {
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
  std::uint64_t checksums = 0;
  std::uint64_t segments = 0;
  std::uint64_t segmented_frames = 0;
  std::uint64_t drop_descriptor = 0;
  std::uint64_t drop_dma_error = 0;
  std::uint64_t halted = 0;
  std::uint64_t read_errors = 0;
};

/// The Verilated tx_engine with host memory, an AXI read slave, a MAC and a host that writes descriptors. Each clock it
/// checks the rules of the buses; a broken one is a test failure. Where no queue is named, it is queue 0.
class tx_bench {
 public:
  static constexpr std::uint64_t memory_base = 0x1'ff80'0000;  ///< 16 MiB around a multiple of 4 GiB.
  static constexpr std::size_t memory_bytes = std::size_t{16} << 20;
  static constexpr unsigned queues = 4;  ///< As the engine was Verilated.

  tx_bench(std::uint32_t seed, unsigned entries_log2, const tx_world& world = {});
  ~tx_bench();
  tx_bench(const tx_bench&) = delete;
  tx_bench& operator=(const tx_bench&) = delete;

  /// Starts the queue at index 0.
  void enable(unsigned queue = 0);
  /// Stops it, without waiting.
  void disable(unsigned queue = 0);

  /// Puts a frame's bytes at random addresses and its descriptors into the ring, running the clock while the ring is
  /// full. `ring_doorbell` false leaves them unannounced.
  void send(const tx_frame& frame, bool ring_doorbell = true, unsigned queue = 0);
  /// One descriptor as it is.
  void write_descriptor(const regs::transmit_descriptor& descriptor, unsigned queue = 0);
  void doorbell(unsigned queue = 0);
  /// Copies bytes to a place of `lane` (address modulo 64; -1: any) and gives its bus address.
  std::uint64_t place(std::span<const std::byte> bytes, int lane = -1);

  void put(std::uint64_t address, std::span<const std::byte> bytes);

  /// Reads that touch the range are refused.
  void refuse(std::uint64_t address, std::size_t bytes) { refused_.push_back({address, address + bytes}); }
  void refuse_nothing() { refused_.clear(); }

  void clock();
  void clocks(unsigned count);
  /// Runs until the engine has finished with everything announced and all frames have gone, at most `limit` clocks.
  [[nodiscard]] bool drain(unsigned limit = 200'000);

  [[nodiscard]] tx_world& world() { return world_; }
  [[nodiscard]] const std::vector<std::vector<std::byte>>& sent() const { return sent_; }
  void forget_sent() { sent_.clear(); }
  [[nodiscard]] const std::vector<std::uint16_t>& completions(unsigned queue = 0) const {
    return rings_[queue].completions;
  }
  [[nodiscard]] const tx_counts& counts() const { return counts_; }
  [[nodiscard]] std::uint16_t tail(unsigned queue = 0) const { return rings_[queue].tail; }
  [[nodiscard]] std::uint16_t head(unsigned queue = 0) const;
  [[nodiscard]] bool active(unsigned queue = 0) const;
  [[nodiscard]] bool halted(unsigned queue = 0) const;
  [[nodiscard]] bool quiet() const;
  /// The next clock brings no input that differs from this one's; only in a world that is always ready.
  [[nodiscard]] bool inputs_rest() const;
  /// Every bit of the Verilated engine.
  [[nodiscard]] std::vector<std::byte> state() const;
  [[nodiscard]] std::uint64_t now() const { return now_; }
  [[nodiscard]] std::uint64_t error_address() const { return error_address_; }
  [[nodiscard]] unsigned error_source() const { return error_source_; }
  [[nodiscard]] std::uint64_t descriptor_address(std::uint16_t index, unsigned queue = 0) const;
  [[nodiscard]] std::mt19937& random() { return random_; }
  [[nodiscard]] unsigned pick(unsigned low, unsigned high);

 private:
  struct read_burst {
    std::uint64_t address;
    unsigned beats;
    std::uint64_t ready_at;
  };
  struct range {
    std::uint64_t begin, end;
  };
  struct loan {
    std::uint16_t next_index;
    std::uint64_t address;
    std::size_t bytes;
  };
  struct ring {
    std::uint16_t written = 0;  ///< Descriptors written.
    std::uint16_t tail = 0;     ///< Descriptors announced.
    std::deque<loan> in_use;
    std::vector<std::uint16_t> completions;
  };

  bool chance(unsigned percent) { return pick(0, 99) < percent; }
  [[nodiscard]] std::byte* at(std::uint64_t address);
  [[nodiscard]] bool is_refused(std::uint64_t address) const;
  void drive_reads();
  void accept_read();
  void check_descriptor_read(const read_burst& burst, unsigned queue) const;
  void set_tail(unsigned queue, std::uint16_t index);
  void accept_frame_beat();
  void count_pulses();
  void check_quiet();
  void overwrite_freed();

  std::unique_ptr<Vtx_engine> dut_;
  std::mt19937 random_;
  tx_world world_;
  std::vector<std::byte> memory_;
  unsigned entries_log2_;
  std::uint64_t ring_address_;
  std::uint64_t next_place_;
  std::array<ring, queues> rings_;
  std::uint64_t now_ = 0;
  std::deque<read_burst> reads_;
  unsigned beats_given_ = 0;
  std::vector<range> refused_;
  std::vector<std::byte> receiving_;
  std::vector<std::vector<std::byte>> sent_;
  tx_counts counts_;
  std::uint64_t error_address_ = 0;
  unsigned error_source_ = 0;
  bool last_clock_quiet_ = false;
  std::vector<std::uint64_t> last_clock_outputs_;
  bool inputs_changed_ = true;
};

/// `length` random bytes in one descriptor, nothing asked for.
[[nodiscard]] tx_frame plain_frame(tx_bench& bench, std::size_t length);

}  // namespace fourtuple::tb
