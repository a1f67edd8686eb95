// SPDX-License-Identifier: Apache-2.0
#include "Vtx_checksum_insert.h"
#include "bench/rtl/benches.hpp"
#include "bench/rtl/pipeline.hpp"
#include "bench/rtl/small_frames.hpp"

namespace fourtuple::bench {
namespace {

constexpr unsigned room_beats = 32;  // The reader in front keeps at most as many inside.
constexpr std::size_t checksum_start = 34;
constexpr std::size_t checksum_field = checksum_start + 16;

/// The frames with the pseudo-header's sum where the checksum will be, as a host gives them.
struct unfinished_frames {
  explicit unfinished_frames(std::vector<small_frame> finished) : frames(std::move(finished)) {
    for (const small_frame& frame : frames) {
      tb::frame_bytes bytes = frame.bytes;
      const std::size_t end = 14 + (std::size_t{bytes[16]} << 8U | bytes[17]);
      // What lies behind the segment would be summed, too: a host sends none of it.
      std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(end), bytes.end(), std::uint8_t{0});
      const std::uint32_t pseudo = tb::reference_sum(bytes, 26, 34, 6 + (end - checksum_start));
      expected.push_back(bytes);
      bytes[checksum_field] = static_cast<std::uint8_t>(pseudo >> 8U);
      bytes[checksum_field + 1] = static_cast<std::uint8_t>(pseudo);
      given.push_back(std::move(bytes));
    }
  }

  // The places are those of tx_pkg::out_beat_t.
  bool offer(Vtx_checksum_insert& dut, std::size_t item) {
    const unsigned taken = dut.beat_taken_o;
    const bool room = inside < room_beats;
    dut.beat_valid_i = room;
    inside += (room ? 1U : 0U) - taken;
    if (!room) return false;
    const tb::frame_bytes& bytes = given[item];
    const auto size = static_cast<std::uint32_t>(bytes.size());
    put_lanes(dut.beat_data_i, bytes);
    dut.beat_i =
        size | static_cast<std::uint32_t>(checksum_field) << 14U | 0b111U << 20U | (size - 1) << 23U | 0b11U << 29U;
    dut.beat_before_i = (std::uint64_t{1} << checksum_start) - 1;
    dut.beat_prefix_i = 1;
    dut.beat_prefix_end_i = 1;
    dut.beat_sum_i = static_cast<std::uint16_t>(tb::reference_sum(bytes, 0, bytes.size()));
    dut.beat_odd_i = 0;
    return true;
  }

  void rest(Vtx_checksum_insert& dut) {
    inside -= dut.beat_taken_o;
    dut.beat_valid_i = 0;
  }

  bool result(const Vtx_checksum_insert& dut, std::size_t item) const {
    if (!dut.m_axis_tvalid) return false;
    const tb::frame_bytes& bytes = expected[item];
    bool right = dut.m_axis_tlast && dut.m_axis_tkeep == ~std::uint64_t{0} >> (64 - bytes.size());
    for (std::size_t lane = 0; lane < bytes.size(); ++lane) {
      right = right && get_bits(dut.m_axis_tdata, 8 * lane, 8) == bytes[lane];
    }
    require(right, "tx_checksum_insert: a wrong frame");
    return true;
  }

  std::vector<small_frame> frames;
  std::vector<tb::frame_bytes> given;
  std::vector<tb::frame_bytes> expected;
  unsigned inside = 0;
};

}  // namespace

block_figures measure_tx_checksum(std::size_t frames) {
  Vtx_checksum_insert dut;
  dut.beat_valid_i = 0;
  dut.m_axis_tready = 1;
  reset(dut);
  unfinished_frames stimulus(small_frames(frames + 1));
  return measure_pipeline(dut, stimulus, frames);
}

}  // namespace fourtuple::bench
