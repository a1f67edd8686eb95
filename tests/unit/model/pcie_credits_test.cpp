// SPDX-License-Identifier: Apache-2.0
// Flow control of the PCIe link: rates that credits allow against numbers worked out by hand, the ordering rules of
// PCIe 2.4.1 while something waits for credits, and that infinite credits change nothing.
#include <gtest/gtest.h>

#include "model/pcie/link.hpp"
#include "model/sim/time.hpp"
#include "tests/unit/model/tlp_probe.hpp"

namespace fourtuple::model {
namespace {

using pcie::link;
using pcie::link_config;
using pcie::tlp;
using pcie::tlp_type;
using sim::from_ns;
using sim::from_ps;

// 128 bytes on the lanes take 130 ns, and a credit is back 2 * 100 ns + 70 ns after that.
constexpr std::uint64_t busy_ns = 130;
constexpr std::uint64_t back_ns = 270;

link_config with_root_credits(const pcie::receive_credits& credits) {
  return {.generation = 3, .lanes = 1, .one_way_latency_ps = 100'000, .root = credits};
}

struct linked_probes {
  explicit linked_probes(const link_config& config) : wire("link", config) {
    bind_root(root, wire);
    bind_endpoint(endpoint, wire);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    origin = sc_core::sc_time_stamp();
  }
  /// When the first packet with this tag arrived, from the beginning on.
  [[nodiscard]] sc_core::sc_time arrival(std::uint16_t tag) const {
    for (const auto& packet : root.got) {
      if (packet.packet.tag == tag) return packet.arrival - origin;
    }
    ADD_FAILURE() << "no packet " << tag;
    return {};
  }
  link wire;
  tlp_probe root{"root"};
  tlp_probe endpoint{"endpoint"};
  sc_core::sc_time origin;
};

tlp write_108(std::uint16_t tag) { return memory_write(0x1000, bytes_of(108, 0), tag); }

TEST(pcie_credits, posted_headers_bound_the_rate) {
  linked_probes ends(with_root_credits({.posted_headers = 2, .hold_ps = 70'000}));
  for (std::uint16_t i = 0; i < 6; ++i) ends.endpoint.out.send(write_108(i), sc_core::SC_ZERO_TIME);
  // Two leave at once, one behind the other; each further one when a credit is back.
  std::uint64_t end_ns[6] = {busy_ns, 2 * busy_ns};
  for (int i = 2; i < 6; ++i) end_ns[i] = std::max(end_ns[i - 1], end_ns[i - 2] + back_ns) + busy_ns;
  for (std::uint16_t i = 0; i < 6; ++i) EXPECT_EQ(ends.arrival(i), from_ns(end_ns[i] + 100)) << i;
  EXPECT_EQ(ends.wire.upstream().credit_stalls, 2U) << "the third and the fifth waited for more than the lanes";
}

void expect_second_after(std::uint32_t data_credits, std::uint64_t second_ns) {
  linked_probes ends(with_root_credits({.posted_data = data_credits, .hold_ps = 70'000}));
  for (std::uint16_t i = 0; i < 2; ++i) ends.endpoint.out.send(write_108(i), sc_core::SC_ZERO_TIME);
  EXPECT_EQ(ends.arrival(1), from_ns(second_ns + 100));
}

// 108 bytes are 7 credits of 16 bytes.
TEST(pcie_credits, thirteen_data_credits_hold_one_packet) { expect_second_after(13, busy_ns + back_ns + busy_ns); }
TEST(pcie_credits, fourteen_data_credits_hold_two) { expect_second_after(14, 2 * busy_ns); }

TEST(pcie_credits, a_packet_larger_than_all_credits_goes_alone) {
  linked_probes ends(with_root_credits({.posted_data = 3, .hold_ps = 70'000}));
  for (std::uint16_t i = 0; i < 3; ++i) ends.endpoint.out.send(write_108(i), sc_core::SC_ZERO_TIME);
  EXPECT_EQ(ends.arrival(2), from_ns(3 * busy_ns + 2 * back_ns + 100));
}

TEST(pcie_credits, what_waits_for_non_posted_credits_is_overtaken_by_writes_and_completions_but_not_by_reads) {
  linked_probes ends(with_root_credits({.non_posted_headers = 1, .hold_ps = 10'000'000}));
  ends.endpoint.out.send(memory_read(0x1000, 4, 1), from_ns(0));
  ends.endpoint.out.send(memory_read(0x1000, 4, 2), from_ns(1));  // Waits for the first one's credit.
  ends.endpoint.out.send(write_108(3), from_ns(50));
  tlp answer;
  answer.type = tlp_type::completion;
  answer.tag = 4;
  ends.endpoint.out.send(answer, from_ns(60));
  ends.endpoint.out.send(memory_read(0x1000, 4, 5), from_ns(61));
  EXPECT_LT(ends.arrival(3), ends.arrival(2));
  EXPECT_LT(ends.arrival(4), ends.arrival(2));
  EXPECT_GT(ends.arrival(4), ends.arrival(3)) << "a completion does not overtake a write";
  EXPECT_GT(ends.arrival(2), from_ns(10'000));
  EXPECT_GT(ends.arrival(5), ends.arrival(2)) << "a read does not overtake a read";
}

TEST(pcie_credits, nothing_overtakes_a_write_that_waits) {
  linked_probes ends(with_root_credits({.posted_headers = 1, .hold_ps = 10'000'000}));
  ends.endpoint.out.send(write_108(1), from_ns(0));
  ends.endpoint.out.send(write_108(2), from_ns(1));
  ends.endpoint.out.send(memory_read(0x1000, 4, 3), from_ns(2));
  EXPECT_GT(ends.arrival(2), from_ns(10'000));
  EXPECT_GT(ends.arrival(3), ends.arrival(2));
}

TEST(pcie_credits, the_endpoints_credits_bound_the_processors_accesses) {
  link_config config = with_root_credits({});
  config.endpoint = {.posted_headers = 1, .hold_ps = 70'000};
  linked_probes ends(config);
  for (std::uint16_t i = 0; i < 2; ++i) ends.root.out.send(write_108(i), sc_core::SC_ZERO_TIME);
  ASSERT_EQ(ends.endpoint.got.size(), 2U);
  EXPECT_EQ(ends.endpoint.got[1].arrival - ends.origin, from_ns(2 * busy_ns + back_ns + 100));
  EXPECT_EQ(ends.wire.downstream().credit_stall_ps, back_ns * 1'000) << "from when the lanes were free";
  EXPECT_EQ(ends.wire.upstream().credit_stalls, 0U);
}

}  // namespace
}  // namespace fourtuple::model
