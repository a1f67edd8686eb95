// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "bench/rtl/benches.hpp"
#include "tb/nic/nic_bench.hpp"
#include "tb/nic/nic_host.hpp"

namespace fourtuple::bench {
namespace {

namespace regs = fourtuple::regs;
constexpr std::uint64_t read_latency_clocks = 225;                           // 900 ns at 250 MHz
constexpr std::uint64_t first_frame_clocks = 2 * read_latency_clocks + 100;  // Until transmit is at its pace.
constexpr std::size_t tcp_headers_bytes = 54;
constexpr unsigned tx_entries_log2 = 12;
constexpr std::size_t fewest_frames = 200;
constexpr std::size_t beats = 20'000;

double rate(std::size_t frames, std::uint64_t from, std::uint64_t to) {
  return static_cast<double>(frames) / static_cast<double>(to - from);
}

/// The middle half of what was received, in frames a clock.
double received_rate(const tb::nic_host& host) {
  const std::uint64_t from = host.records[host.records.size() / 4].clock;
  const std::uint64_t to = host.records[host.records.size() * 3 / 4].clock;
  const auto landed = std::ranges::count_if(
      host.records, [&](const tb::record& entry) { return entry.clock > from && entry.clock <= to; });
  return rate(static_cast<std::size_t>(landed), from, to);
}

double sent_rate(const tb::nic_bench& nic) {
  const std::size_t first = nic.sent.size() / 4;
  const std::size_t last = nic.sent.size() * 3 / 4;
  return rate(last - first, nic.sent[first].clock, nic.sent[last].clock);
}

}  // namespace

both_figures measure_both_paths(std::size_t frame_bytes, double rx_frames_per_clk) {
  // Enough that two completions written together make no difference. All frames are the same, so buffers may be used
  // again before they have been read.
  const std::size_t frames =
      std::clamp(beats / ((frame_bytes + 63) / 64), fewest_frames, (std::size_t{1} << tx_entries_log2) - 1);
  tb::nic_bench nic({.read_latency_min_clocks = read_latency_clocks, .read_latency_max_clocks = read_latency_clocks});
  tb::nic_host host(nic, {.rx_bytes_log2 = 19, .completion_entries_log2 = 12, .tx_entries_log2 = tx_entries_log2});
  host.set_up();
  nic.write32(regs::device_max_frame, 9600);
  host.enable(true, true);
  regs::transmit_descriptor descriptor;
  descriptor.end_of_frame = true;
  const tb::frame_bytes outgoing = tb::tcp_frame(1, 2, 3, 4, frame_bytes - tcp_headers_bytes);
  for (std::size_t i = 0; i < frames; ++i) host.prepare_transmit(outgoing, descriptor, 0);
  const std::uint64_t start = nic.clock() + first_frame_clocks;
  for (std::size_t i = 0; i < frames; ++i) {
    host.receive(tb::tcp_frame(2, 1, static_cast<std::uint16_t>(i), 3, frame_bytes - tcp_headers_bytes),
                 start + static_cast<std::uint64_t>(static_cast<double>(i) / rx_frames_per_clk));
  }
  host.ring_transmit_doorbell();
  while (nic.receiving()) {
    nic.run(64);
    host.give_back(host.unread());
  }
  const bool finished =
      nic.run_until([&] { return nic.sent.size() == frames && host.records.size() == frames; }, 100'000);
  EXPECT_TRUE(finished) << nic.sent.size() << " sent and " << host.records.size() << " received of " << frames;
  if (!finished) return {};
  EXPECT_EQ(host.dropped() + host.missing() + host.not_seen(), 0U);
  for (std::size_t i = 0; i < frames; ++i) {
    EXPECT_EQ(nic.sent[i].bytes, outgoing);
  }
  return {.rx_frames_per_clk = received_rate(host), .tx_frames_per_clk = sent_rate(nic)};
}

}  // namespace fourtuple::bench
