// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "bench/rtl/benches.hpp"
#include "tb/nic/nic_bench.hpp"
#include "tb/nic/nic_host.hpp"

namespace fourtuple::bench {
namespace {

namespace regs = fourtuple::regs;
constexpr std::uint64_t read_latency_clocks = 225;  // 900 ns at 250 MHz
constexpr std::size_t checksum_start = 34;
constexpr std::size_t checksum_offset = 16;
constexpr std::size_t tcp_headers_bytes = 54;
constexpr unsigned ring_entries_log2 = 12;
constexpr std::size_t buffers_bytes = 0x5'0000;  // Of tb::nic_host.

/// The frame as a host gives it: the pseudo-header's sum where the checksum will be.
tb::frame_bytes unfinished(tb::frame_bytes frame) {
  std::uint32_t sum = 6 + static_cast<std::uint32_t>(frame.size() - checksum_start);
  for (std::size_t at = 26; at < checksum_start; at += 2) sum += std::uint32_t{frame[at]} << 8U | frame[at + 1];
  sum = (sum & 0xffff) + (sum >> 16U);
  sum = (sum & 0xffff) + (sum >> 16U);
  frame[checksum_start + checksum_offset] = static_cast<std::uint8_t>(sum >> 8U);
  frame[checksum_start + checksum_offset + 1] = static_cast<std::uint8_t>(sum);
  return frame;
}

}  // namespace

double measure_tx_path(std::size_t frame_bytes, std::size_t beats, std::size_t lane) {
  // What is announced at once must fit the ring and the buffers.
  const std::size_t room = buffers_bytes / ((frame_bytes + lane + 63) / 64 * 64);
  const std::size_t wanted = std::max<std::size_t>(32, beats / ((frame_bytes + 63) / 64));
  const std::size_t frames = std::min({wanted, room, (std::size_t{1} << ring_entries_log2) - 1});

  tb::nic_bench nic({.read_latency_min_clocks = read_latency_clocks, .read_latency_max_clocks = read_latency_clocks});
  tb::nic_host host(nic, {.tx_entries_log2 = ring_entries_log2});
  host.set_up();
  nic.write32(regs::device_max_frame, 16383);
  host.enable(false, true);
  regs::transmit_descriptor descriptor;
  descriptor.end_of_frame = true;
  descriptor.checksum = true;
  descriptor.checksum_start = checksum_start;
  descriptor.checksum_offset = checksum_offset;
  std::vector<tb::frame_bytes> expected;
  for (std::size_t i = 0; i < frames; ++i) {
    const auto port = static_cast<std::uint16_t>(i);
    expected.push_back(tb::tcp_frame(0x0a000001, 0x0a000002, 80, port, frame_bytes - tcp_headers_bytes));
    host.prepare_transmit(unfinished(expected.back()), descriptor, lane);
  }
  host.ring_transmit_doorbell();
  const bool finished = nic.run_until([&] { return nic.sent.size() == frames; }, 1'000'000);
  EXPECT_TRUE(finished) << nic.sent.size() << " of " << frames << " frames were sent";
  if (!finished) return 0;
  for (std::size_t i = 0; i < frames; ++i) EXPECT_EQ(nic.sent[i].bytes, expected[i]) << "frame " << i;
  // The first quarter fills the pipeline.
  const std::size_t first = frames / 4;
  const std::uint64_t clocks = nic.sent.back().clock - nic.sent[first].clock;
  return static_cast<double>(frames - 1 - first) / static_cast<double>(clocks);
}

}  // namespace fourtuple::bench
