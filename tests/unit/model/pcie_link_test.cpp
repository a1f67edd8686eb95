// SPDX-License-Identifier: Apache-2.0
// The PCIe link: latency and rate against numbers worked out by hand, strict order in a direction, independent
// directions, counters, and configurations that are refused.
#include "model/pcie/link.hpp"

#include <gtest/gtest.h>

#include "model/sim/time.hpp"
#include "tests/unit/model/tlp_probe.hpp"

namespace fourtuple::model {
namespace {

using pcie::link;
using pcie::link_config;
using pcie::serialisation_ps;
using pcie::wire_bytes;
using sim::from_ns;
using sim::from_ps;

struct linked_probes {
  explicit linked_probes(const link_config& config) : wire("link", config) {
    bind_root(root, wire);
    bind_endpoint(endpoint, wire);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
  }
  link wire;
  tlp_probe root{"root"};
  tlp_probe endpoint{"endpoint"};
};

TEST(pcie_link, sizes_on_the_lanes) {
  EXPECT_EQ(wire_bytes(memory_write(0x1000, bytes_of(64, 0))), 8U + 12U + 64U);
  EXPECT_EQ(wire_bytes(memory_write(0xffff'ffff, bytes_of(1, 0))), 8U + 12U + 4U);
  EXPECT_EQ(wire_bytes(memory_write(0x1'0000'0000, bytes_of(5, 0))), 8U + 16U + 8U);
  EXPECT_EQ(wire_bytes(memory_read(0x1'0000'0000, 512)), 8U + 16U);
  pcie::tlp packet;
  packet.type = pcie::tlp_type::completion;
  packet.data = bytes_of(512, 0);
  EXPECT_EQ(wire_bytes(packet), 8U + 12U + 512U);
  packet.type = pcie::tlp_type::write_acknowledge;
  packet.data.clear();
  EXPECT_EQ(wire_bytes(packet), 0U);
}

TEST(pcie_link, observers_see_when_each_packet_is_on_the_lanes) {
  struct recorder final : pcie::tlp_observer {
    void on_tlp(const pcie::tlp_event& event) override {
      lines.push_back(std::string(event.way == pcie::tlp_direction::upstream ? "up " : "down ") +
                      std::to_string(sim::to_ps(event.start)) + "-" + std::to_string(sim::to_ps(event.end)) + " " +
                      std::to_string(event.wire_bytes) + " " + std::to_string(event.packet.data.size()));
    }
    std::vector<std::string> lines;
  };
  linked_probes probes({.generation = 1, .lanes = 1});  // 4 ns a byte.
  recorder log;
  probes.wire.add_observer(log);
  probes.endpoint.out.send(memory_write(0x1000, bytes_of(4, 0)), from_ns(10));
  probes.endpoint.out.send(memory_write(0x1000, bytes_of(4, 0)), from_ns(10));
  probes.root.out.send(memory_read(0x1000, 64), sc_core::SC_ZERO_TIME);
  const std::vector<std::string> expected = {"up 10000-106000 24 4", "up 106000-202000 24 4", "down 0-80000 20 0"};
  EXPECT_EQ(log.lines, expected);
}

TEST(pcie_link, rates_of_the_generations) {
  // Gen1 x1: 2.5 GT/s, 8b/10b: 250 MB/s. Gen2 x4: 2 GB/s.
  EXPECT_EQ(serialisation_ps({.generation = 1, .lanes = 1}, 1), 4'000U);
  EXPECT_EQ(serialisation_ps({.generation = 2, .lanes = 4}, 1'000), 500'000U);
  // Gen3 x1: 8 GT/s, 128b/130b: 128 bytes in 1040 bits. Gen4 and 5 double it; lanes divide it.
  EXPECT_EQ(serialisation_ps({.generation = 3, .lanes = 1}, 128), 130'000U);
  EXPECT_EQ(serialisation_ps({.generation = 4, .lanes = 1}, 128), 65'000U);
  EXPECT_EQ(serialisation_ps({.generation = 5, .lanes = 16}, 12'800), 203'125U);
  // Rounded up: 31.74 ps.
  EXPECT_EQ(serialisation_ps({.generation = 4, .lanes = 16}, 1), 32U);
  EXPECT_EQ(serialisation_ps({.generation = 4, .lanes = 16}, 0), 0U);
}

TEST(pcie_link, refuses_what_does_not_exist) {
  EXPECT_FALSE(pcie::config_error({}).has_value());
  EXPECT_TRUE(pcie::config_error({.generation = 0}).has_value());
  EXPECT_TRUE(pcie::config_error({.generation = 6}).has_value());
  EXPECT_TRUE(pcie::config_error({.lanes = 3}).has_value());
  EXPECT_TRUE(pcie::config_error({.one_way_latency_ps = 0}).has_value());
}

TEST(pcie_link, a_lone_packet_takes_its_serialisation_and_the_latency) {
  const link_config config{.generation = 3, .lanes = 1, .one_way_latency_ps = 100'000};
  linked_probes ends(config);
  ends.endpoint.out.send(memory_write(0x1000, bytes_of(108, 3)), from_ns(5));  // 128 bytes on the lanes.
  ASSERT_EQ(ends.root.got.size(), 1U);
  EXPECT_EQ(ends.root.got[0].arrival, from_ns(5 + 130 + 100));
  EXPECT_EQ(ends.root.got[0].packet.data, bytes_of(108, 3));
  EXPECT_LE(ends.wire.smallest_latency(), from_ns(130 + 100));
}

TEST(pcie_link, packets_queue_for_the_lanes_and_keep_their_order) {
  const link_config config{.generation = 3, .lanes = 1, .one_way_latency_ps = 100'000};
  linked_probes ends(config);
  ends.endpoint.out.send(memory_write(0x1000, bytes_of(108, 0), 1), from_ns(0));
  ends.endpoint.out.send(memory_read(0x1000, 4, 2), from_ns(1));  // 20 bytes: 20.3125 ns.
  pcie::tlp acknowledge;
  acknowledge.type = pcie::tlp_type::write_acknowledge;
  acknowledge.tag = 3;
  ends.endpoint.out.send(acknowledge, from_ns(2));
  ends.endpoint.out.send(memory_read(0x1000, 4, 4), from_ns(1'000));
  ASSERT_EQ(ends.root.got.size(), 4U);
  for (std::uint16_t i = 0; i < 4; ++i) EXPECT_EQ(ends.root.got[i].packet.tag, i + 1);
  EXPECT_EQ(ends.root.got[0].arrival, from_ns(230));
  EXPECT_EQ(ends.root.got[1].arrival, from_ps(230'000 + 20'313));
  EXPECT_EQ(ends.root.got[2].arrival, ends.root.got[1].arrival) << "an acknowledge is free, but keeps its place";
  EXPECT_EQ(ends.root.got[3].arrival, from_ps(1'100'000 + 20'313));
}

TEST(pcie_link, directions_do_not_share_bandwidth) {
  linked_probes ends({.generation = 1, .lanes = 1, .one_way_latency_ps = 1'000});
  for (int i = 0; i < 10; ++i) ends.endpoint.out.send(memory_write(0, bytes_of(512, 0)), sc_core::SC_ZERO_TIME);
  ends.root.out.send(memory_read(0, 4), sc_core::SC_ZERO_TIME);
  ASSERT_EQ(ends.endpoint.got.size(), 1U);
  EXPECT_EQ(ends.endpoint.got[0].arrival, from_ns(20 * 4 + 1));
}

TEST(pcie_link, counts_and_utilisation) {
  linked_probes ends({.generation = 3, .lanes = 1, .one_way_latency_ps = 100'000});
  for (int i = 0; i < 4; ++i) ends.endpoint.out.send(memory_write(0x1000, bytes_of(107, 0)), from_ns(200));
  EXPECT_EQ(ends.wire.upstream().tlps, 0U) << "the sender is ahead of the kernel";
  sc_core::sc_start(from_ns(200));
  EXPECT_EQ(ends.wire.upstream().tlps, 4U);
  EXPECT_EQ(ends.wire.upstream().payload_bytes, 4U * 107U);
  EXPECT_EQ(ends.wire.upstream().wire_bytes, 4U * 128U);
  EXPECT_EQ(ends.wire.upstream().busy_ps, 4U * 130'000U);
  EXPECT_EQ(ends.wire.downstream().tlps, 0U);
  EXPECT_DOUBLE_EQ(pcie::utilisation(ends.wire.upstream(), from_ns(1'040)), 0.5);
  EXPECT_DOUBLE_EQ(pcie::utilisation(ends.wire.upstream(), sc_core::SC_ZERO_TIME), 0.0);
}

}  // namespace
}  // namespace fourtuple::model
