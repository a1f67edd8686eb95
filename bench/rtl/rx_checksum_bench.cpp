// SPDX-License-Identifier: Apache-2.0
#include "Vrx_checksum.h"
#include "bench/rtl/benches.hpp"
#include "bench/rtl/pipeline.hpp"
#include "bench/rtl/small_frames.hpp"

namespace fourtuple::bench {
namespace {

struct summed_frames {
  // The places are those of rx_offload_pkg::sum_range_t.
  bool offer(Vrx_checksum& dut, std::size_t item) const {
    const auto& [bytes, meta] = frames[item];
    const std::size_t l4_length = (std::size_t{bytes[16]} << 8U | bytes[17]) - (meta.l4_offset - meta.l3_offset);
    put_lanes(dut.data_i, bytes);
    dut.number_i = 0;
    dut.first_i = 1;
    dut.second_i = 0;
    dut.valid_i = 1;
    dut.last_i = 1;
    for (std::size_t word = 0; word < 4; ++word) dut.range_i[word] = 0;
    put_bits(dut.range_i, 0, 16, l4_length);
    put_bits(dut.range_i, 16, 8, bytes[meta.l3_offset + 9]);
    put_bits(dut.range_i, 24, 32, meta.connection.local_address);
    put_bits(dut.range_i, 56, 32, meta.connection.foreign_address);
    put_bits(dut.range_i, 88, 18, meta.l4_offset + l4_length);
    put_bits(dut.range_i, 107, 7, meta.l4_offset);
    return true;
  }

  static void rest(Vrx_checksum& dut) { dut.valid_i = 0; }

  bool result(const Vrx_checksum& dut, std::size_t item) const {
    if (!dut.sums_valid_o) return false;
    require(dut.raw_sum_o == frames[item].meta.raw_sum && dut.ip_good_o && dut.l4_good_o,
            "rx_checksum: a wrong sum or verdict");
    return true;
  }

  std::vector<small_frame> frames;
};

}  // namespace

block_figures measure_rx_checksum(std::size_t frames) {
  Vrx_checksum dut;
  dut.valid_i = 0;
  reset(dut);
  summed_frames stimulus{small_frames(frames + 1)};
  return measure_pipeline(dut, stimulus, frames);
}

}  // namespace fourtuple::bench
