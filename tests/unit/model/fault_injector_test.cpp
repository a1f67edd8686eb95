// SPDX-License-Identifier: Apache-2.0
// The fault injector: what no fault applies to passes unchanged and at its time; each fault hits what it says, as often
// as it says, from its time on; lost writes are acknowledged.
#include "model/pcie/fault_injector.hpp"

#include <gtest/gtest.h>

#include "model/pcie/doorbell.hpp"
#include "model/sim/time.hpp"
#include "tests/unit/model/tlp_probe.hpp"

namespace fourtuple::model {
namespace {

using pcie::fault;
using pcie::fault_injector;
using pcie::fault_kind;
using pcie::tlp;
using pcie::tlp_type;
using sim::from_ns;

constexpr std::uint64_t ns = 1'000;
constexpr std::uint64_t early_ns = 300;

/// The link's end on one side, the device on the other.
struct bench {
  explicit bench(std::vector<fault> faults) : bench(pcie::fault_plan{.faults = std::move(faults)}) {}
  explicit bench(const pcie::fault_plan& plan)
      : injector(
            "injector", plan, from_ns(early_ns),
            [this](bool up) { changes.emplace_back(up, sc_core::sc_time_stamp()); },
            [](std::string_view) -> pcie::random_stream {
              return
                  [state = std::uint64_t{7}]() mutable { return state = state * 6364136223846793005 + 1, state >> 32; };
            }) {
    link.out.socket.bind(injector.from_link().socket);
    injector.to_link().socket.bind(link.in.socket);
    device.out.socket.bind(injector.from_device().socket);
    injector.to_device().socket.bind(device.in.socket);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    injector.begin();
    sc_core::sc_start(from_ns(early_ns));  // Faults begin one latency later.
    origin = sc_core::sc_time_stamp();
  }
  std::vector<std::pair<bool, sc_core::sc_time>> changes;
  fault_injector injector;
  tlp_probe link{"link_end"};
  tlp_probe device{"device"};
  sc_core::sc_time origin;
};

tlp completion(std::uint16_t tag) {
  tlp packet;
  packet.type = tlp_type::completion;
  packet.tag = tag;
  packet.data = bytes_of(64, tag);
  packet.remaining_bytes = 64;
  return packet;
}

TEST(fault_injector, without_faults_everything_passes_at_its_time) {
  bench b(pcie::fault_plan{});
  b.link.out.send(completion(1), from_ns(5));
  b.device.out.send(memory_write(0x1000, bytes_of(8, 0), 2), from_ns(7));
  ASSERT_EQ(b.device.got.size(), 1U);
  EXPECT_EQ(b.device.got[0].arrival - b.origin, from_ns(5));
  EXPECT_EQ(b.device.got[0].packet.data, bytes_of(64, 1));
  EXPECT_FALSE(b.device.got[0].packet.poisoned);
  ASSERT_EQ(b.link.got.size(), 1U);
  EXPECT_EQ(b.link.got[0].arrival - b.origin, from_ns(7));
}

TEST(fault_injector, loses_as_many_completions_as_it_is_told_from_its_time_on) {
  bench b({{.kind = fault_kind::lose_completion, .from_ps = (early_ns + 100) * ns, .count = 2}});
  for (std::uint16_t i = 0; i < 5; ++i) b.link.out.send(completion(i), from_ns(99 + i));
  ASSERT_EQ(b.device.got.size(), 3U);
  EXPECT_EQ(b.device.got[0].packet.tag, 0);
  EXPECT_EQ(b.device.got[1].packet.tag, 3);
  EXPECT_EQ(b.device.got[2].packet.tag, 4);
  EXPECT_EQ(b.injector.counters().completions_lost, 2U);
}

TEST(fault_injector, poisons_completions_and_only_those) {
  bench b({{.kind = fault_kind::poison_completion}});
  b.link.out.send(memory_write(0, bytes_of(4, 0), 1), from_ns(1));
  b.link.out.send(completion(2), from_ns(2));
  b.link.out.send(completion(3), from_ns(3));
  ASSERT_EQ(b.device.got.size(), 3U);
  EXPECT_FALSE(b.device.got[0].packet.poisoned);
  EXPECT_TRUE(b.device.got[1].packet.poisoned);
  EXPECT_FALSE(b.device.got[2].packet.poisoned);
  EXPECT_EQ(b.injector.counters().completions_poisoned, 1U);
}

TEST(fault_injector, a_lost_interrupt_is_acknowledged_and_does_not_arrive) {
  bench b({{.kind = fault_kind::lose_interrupt}});
  b.device.out.send(memory_write(0x2000, bytes_of(4, 0), 1), from_ns(1));
  b.device.out.send(memory_write(pcie::doorbell_first, bytes_of(4, 0), 2), from_ns(2));
  b.device.out.send(memory_write(pcie::doorbell_first, bytes_of(4, 0), 3), from_ns(3));
  ASSERT_EQ(b.link.got.size(), 2U);
  EXPECT_EQ(b.link.got[0].packet.tag, 1);
  EXPECT_EQ(b.link.got[1].packet.tag, 3);
  ASSERT_EQ(b.device.got.size(), 1U);
  EXPECT_EQ(b.device.got[0].packet.type, tlp_type::write_acknowledge);
  EXPECT_EQ(b.device.got[0].packet.tag, 2);
  EXPECT_EQ(b.device.got[0].arrival - b.origin, from_ns(302));
  EXPECT_EQ(b.injector.counters().interrupts_lost, 1U);
}

TEST(fault_injector, a_link_that_is_down_passes_nothing_and_says_when_it_is_up) {
  bench b({{.kind = fault_kind::link_down, .from_ps = (early_ns + 10) * ns, .duration_ps = 20 * ns}});
  b.link.out.send(completion(1), from_ns(9));
  b.link.out.send(completion(2), from_ns(10));
  b.device.out.send(memory_read(0x1000, 4, 3), from_ns(20));
  b.device.out.send(memory_write(0x1000, bytes_of(4, 0), 4), from_ns(21));
  b.link.out.send(completion(5), from_ns(30));
  EXPECT_TRUE(b.link.got.empty());
  ASSERT_EQ(b.device.got.size(), 3U);
  EXPECT_EQ(b.device.got[0].packet.tag, 1);
  EXPECT_EQ(b.device.got[1].packet.type, tlp_type::write_acknowledge);
  EXPECT_EQ(b.device.got[2].packet.tag, 5);
  EXPECT_EQ(b.injector.counters().tlps_lost_link_down, 3U);
  sc_core::sc_start(from_ns(100));
  ASSERT_EQ(b.changes.size(), 2U);
  EXPECT_FALSE(b.changes[0].first);
  EXPECT_EQ(b.changes[0].second - b.origin, from_ns(10));
  EXPECT_TRUE(b.changes[1].first);
  EXPECT_EQ(b.changes[1].second - b.origin, from_ns(30));
  EXPECT_EQ(b.injector.counters().links_down, 1U);
}

TEST(fault_injector, times_that_a_link_is_down_may_overlap) {
  bench b({{.kind = fault_kind::link_down, .from_ps = (early_ns + 10) * ns, .duration_ps = 20 * ns},
           {.kind = fault_kind::link_down, .from_ps = (early_ns + 30) * ns, .duration_ps = 5 * ns},
           {.kind = fault_kind::link_down, .from_ps = (early_ns + 12) * ns, .duration_ps = 3 * ns}});
  sc_core::sc_start(from_ns(100));
  ASSERT_EQ(b.changes.size(), 2U);
  EXPECT_EQ(b.changes[0].second - b.origin, from_ns(10));
  EXPECT_EQ(b.changes[1].second - b.origin, from_ns(35));
}

TEST(fault_injector, hits_the_packets_with_the_numbers_that_it_is_told) {
  bench b({{.kind = fault_kind::lose_completion, .first = 2, .count = 2},
           {.kind = fault_kind::lose_completion, .first = 5},
           {.kind = fault_kind::lose_completion, .first = 3}});
  for (std::uint16_t i = 1; i <= 6; ++i) b.link.out.send(completion(i), from_ns(i));
  ASSERT_EQ(b.device.got.size(), 3U);
  EXPECT_EQ(b.device.got[0].packet.tag, 1);
  EXPECT_EQ(b.device.got[1].packet.tag, 4);
  EXPECT_EQ(b.device.got[2].packet.tag, 6);
}

TEST(fault_injector, a_probability_hits_about_as_many_as_it_says) {
  pcie::fault_plan plan;
  plan.lose_completion = 100'000;
  bench b(plan);
  for (std::uint16_t i = 0; i < 1000; ++i) b.link.out.send(completion(i), from_ns(i));
  EXPECT_GT(b.injector.counters().completions_lost, 60U);
  EXPECT_LT(b.injector.counters().completions_lost, 140U);
  EXPECT_EQ(b.device.got.size() + b.injector.counters().completions_lost, 1000U);
}

TEST(fault_injector, nothing_goes_wrong_before_it_begins) {
  pcie::fault_plan plan;
  plan.faults = {{.kind = fault_kind::link_down, .duration_ps = 1'000'000 * ns}};
  plan.lose_completion = pcie::always_ppm;
  fault_injector injector(
      "early_injector", plan, from_ns(early_ns), [](bool) {},
      [](std::string_view) -> pcie::random_stream { return [] { return std::uint64_t{0}; }; });
  tlp_probe link{"early_link"};
  tlp_probe device{"early_device"};
  link.out.socket.bind(injector.from_link().socket);
  injector.to_link().socket.bind(link.in.socket);
  device.out.socket.bind(injector.from_device().socket);
  injector.to_device().socket.bind(device.in.socket);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  link.out.send(completion(1), from_ns(1));
  injector.begin();
  link.out.send(completion(2), from_ns(early_ns - 1));
  link.out.send(completion(3), from_ns(early_ns));
  ASSERT_EQ(device.got.size(), 2U);
  EXPECT_EQ(injector.counters().tlps_lost_link_down, 1U);
}

}  // namespace
}  // namespace fourtuple::model
