// SPDX-License-Identifier: Apache-2.0
#include "Vframe_parser.h"
#include "bench/rtl/benches.hpp"
#include "bench/rtl/pipeline.hpp"
#include "bench/rtl/small_frames.hpp"

namespace fourtuple::bench {
namespace {

struct parsed_frames {
  bool offer(Vframe_parser& dut, std::size_t item) const {
    const tb::frame_bytes& bytes = frames[item].bytes;
    put_lanes(dut.s_data_i, bytes);
    dut.s_bytes_i = static_cast<std::uint8_t>(bytes.size());
    dut.s_number_i = 0;
    dut.s_first_i = 1;
    dut.s_second_i = 0;
    dut.s_valid_i = 1;
    dut.s_last_i = 1;
    dut.s_bad_i = 0;
    return true;
  }

  static void rest(Vframe_parser& dut) { dut.s_valid_i = 0; }

  // The places are those of rx_offload_pkg::frame_facts_t and fourtuple_nic_pkg::tuple_t.
  bool result(const Vframe_parser& dut, std::size_t item) const {
    if (!dut.facts_valid_o) return false;
    const tb::expected_meta& meta = frames[item].meta;
    const bool right =
        get_bits(dut.facts_o, 51, 4) == static_cast<std::uint64_t>(meta.kind) &&
        get_bits(dut.facts_o, 55, 8) == meta.payload_offset && get_bits(dut.facts_o, 79, 14) == meta.length &&
        get_bits(dut.facts_o, 93, 4) == 0 && dut.tuple_o[2] == meta.connection.local_address &&
        dut.tuple_o[1] == meta.connection.foreign_address &&
        dut.tuple_o[0] == (std::uint32_t{meta.connection.local_port} << 16U | meta.connection.foreign_port);
    require(right, "frame_parser: wrong facts about a frame");
    return true;
  }

  std::vector<small_frame> frames;
};

}  // namespace

block_figures measure_parser(std::size_t frames) {
  Vframe_parser dut;
  dut.s_valid_i = 0;
  dut.mac_address_i = tb::frame_generator::mac_address;
  dut.max_frame_i = 1518;
  reset(dut);
  parsed_frames stimulus{small_frames(frames + 1)};
  return measure_pipeline(dut, stimulus, frames);
}

}  // namespace fourtuple::bench
