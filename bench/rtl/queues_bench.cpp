// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <random>

#include "bench/rtl/benches.hpp"
#include "bench/rtl/many_queues_host.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"
#include "tb/nic/nic_host.hpp"

namespace fourtuple::bench {
namespace {

namespace regs = fourtuple::regs;
constexpr std::size_t frame_bytes = 60;
constexpr std::uint16_t flows = 128;
constexpr std::uint16_t first_port = 1000;
constexpr std::size_t steps = 256;  // Rates are tried in steps of 1/256 of a frame a clock.
constexpr std::uint64_t read_latency_clocks = 225;

/// Offers frames of random flows at `rate` 256ths of a frame a clock. The rate at which they land, or nothing if one
/// was dropped.
std::optional<double> delivered(unsigned queues, bool steered, std::size_t frames, std::size_t rate) {
  tb::nic_bench nic({});
  many_queues_host host(nic, queues);
  std::array<unsigned, flows> queue_of{};
  for (std::uint16_t flow = 0; flow < flows; ++flow) {
    const auto port = static_cast<std::uint16_t>(first_port + flow);
    queue_of[flow] = host.spread_queue(port);
    if (!steered) continue;
    queue_of[flow] = (queue_of[flow] + 1) % queues;  // Where the hash does not lead, if there is more than one.
    host.steer(port, queue_of[flow]);
  }
  std::mt19937 random(7);
  const std::uint64_t start = nic.clock() + 100;
  for (std::size_t i = 0; i < frames; ++i) {
    const auto flow = static_cast<std::uint16_t>(random() % flows);
    host.receive(static_cast<std::uint16_t>(first_port + flow), frame_bytes, start + i * steps / rate, queue_of[flow]);
  }
  while (nic.receiving()) {
    nic.run(64);
    host.give_back();
  }
  nic.run(2000);
  if (host.landed.size() != frames) return std::nullopt;
  // As for one queue: without the first quarter and the last frames.
  const std::uint64_t from = host.landed[frames / 4];
  const std::uint64_t to = host.landed[frames * 7 / 8];
  const auto landed =
      std::ranges::count_if(host.landed, [&](std::uint64_t clock) { return clock > from && clock <= to; });
  return static_cast<double>(landed) / static_cast<double>(to - from);
}

}  // namespace

double measure_rx_queues(unsigned queues, bool steered, std::size_t frames) {
  std::size_t good = 0;
  double best = 0;
  for (std::size_t step = steps / 2; step > 0; step /= 2) {
    if (const auto landed = delivered(queues, steered, frames, good + step)) {
      good += step;
      best = *landed;
    }
  }
  return best;
}

double measure_tx_queues(unsigned queues) {
  // As many frames in all, however many queues there are: enough to empty what the NIC reads in advance.
  const unsigned entries_log2 = 12 - static_cast<unsigned>(std::bit_width(queues) - 1);
  const std::size_t frames_of_queue = (std::size_t{1} << entries_log2) - 1;
  constexpr std::uint64_t slot_bytes = 64;
  constexpr std::uint64_t rings = tb::nic_bench::memory_base;
  constexpr std::uint64_t slots = rings + 0x1'0000;
  tb::nic_bench nic({.read_latency_min_clocks = read_latency_clocks, .read_latency_max_clocks = read_latency_clocks});
  // The foreign port says which queue and which frame of it.
  const auto frame_of = [](unsigned queue, std::size_t number) {
    return tb::tcp_frame(0x0a000001, 0x0a000002, 80, static_cast<std::uint16_t>(queue << 12U | number),
                         frame_bytes - many_queues_host::headers_bytes);
  };
  for (unsigned queue = 0; queue < queues; ++queue) {
    const std::uint64_t ring = rings + (std::uint64_t{queue} << (entries_log2 + 4));
    for (std::size_t number = 0; number < frames_of_queue; ++number) {
      regs::transmit_descriptor descriptor;
      descriptor.address = slots + ((std::uint64_t{queue} << entries_log2) + number) * slot_bytes;
      descriptor.length = frame_bytes;
      descriptor.end_of_frame = true;
      std::ranges::copy(frame_of(queue, number), nic.memory(descriptor.address, frame_bytes).begin());
      descriptor.encode(std::as_writable_bytes(nic.memory(ring + 16 * number, 16)).first<16>());
    }
    nic.write64(regs::queues_tx_base(queue), ring);
    nic.write32(regs::queues_ring_sizes(queue), 4U | entries_log2 << 8U);
    nic.write32(regs::queues_control(queue), regs::queues_control::tx_enable_mask);
  }
  for (unsigned queue = 0; queue < queues; ++queue)
    nic.write32(regs::queues_tx_tail(queue), static_cast<std::uint32_t>(frames_of_queue));
  const std::size_t frames = queues * frames_of_queue;
  const bool finished = nic.run_until([&] { return nic.sent.size() == frames; }, 1'000'000);
  EXPECT_TRUE(finished) << nic.sent.size() << " of " << frames << " frames were sent";
  if (!finished) return 0;
  std::array<std::size_t, many_queues_host::device_queues> next{};
  for (const tb::sent_frame& sent : nic.sent) {
    const unsigned queue = sent.bytes[36] >> 4U;  // The destination port's high half byte.
    EXPECT_LT(queue, queues);
    if (queue >= queues) return 0;
    EXPECT_EQ(sent.bytes, frame_of(queue, next[queue]));
    ++next[queue];
  }
  const std::size_t first = frames / 4;
  return static_cast<double>(frames - 1 - first) / static_cast<double>(nic.sent.back().clock - nic.sent[first].clock);
}

}  // namespace fourtuple::bench
