// SPDX-License-Identifier: Apache-2.0
#include "tb/blocks/rx_offload/rx_offload_bench.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace fourtuple::tb {

rx_offload_bench::rx_offload_bench(const offload_config& config) : config_(config) {
  dut_.mac_address_i = config.mac_address;
  dut_.max_frame_i = static_cast<SData>(config.max_frame_bytes);
  dut_.promiscuous_i = config.promiscuous;
  dut_.all_multicast_i = config.all_multicast;
  dut_.hash_secret_i = config.hash_secret;
  for (std::size_t entry = 0; entry < config.indirection.size(); ++entry) {
    dut_.indirection_i[entry / 8] |= std::uint32_t{config.indirection[entry]} << (4 * (entry % 8));
  }
  dut_.answer_ready_i = 1;
  dut_.rst_ni = 0;
  clock_edge();
  clock_edge();
  dut_.rst_ni = 1;
  while (!dut_.quiet_o && clocks_ < 1000) clock_edge();
  EXPECT_TRUE(dut_.table_ready_o);
  inside_.assign(latency_clocks - 1, {});
}

void rx_offload_bench::clock_edge() {
  dut_.clk_i = 0;
  dut_.eval();
  dut_.clk_i = 1;
  dut_.eval();
  ++clocks_;
}

void rx_offload_bench::send(const frame_bytes& frame, bool mac_error, const std::function<std::size_t()>& gap) {
  beat next;
  next.meta = reference_offload(frame, mac_error, config_);
  for (std::size_t at = 0; at < frame.size(); at += 64) {
    if (gap) idle(gap());
    const std::size_t bytes = std::min<std::size_t>(64, frame.size() - at);
    next.valid = true;
    next.last = at + 64 >= frame.size();
    next.bytes.fill(0);
    std::copy_n(frame.begin() + static_cast<std::ptrdiff_t>(at), bytes, next.bytes.begin());
    // What keep leaves out must have no influence.
    std::array<std::uint8_t, 64> lanes = next.bytes;
    std::fill(lanes.begin() + static_cast<std::ptrdiff_t>(bytes), lanes.end(),
              static_cast<std::uint8_t>(0xa5 + clocks_));
    for (std::size_t lane = 0; lane < 64; ++lane) {
      if (lane % 4 == 0) dut_.s_data_i[lane / 4] = 0;
      dut_.s_data_i[lane / 4] |= std::uint32_t{lanes[lane]} << (8 * (lane % 4));
    }
    dut_.s_keep_i = bytes == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bytes) - 1;
    dut_.s_bad_i = mac_error && next.last;
    clock(next);
  }
}

void rx_offload_bench::idle(std::size_t clocks, bool advance_time) {
  for (; clocks > 0; --clocks) clock({}, advance_time);
}

void rx_offload_bench::start(const table_command& given) {
  ASSERT_TRUE(dut_.command_ready_o);
  dut_.command_valid_i = 1;
  dut_.command_i[0] = static_cast<std::uint32_t>(given.value);
  dut_.command_i[1] = std::uint32_t{given.connection.local_port} << 16 | given.connection.foreign_port;
  dut_.command_i[2] = given.connection.foreign_address;
  dut_.command_i[3] = given.connection.local_address;
  dut_.command_i[4] = static_cast<std::uint32_t>(given.value >> 32) << 18 | given.op << 16 | given.tag;
  answer_.reset();
}

void rx_offload_bench::clock(const beat& given, bool advance_time) {
  if (advance_time) timestamp_ = (timestamp_ + 0x1'0000'0007) & 0xffff'ffff'ffff;
  dut_.s_valid_i = given.valid;
  dut_.s_last_i = given.last;
  dut_.timestamp_i = timestamp_;
  inside_.push_back(given);
  inside_.back().timestamp = timestamp_;
  clock_edge();
  dut_.command_valid_i = 0;
  if (dut_.answer_valid_o && !answer_) {
    const std::uint64_t bits = dut_.answer_o;
    answer_ = {static_cast<std::uint32_t>(bits >> 50 & 3), static_cast<std::uint32_t>(bits >> 34 & 0xffff),
               static_cast<std::uint32_t>(bits >> 32 & 3), (bits & 0xffff'ffff) | bits >> 52 << 32};
    on_answer_();
  }
  check(inside_.front());
  inside_.pop_front();
  const bool empty = std::none_of(inside_.begin(), inside_.end(), [](const beat& one) { return one.valid; });
  EXPECT_TRUE(empty || !dut_.quiet_o);
}

void rx_offload_bench::check(const beat& expected) {
  ASSERT_EQ(dut_.m_valid_o != 0, expected.valid);
  if (!expected.valid) return;
  ASSERT_EQ(dut_.m_last_o != 0, expected.last);
  for (std::size_t lane = 0; lane < 64; ++lane) {
    ASSERT_EQ(dut_.m_data_o[lane / 4] >> (8 * (lane % 4)) & 0xff, expected.bytes[lane]) << "lane " << lane;
  }
  if (expected.last) check_meta(expected);
}

std::uint64_t rx_offload_bench::meta_bits(std::size_t low, std::size_t width) const {
  std::uint64_t value = 0;
  for (std::size_t bit = 0; bit < width; ++bit) {
    value |= std::uint64_t{dut_.m_meta_o[(low + bit) / 32] >> ((low + bit) % 32) & 1} << bit;
  }
  return value;
}

// The places are those of fourtuple_nic_pkg::rx_meta_t.
void rx_offload_bench::check_meta(const beat& expected) {
  const expected_meta& meta = expected.meta;
  ++frames_;
  last_frame_ = meta;
  EXPECT_EQ(meta_bits(179, 1), meta.drop == drop_reason::mac_error);
  EXPECT_EQ(meta_bits(178, 1), meta.drop == drop_reason::too_short);
  EXPECT_EQ(meta_bits(177, 1), meta.drop == drop_reason::too_long);
  EXPECT_EQ(meta_bits(176, 1), meta.drop == drop_reason::filtered);
  if (meta.drop != drop_reason::none) return;
  EXPECT_EQ(meta_bits(162, 14), meta.length);
  EXPECT_EQ(meta_bits(154, 8), meta.l3_offset);
  EXPECT_EQ(meta_bits(146, 8), meta.l4_offset);
  EXPECT_EQ(meta_bits(138, 8), meta.payload_offset);
  EXPECT_EQ(meta_bits(134, 4), static_cast<std::uint64_t>(meta.kind));
  EXPECT_EQ(meta_bits(133, 1), meta.vlan);
  EXPECT_EQ(meta_bits(132, 1), meta.ip_checked);
  EXPECT_EQ(meta_bits(131, 1), meta.ip_good);
  EXPECT_EQ(meta_bits(130, 1), meta.l4_checked);
  EXPECT_EQ(meta_bits(129, 1), meta.l4_good);
  EXPECT_EQ(meta_bits(113, 16), meta.raw_sum);
  EXPECT_EQ(meta_bits(81, 32), meta.hash);
  EXPECT_EQ(meta_bits(0, 48), expected.timestamp);
  const auto known = meta.kind == packet_class::ipv4_tcp ? known_(meta.connection) : std::nullopt;
  EXPECT_EQ(meta_bits(80, 1), known.has_value());
  EXPECT_EQ(meta_bits(48, 32), known.value_or(0) & 0xffff'ffff);
  const bool has_hash = meta.kind == packet_class::ipv4_tcp || meta.kind == packet_class::ipv4_udp;
  const bool steered = (known.value_or(0) >> 32 & 1) != 0;
  const std::uint64_t spread = has_hash ? config_.indirection[meta.hash % 128] : 0;
  EXPECT_EQ(meta_bits(180, 4), steered ? *known >> 33 : spread);
  hits_ += known.has_value() ? 1 : 0;
}

}  // namespace fourtuple::tb
