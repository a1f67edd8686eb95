// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <vector>

class Vfourtuple_nic_small;
class VerilatedContext;

namespace fourtuple::tb {

using frame_bytes = std::vector<std::uint8_t>;

/// How the surroundings of the NIC behave. Percentages are chances per clock that a ready is high.
struct surroundings {
  std::uint32_t seed = 1;
  unsigned aw_ready_percent = 100;
  unsigned w_ready_percent = 100;
  unsigned ar_ready_percent = 100;
  unsigned mac_ready_percent = 100;
  unsigned mac_valid_percent = 100;  ///< Of a beat from the MAC, while there is one.
  std::uint64_t write_latency_min_clocks = 20;
  std::uint64_t write_latency_max_clocks = 20;
  std::uint64_t read_latency_min_clocks = 50;
  std::uint64_t read_latency_max_clocks = 50;
  // How much later than the other the address of a register write comes, or its data.
  std::uint64_t register_address_delay_clocks = 0;
  std::uint64_t register_data_delay_clocks = 0;
  bool skip_idle_clocks = false;
};

/// A burst that the NIC has written, when its last beat has been taken.
struct write_burst {
  std::uint64_t clock = 0;
  std::uint64_t address = 0;
  std::vector<std::uint8_t> bytes;
  std::vector<bool> enabled;  ///< By byte: WSTRB.
  bool refused = false;
};

struct sent_frame {
  std::uint64_t clock = 0;  ///< Of its last beat.
  frame_bytes bytes;
};

struct address_range {
  std::uint64_t first = 0;
  std::uint64_t size_bytes = 0;
  [[nodiscard]] bool contains(std::uint64_t address) const { return address - first < size_bytes; }
};

/// The whole NIC with an AXI memory, a MAC and a host on its AXI4-Lite port. Checks AXI4 rules on everything that
/// the NIC does: valid and payload hold until ready, bursts stay in 4096 bytes, WLAST where AWLEN says.
class nic_bench {
 public:
  static constexpr std::uint64_t memory_base = 0x12'3450'0000;
  static constexpr std::size_t memory_bytes = 1U << 20U;

  explicit nic_bench(const surroundings& options);
  ~nic_bench();
  nic_bench(const nic_bench&) = delete;
  nic_bench& operator=(const nic_bench&) = delete;

  /// With skip_idle_clocks, an evaluated clock may stand for many.
  void run(std::uint64_t clocks);
  /// Runs until `done`; false if that takes more than `limit` clocks.
  [[nodiscard]] bool run_until(const std::function<bool()>& done, std::uint64_t limit = 100'000);

  void write32(std::uint32_t address, std::uint32_t value);
  void write64(std::uint32_t address, std::uint64_t value);
  [[nodiscard]] std::uint32_t read32(std::uint32_t address);
  [[nodiscard]] std::uint64_t read64(std::uint32_t address);
  [[nodiscard]] unsigned last_response() const { return last_response_; }
  /// A write that begins at a clock of its own choice; runs by itself.
  void schedule_write(std::uint64_t clock, std::uint32_t address, std::uint32_t value);
  void schedule_read(std::uint64_t clock, std::uint32_t address);

  void receive(frame_bytes frame, bool bad = false, std::uint64_t not_before = 0);
  [[nodiscard]] bool receiving() const { return !arriving_.empty(); }

  [[nodiscard]] std::span<std::uint8_t> memory(std::uint64_t address, std::size_t size);
  /// Called for each burst after it has changed the memory.
  std::function<void(const write_burst&)> on_write;
  std::vector<address_range> refused_writes;
  std::vector<address_range> refused_reads;

  /// Function-level reset, as a PCIe core asks for it.
  void drive_flr(bool level);
  [[nodiscard]] bool flr_done() const;
  /// Bursts that have begun and not been answered.
  [[nodiscard]] std::size_t outstanding() const {
    return write_addresses_.size() + write_beats_.size() + write_answers_.size() + read_answers_.size();
  }
  /// When the last of them was.
  [[nodiscard]] std::uint64_t last_answer_clock() const { return last_answer_clock_; }
  /// A frame is on its way out.
  [[nodiscard]] bool sending() const { return !leaving_.empty(); }

  std::vector<sent_frame> sent;
  [[nodiscard]] std::uint64_t clock() const { return clock_; }
  [[nodiscard]] std::uint64_t evaluated() const { return evaluated_; }
  /// Everything that left the NIC, with its clock: two runs are the same if this is.
  [[nodiscard]] const std::vector<std::uint64_t>& trace() const { return trace_; }
  surroundings options;

 private:
  struct register_access {
    std::uint64_t not_before;
    bool write;
    std::uint32_t address;
    std::uint32_t data;
  };
  struct arriving_frame {
    std::uint64_t not_before;
    bool bad;
    frame_bytes bytes;
    std::size_t position;
  };
  struct answer {
    std::uint64_t due;
    std::uint64_t address;
    bool refused;
    bool last;
  };
  struct address_phase {
    std::uint64_t address;
    unsigned beats;
  };

  /// Advances at most to the clock `end`.
  void tick_until(std::uint64_t end);
  [[nodiscard]] std::uint64_t skippable_clocks(std::uint64_t end) const;
  void drive_registers();
  void drive_mac();
  void drive_memory();
  void check_stable();
  void after_edge();
  void take_writes();
  void take_reads();
  void take_sent();
  void finish_burst();
  void note(std::uint64_t what, std::uint64_t value);
  [[nodiscard]] bool chance(unsigned percent);
  [[nodiscard]] std::uint64_t between(std::uint64_t low, std::uint64_t high);
  std::uint32_t wait_for_register();

  std::unique_ptr<VerilatedContext> context_;
  std::unique_ptr<Vfourtuple_nic_small> dut_;
  std::mt19937 random_;
  std::uint64_t clock_ = 0;
  std::uint64_t evaluated_ = 0;
  std::vector<std::uint8_t> memory_;

  std::deque<register_access> accesses_;
  bool access_begun_ = false;
  std::uint64_t access_begun_clock_ = 0;
  bool aw_done_ = false;
  bool w_done_ = false;
  bool ar_done_ = false;
  unsigned last_response_ = 0;
  std::uint32_t last_read_ = 0;

  std::deque<arriving_frame> arriving_;
  std::deque<address_phase> write_addresses_;
  std::deque<std::vector<std::uint8_t>> write_beats_;
  std::deque<std::uint64_t> write_strobes_;
  std::deque<bool> write_lasts_;
  std::deque<answer> write_answers_;
  std::deque<answer> read_answers_;
  frame_bytes leaving_;
  std::uint64_t last_answer_clock_ = 0;

  // Outputs of the clock before that were valid and not taken.
  std::optional<std::uint64_t> held_aw_;
  std::optional<std::uint64_t> held_w_;
  std::optional<std::uint64_t> held_ar_;
  std::optional<std::uint64_t> held_sent_;
  std::vector<std::uint64_t> trace_;
};

}  // namespace fourtuple::tb
