// SPDX-License-Identifier: Apache-2.0
// Shows that what the Verilated NIC does, and when, does not depend on how it is run: how far it runs ahead, whether
// idle clocks are left out, whether a waveform is written. Everything that comes from each NIC is digested with its
// time in picoseconds; and at each wake, all that the RTL keeps is compared with an RTL that has evaluated every clock.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <set>

#include "model/sim/time.hpp"
#include "tb/rtl_nic.hpp"
#include "tests/integration/nic_bench.hpp"
#include "tests/integration/nic_traffic.hpp"

namespace fourtuple::test {
namespace {

using model::sim::from_ns;
using model::sim::from_ps;

constexpr std::uint64_t receive_ring = nic_bench::memory_base;
constexpr std::uint64_t completion_ring = nic_bench::memory_base + 0x8'0000;
constexpr std::uint64_t transmit_ring = nic_bench::memory_base + 0x9'0000;
constexpr std::uint64_t transmit_data = nic_bench::memory_base + 0x10'0000;
constexpr std::uint32_t transmit_entries = 256;

model::nic::nic_config config_as_built() {
  model::nic::nic_config config;
  config.queues = tb::built_rtl_parameters().queues;
  return config;
}

// A NIC and a host that uses it with bursts and pauses. The host is the same program everywhere: it takes another way
// as soon as its NIC does something at another time.
class nic_with_host : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(nic_with_host);
  nic_with_host(sc_core::sc_module_name name, const tb::rtl_nic_options& options, int rounds = 25,
                std::uint32_t unused_bits = 0)
      : sc_module(name),
        nic("nic", config_as_built(), options),
        bench("bench", nic),
        rounds_(rounds),
        unused_bits_(unused_bits) {
    SC_THREAD(run);
    set_stack_size(std::size_t{1} << 20);
  }

  tb::rtl_nic nic;
  nic_bench bench;
  std::uint64_t sent = 0;
  std::uint64_t messages = 0;
  std::uint64_t received = 0;
  bool finished = false;

 private:
  void write64(std::uint32_t offset, std::uint64_t value) {
    bench.write32(offset, static_cast<std::uint32_t>(value));
    bench.write32(offset + 4, static_cast<std::uint32_t>(value >> 32));
  }

  void bring_up() {
    write64(regs::device_mac_address, 0x0100'0000'0002);
    write64(regs::queues_rx_base(0), receive_ring);
    bench.write32(regs::queues_rx_size(0), 17);
    write64(regs::queues_completion_base(0), completion_ring);
    write64(regs::queues_tx_base(0), transmit_ring);
    bench.write32(regs::queues_ring_sizes(0), 10 | 8 << 8);
    write64(regs::msix_address(0), nic_bench::doorbell_base);
    bench.write32(regs::msix_control(0), 0);
    bench.write32(regs::queues_moderation(0), 20 | 3000 << 16);
    bench.write32(regs::queues_moderation(1), unused_bits_);
    bench.write32(regs::queues_control(0), 3);
  }

  void receive_burst() {
    std::uint64_t arrival_ps = 250'123;  // Not at an edge.
    for (std::uint32_t i = 0, count = traffic_.number(25); i < count; ++i) {
      auto content = traffic_.frame();
      arrival_ps += (content.bytes.size() + 24) * 80 + traffic_.number(2) * traffic_.number(400'000);
      bench.receive(std::move(content), from_ps(arrival_ps));
    }
    wait(from_ps(arrival_ps));
  }

  void transmit_burst() {
    for (std::uint32_t i = 0, count = traffic_.number(8); i < count; ++i)
      for (const auto& descriptor : traffic_.transmit_frame(transmit_data, 0x1'0000)) {
        const auto place = bench.memory(transmit_ring + 16ULL * (tx_tail_ % transmit_entries), 16);
        descriptor.encode(place.first<16>());
        ++tx_tail_;
      }
    bench.write32(regs::queues_tx_tail(0), tx_tail_);
  }

  void commands() {
    for (std::uint32_t i = 0, count = traffic_.number(6); i < count; ++i) {
      bench.write32(regs::connection_foreign_address, traffic_.number(50));
      bench.write32(regs::connection_command, traffic_.number(3) | i << 16);
    }
  }

  void run() {
    bring_up();
    for (int round = 0; round < rounds_; ++round) {
      commands();
      transmit_burst();
      receive_burst();
      wait(from_ps(traffic_.chance(50) ? 10'000'000 + traffic_.number(40'000'000) : traffic_.number(3'000'000)));
      // Values that depend on time go into the digest too.
      (void)bench.read(regs::device_timestamp, 8);
      bench.write32(regs::queues_rx_head(0), bench.read32(regs::queues_rx_tail(0)).value_or(0));
      const std::uint32_t tail = bench.read32(regs::queues_completion_tail(0)).value_or(0);
      bench.write32(regs::queues_completion_head(0), tail | 0x8000'0000U);
    }
    wait(from_ns(100'000));
    for (const auto& info : regs::all_registers) (void)bench.read(info.offset, info.width_bits / 8);
    received = bench.read32(regs::counter_rx_delivered).value_or(0);
    sent = bench.take_sent().size();
    messages = bench.take_messages().size();
    finished = true;
  }

  int rounds_;
  std::uint32_t unused_bits_;  // In a register of a queue that is never switched on.
  nic_traffic traffic_{7};
  std::uint16_t tx_tail_ = 0;
};

TEST(rtl_nic_time, results_do_not_depend_on_quantum_skipping_or_tracing) {
  const auto trace_file = std::filesystem::temp_directory_path() / "fourtuple_rtl_nic_time_test.fst";
  nic_with_host usual("usual", {});
  nic_with_host every_clock("every_clock", {.quantum_clocks = 1, .skip_idle_clocks = false});
  nic_with_host far_ahead("far_ahead",
                          {.quantum_clocks = 50, .skip_idle_clocks = true});  // 200 ns, the bench's latency.
  auto traced = std::make_unique<nic_with_host>(
      "traced", tb::rtl_nic_options{.quantum_clocks = 7, .trace_file = trace_file.string(), .trace_from_start = false});
  const auto all_finished = [&] {
    return usual.finished && every_clock.finished && far_ahead.finished && traced->finished;
  };
  const auto limit = from_ns(100'000'000);
  while (!all_finished() && sc_core::sc_time_stamp() < limit) {
    sc_core::sc_start(from_ns(20'000));
    traced->nic.set_tracing(sc_core::sc_time_stamp() < from_ns(60'000));
  }
  ASSERT_TRUE(all_finished());

  // Something has happened ...
  EXPECT_GT(usual.received, 100U);
  EXPECT_GT(usual.sent, 20U);
  EXPECT_GT(usual.messages, 5U);
  // ... and the same everywhere.
  for (const nic_with_host* other :
       std::initializer_list<const nic_with_host*>{&every_clock, &far_ahead, traced.get()}) {
    EXPECT_EQ(other->bench.tlp_digest(), usual.bench.tlp_digest()) << other->name();
    EXPECT_EQ(other->bench.frame_digest(), usual.bench.frame_digest()) << other->name();
    EXPECT_EQ(other->received, usual.received) << other->name();
  }
  EXPECT_EQ(every_clock.nic.clocks().skipped, 0U);
  EXPECT_GT(usual.nic.clocks().skipped, usual.nic.clocks().evaluated);
  EXPECT_EQ(usual.nic.clocks().skipped + usual.nic.clocks().evaluated, every_clock.nic.clocks().evaluated);
  traced.reset();  // Closes the file.
  EXPECT_GT(std::filesystem::file_size(trace_file), 1000U);
  std::filesystem::remove(trace_file);
}

using states = std::map<std::uint64_t, std::uint64_t>;  // Hashes by the number of the edge.

struct two_runs {
  states skipping;
  states evaluating;
  model::nic::nic_clocks clocks_of_skipping;
};

// All that the RTL keeps, at each wake of the one that skips, in it and in one that evaluates every clock.
two_runs states_at_wakes(int rounds, std::uint32_t unused_bits_of_evaluating) {
  two_runs result;
  // At the same quantum both evaluate an edge at the same time: what is wanted at a wake is known before the next one.
  std::set<std::uint64_t> wanted;
  nic_with_host* skipping = nullptr;
  nic_with_host* evaluating = nullptr;
  const auto note = [&wanted](states& noted, nic_with_host*& host) {
    return [&wanted, &noted, &host](std::uint64_t edge) {
      if (host != nullptr && wanted.contains(edge)) noted.emplace(edge, host->nic.state_hash());
    };
  };
  nic_with_host with_skips("with_skips",
                           {.quantum_clocks = 1,
                            .on_wake = [&wanted](std::uint64_t next_edge) { wanted.insert(next_edge + 1); },
                            .on_edge = note(result.skipping, skipping)},
                           rounds);
  nic_with_host without(
      "without", {.quantum_clocks = 1, .skip_idle_clocks = false, .on_edge = note(result.evaluating, evaluating)},
      rounds, unused_bits_of_evaluating);
  skipping = &with_skips;
  evaluating = &without;
  const auto limit = sc_core::sc_time_stamp() + from_ns(100'000'000);
  while (!(with_skips.finished && without.finished) && sc_core::sc_time_stamp() < limit)
    sc_core::sc_start(from_ns(20'000));
  EXPECT_TRUE(with_skips.finished && without.finished);
  result.clocks_of_skipping = with_skips.nic.clocks();
  return result;
}

TEST(rtl_nic_time, the_whole_state_is_the_same_at_each_wake) {
  const two_runs seen = states_at_wakes(25, 0);
  EXPECT_GT(seen.clocks_of_skipping.skipped, seen.clocks_of_skipping.evaluated);
  EXPECT_GT(seen.skipping.size(), 100U);
  std::set<std::uint64_t> different;
  for (const auto& [edge, state] : seen.skipping) {
    ASSERT_TRUE(seen.evaluating.contains(edge)) << edge;
    ASSERT_EQ(seen.evaluating.at(edge), state) << "at edge " << edge;
    different.insert(state);
  }
  EXPECT_GT(different.size(), seen.skipping.size() / 2) << "a hash of something that never changes shows nothing";
}

// A single bit counts, although the device does the same with it or without.
TEST(rtl_nic_time, one_bit_that_differs_shows_at_each_wake) {
  const two_runs seen = states_at_wakes(5, 1U << 31);
  std::size_t before = 0;
  std::size_t after = 0;
  for (const auto& [edge, state] : seen.skipping) {
    ASSERT_TRUE(seen.evaluating.contains(edge)) << edge;
    if (seen.evaluating.at(edge) != state) {
      ++after;
    } else {
      ++before;
      EXPECT_EQ(after, 0U) << "the same again at edge " << edge;
    }
  }
  EXPECT_GT(after, 30U);
  EXPECT_LT(before, 20U);  // While the device is brought up.
}

}  // namespace
}  // namespace fourtuple::test
