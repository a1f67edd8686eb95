// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>

#include "bench/rtl/benches.hpp"
#include "tb/nic/nic_bench.hpp"
#include "tb/nic/nic_host.hpp"

namespace fourtuple::bench {
namespace {

namespace regs = fourtuple::regs;
constexpr std::uint32_t local_address = 0x0a000001;
constexpr std::uint32_t foreign_address = 0x0a000002;
constexpr std::uint16_t connections = 8;
constexpr std::size_t tcp_headers_bytes = 54;
constexpr std::size_t steps = 512;  // Rates are tried in steps of 1/512 of a beat a clock.

/// Offers frames at `rate` 512ths of a beat a clock. The rate at which they land, or nothing if one was dropped.
std::optional<double> delivered(std::size_t frame_bytes, std::size_t frames, std::size_t rate) {
  tb::nic_bench nic({});
  tb::nic_host host(nic, {.rx_bytes_log2 = 19, .completion_entries_log2 = 12});
  host.set_up();
  nic.write32(regs::device_max_frame, 16383);
  host.enable(true, false);
  for (std::uint16_t i = 0; i < connections; ++i) {
    host.command(regs::command_op::insert, local_address, foreign_address, 80, static_cast<std::uint16_t>(1000 + i), i,
                 i);
    nic.run(64);  // The smallest NIC has room for four commands.
  }
  if (!nic.run_until([&] { return host.unread() == connections; })) return std::nullopt;
  host.give_back(connections);

  const std::size_t frame_beats = (frame_bytes + 63) / 64;
  const std::uint64_t start = nic.clock() + 100;
  for (std::size_t i = 0; i < frames; ++i) {
    const auto port = static_cast<std::uint16_t>(1000 + i % connections);
    host.receive(tb::tcp_frame(foreign_address, local_address, port, 80, frame_bytes - tcp_headers_bytes),
                 start + i * frame_beats * steps / rate);
  }
  while (nic.receiving()) {
    nic.run(64);
    host.give_back(host.unread());
  }
  nic.run(2000);
  if (host.dropped() != 0 || host.missing() + host.not_seen() != 0) return std::nullopt;
  // The first quarter fills the pipeline, and behind the last frames nothing keeps it full. Two completions may land in
  // one clock: counted are those behind the clock `from`.
  const std::uint64_t from = host.records[connections + frames / 4].clock;
  const std::uint64_t to = host.records[connections + frames * 7 / 8].clock;
  const auto landed = std::ranges::count_if(
      host.records, [&](const tb::record& entry) { return entry.clock > from && entry.clock <= to; });
  return static_cast<double>(landed) / static_cast<double>(to - from);
}

}  // namespace

double measure_rx_path(std::size_t frame_bytes, std::size_t beats) {
  const std::size_t frames = std::max<std::size_t>(64, beats / ((frame_bytes + 63) / 64));
  std::size_t good = 0;
  double best = 0;
  // RFC 2544, 26.1: the highest rate without loss, by halving.
  for (std::size_t step = steps / 2; step > 0; step /= 2) {
    const std::size_t rate = good + step;
    if (const auto landed = delivered(frame_bytes, frames, rate)) {
      good = rate;
      best = *landed;
    }
  }
  return best;
}

}  // namespace fourtuple::bench
