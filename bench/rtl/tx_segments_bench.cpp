// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "bench/rtl/benches.hpp"
#include "tb/nic/nic_bench.hpp"
#include "tb/nic/nic_host.hpp"

namespace fourtuple::bench {
namespace {

namespace regs = fourtuple::regs;
constexpr std::uint64_t read_latency_clocks = 225;  // 900 ns at 250 MHz
constexpr std::size_t network = 14;
constexpr std::size_t transport = 34;
constexpr std::size_t headers = 54;
constexpr std::size_t checksum_offset = 16;
constexpr std::size_t largest_payload = 65'535;
constexpr std::size_t packets = 4;  // What fits the buffers of tb::nic_host.

std::uint32_t sum_of(const tb::frame_bytes& frame, std::size_t from, std::size_t to, std::uint32_t sum) {
  for (std::size_t at = from; at < to; ++at) sum += std::uint32_t{frame[at]} << ((at - from) % 2 == 0 ? 8U : 0U);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16U);
  return sum;
}

std::uint32_t addresses_and_protocol(const tb::frame_bytes& frame) { return sum_of(frame, network + 12, transport, 6); }

/// A large packet as a host gives it: the pseudo-header's sum, without the length, where the checksum will be.
tb::frame_bytes large_packet(std::size_t payload, std::uint16_t port) {
  tb::frame_bytes frame = tb::tcp_frame(0x0a000001, 0x0a000002, 80, port, payload);
  const std::uint32_t sum = addresses_and_protocol(frame);
  frame[transport + checksum_offset] = static_cast<std::uint8_t>(sum >> 8U);
  frame[transport + checksum_offset + 1] = static_cast<std::uint8_t>(sum);
  return frame;
}

void expect_good(const tb::frame_bytes& segment, std::size_t bytes) {
  EXPECT_EQ(segment.size(), bytes);
  EXPECT_EQ(sum_of(segment, network, transport, 0), 0xffffU) << "IPv4 checksum";
  const auto length = static_cast<std::uint32_t>(segment.size() - transport);
  EXPECT_EQ(sum_of(segment, transport, segment.size(), addresses_and_protocol(segment) + length), 0xffffU)
      << "TCP checksum";
}

}  // namespace

double measure_tx_segments(std::size_t segment_bytes) {
  const std::size_t mss = segment_bytes - headers;
  const std::size_t segments = largest_payload / mss;
  tb::nic_bench nic({.read_latency_min_clocks = read_latency_clocks, .read_latency_max_clocks = read_latency_clocks});
  tb::nic_host host(nic, {.tx_entries_log2 = 6});
  host.set_up();
  host.enable(false, true);
  regs::transmit_descriptor descriptor;
  descriptor.end_of_frame = descriptor.checksum = descriptor.tso = true;
  descriptor.checksum_start = transport;
  descriptor.checksum_offset = checksum_offset;
  descriptor.header_length = headers;
  descriptor.mss = static_cast<std::uint16_t>(mss);
  for (std::size_t i = 0; i < packets; ++i)
    host.prepare_transmit(large_packet(segments * mss, static_cast<std::uint16_t>(i)), descriptor, 0);
  host.ring_transmit_doorbell();
  const std::size_t frames = packets * segments;
  const bool finished = nic.run_until([&] { return nic.sent.size() == frames; }, 100'000);
  EXPECT_TRUE(finished) << nic.sent.size() << " of " << frames << " segments were sent";
  if (!finished) return 0;
  for (const auto& sent : nic.sent) expect_good(sent.bytes, segment_bytes);
  const std::size_t first = frames / 4;
  return static_cast<double>(frames - 1 - first) / static_cast<double>(nic.sent.back().clock - nic.sent[first].clock);
}

}  // namespace fourtuple::bench
