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

/// The link's end on one side, the device on the other.
struct bench {
  explicit bench(std::vector<fault> faults)
      : injector("injector", std::move(faults), from_ns(300), [this] { up_at.push_back(sc_core::sc_time_stamp()); }) {
    link.out.socket.bind(injector.from_link().socket);
    injector.to_link().socket.bind(link.in.socket);
    device.out.socket.bind(injector.from_device().socket);
    injector.to_device().socket.bind(device.in.socket);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    origin = sc_core::sc_time_stamp();
  }
  std::vector<sc_core::sc_time> up_at;
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
  bench b({});
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
  bench b({{.kind = fault_kind::lose_completion, .from_ps = 100 * ns, .count = 2}});
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
  const std::uint64_t start_ps = sim::to_ps(sc_core::sc_time_stamp());
  bench b({{.kind = fault_kind::link_down, .from_ps = start_ps + 10 * ns, .duration_ps = 20 * ns}});
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
  ASSERT_EQ(b.up_at.size(), 1U);
  EXPECT_EQ(b.up_at[0] - b.origin, from_ns(30));
}

}  // namespace
}  // namespace fourtuple::model
