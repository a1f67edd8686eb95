// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include "Vrx_offload.h"
#include "tb/blocks/rx_offload/reference_offload.hpp"
#include "tb/coverage_recorder.hpp"

namespace fourtuple::tb {

/// A table command as the device's ports carry it.
struct table_command {
  std::uint32_t op = 0;  ///< command_op_e.
  tuple connection;
  std::uint64_t value = 0;  ///< What the entry says: table_value_t, 37 bits.
  std::uint16_t tag = 0;
};

struct table_answer {
  std::uint32_t op = 0;
  std::uint32_t tag = 0;
  std::uint32_t result = 0;  ///< command_result_e.
  std::uint64_t value = 0;
};

/// rx_offload with a source of beats and a check of everything that leaves: each beat exactly 46 clocks after it came,
/// its bytes, and with a frame's last beat what the reference says about the frame, the queue included. Failures are
/// GoogleTest failures.
class rx_offload_bench {
 public:
  static constexpr std::size_t latency_clocks = 46;

  /// What the table is known to say about a connection: table_value_t, or a miss.
  using known_connections = std::function<std::optional<std::uint64_t>(const tuple&)>;

  /// Resets and waits until the table is clear. Without `known`, every lookup must miss.
  explicit rx_offload_bench(const offload_config& config);

  void expect_lookups(known_connections known) { known_ = std::move(known); }

  /// Sends a frame; before each beat, `gap` says how many clocks without a beat come.
  void send(const frame_bytes& frame, bool mac_error = false, const std::function<std::size_t()>& gap = {});
  /// Clocks without beats. With advance_time false the timestamp stands still, so that no input changes.
  void idle(std::size_t clocks, bool advance_time = true);
  /// Until everything has left.
  void drain() { idle(latency_clocks + 1); }

  /// Offers a command; it is taken in the next clock, which must have command_ready_o.
  void start(const table_command& given);
  /// Answers are taken at once; the last one, if one came since start().
  [[nodiscard]] const std::optional<table_answer>& answer() const { return answer_; }
  /// Called in the clock in which an answer leaves, before the beat that leaves with it is checked.
  void on_answer(std::function<void()> hook) { on_answer_ = std::move(hook); }

  [[nodiscard]] std::size_t frames() const { return frames_; }
  [[nodiscard]] std::size_t hits() const { return hits_; }
  [[nodiscard]] std::size_t clocks() const { return clocks_; }
  [[nodiscard]] const expected_meta& last_frame() const { return last_frame_; }

  Vrx_offload& dut() { return dut_; }

 private:
  struct beat {
    bool valid = false;
    bool last = false;
    std::array<std::uint8_t, 64> bytes{};
    expected_meta meta;
    std::uint64_t timestamp = 0;
  };

  void clock(const beat& given, bool advance_time = true);
  void clock_edge();
  void check(const beat& expected);
  void check_meta(const beat& expected);
  [[nodiscard]] std::uint64_t meta_bits(std::size_t low, std::size_t width) const;

  Vrx_offload dut_;
  coverage_recorder coverage_{dut_};
  offload_config config_;
  known_connections known_ = [](const tuple&) { return std::nullopt; };
  std::function<void()> on_answer_ = [] {};
  std::deque<beat> inside_;
  std::optional<table_answer> answer_;
  std::uint64_t timestamp_ = 0;
  std::size_t frames_ = 0;
  std::size_t hits_ = 0;
  std::size_t clocks_ = 0;
  expected_meta last_frame_;
};

}  // namespace fourtuple::tb
