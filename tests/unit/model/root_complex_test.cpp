// SPDX-License-Identifier: Apache-2.0
// The root complex with a probe as device: writes and reads through the IOMMU at the right times, refusals, completion
// splitting, interrupts, MMIO with errors, timeouts and late answers.
#include "model/pcie/root_complex.hpp"

#include <gtest/gtest.h>

#include <array>

#include "model/pcie/link.hpp"
#include "model/sim/time.hpp"
#include "tests/unit/model/tlp_probe.hpp"

namespace fourtuple::model {
namespace {

using pcie::completion_status;
using pcie::dma_direction;
using pcie::link_config;
using pcie::serialisation_ps;
using pcie::tlp;
using pcie::tlp_type;
using sim::from_ns;
using sim::from_ps;

constexpr std::uint64_t base = 0x1'0000'0000;

/// A device that is a probe, behind a link with a latency of 100 ns; 4096 bytes of memory.
struct bench : sc_core::sc_module {
  explicit bench(const pcie::root_complex_config& config = {.completion_timeout_ps = 1'000'000})
      : sc_module(sc_core::sc_module_name("bench")), root("root", config, memory, "nic0") {
    device.out.socket.bind(wire.from_endpoint().socket);
    wire.to_endpoint().socket.bind(device.in.socket);
    root.to_device().socket.bind(wire.from_root().socket);
    wire.to_root().socket.bind(root.from_device().socket);
    SC_HAS_PROCESS(bench);
    SC_THREAD(run_software);
    EXPECT_TRUE(memory.map(base, ram));
  }
  void run_software() {
    if (software) software();
  }

  pcie::link wire{"link", {.one_way_latency_ps = 100'000}};
  pcie::iommu memory;
  pcie::root_complex root;
  tlp_probe device{"device"};
  std::array<std::byte, 4096> ram{};
  std::function<void()> software;
};

TEST(root_complex, executes_a_write_when_it_arrives_and_acknowledges_it) {
  bench b;
  const auto bytes = bytes_of(64, 1);
  b.device.out.send(memory_write(base + 128, bytes, 77), from_ns(10));
  const auto serialisation = from_ps(serialisation_ps(link_config{}, 88));
  sc_core::sc_start(from_ns(110) + serialisation - from_ps(1));
  EXPECT_EQ(b.ram[128], std::byte{0}) << "not before its time";
  sc_core::sc_start(from_ps(2));
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), b.ram.begin() + 128));
  ASSERT_EQ(b.device.got.size(), 1U);
  EXPECT_EQ(b.device.got[0].packet.type, tlp_type::write_acknowledge);
  EXPECT_EQ(b.device.got[0].packet.tag, 77);
  EXPECT_EQ(b.device.got[0].packet.status, completion_status::successful);
  EXPECT_EQ(b.device.got[0].arrival, from_ns(210) + serialisation);
  EXPECT_EQ(b.root.counters().memory_writes, 1U);
  EXPECT_EQ(b.root.counters().written_bytes, 64U);
}

TEST(root_complex, a_refused_write_is_recorded_answered_and_leaves_memory_alone) {
  bench b;
  b.device.out.send(memory_write(base + 4064, bytes_of(64, 1), 5), from_ns(0));  // 32 bytes too far.
  sc_core::sc_start(from_ns(1'000));
  EXPECT_EQ(b.ram, (std::array<std::byte, 4096>{}));
  ASSERT_EQ(b.device.got.size(), 1U);
  EXPECT_EQ(b.device.got[0].packet.status, completion_status::unsupported_request);
  ASSERT_EQ(b.memory.faults().size(), 1U);
  const pcie::iommu_fault& fault = b.memory.faults()[0];
  EXPECT_EQ(fault.device, "nic0");
  EXPECT_EQ(fault.address, base + 4064);
  EXPECT_EQ(fault.length_bytes, 64U);
  EXPECT_EQ(fault.direction, dma_direction::device_writes);
  EXPECT_EQ(fault.when, from_ns(100) + from_ps(serialisation_ps(link_config{}, 88)));
  EXPECT_EQ(b.root.counters().refused, 1U);
}

TEST(root_complex, a_read_round_trip_takes_900_ns_by_default) {
  pcie::link wire("link", {});
  pcie::iommu memory;
  std::array<std::byte, 64> ram{};
  ASSERT_TRUE(memory.map(base, ram));
  pcie::root_complex root("root", {}, memory, "nic0");
  tlp_probe device("device");
  bind_endpoint(device, wire);
  root.to_device().socket.bind(wire.from_root().socket);
  wire.to_root().socket.bind(root.from_device().socket);
  device.out.send(memory_read(base, 64), sc_core::SC_ZERO_TIME);
  sc_core::sc_start(from_ns(2'000));
  ASSERT_EQ(device.got.size(), 1U);
  EXPECT_EQ(device.got[0].arrival,
            from_ns(900) + from_ps(serialisation_ps(link_config{}, 24) + serialisation_ps(link_config{}, 84)));
}

TEST(root_complex, a_read_sees_the_writes_before_it_and_is_cut_at_the_boundary) {
  bench b({.max_payload_bytes = 128});
  const auto bytes = bytes_of(300, 9);
  b.device.out.send(memory_write(base + 40, bytes), from_ns(0));
  b.device.out.send(memory_read(base + 40, 300, 9), from_ns(0));
  sc_core::sc_start(from_ns(2'000));
  ASSERT_EQ(b.device.got.size(), 4U);
  std::vector<std::byte> data;
  std::vector<std::size_t> sizes;
  std::uint32_t remaining = 300;
  for (std::size_t i = 1; i < 4; ++i) {
    const tlp& packet = b.device.got[i].packet;
    EXPECT_EQ(packet.type, tlp_type::completion);
    EXPECT_EQ(packet.tag, 9);
    EXPECT_EQ(packet.remaining_bytes, remaining);
    EXPECT_EQ(packet.address, (base + 40 + data.size()) & 0x7f);
    remaining -= packet.length_bytes;
    sizes.push_back(packet.data.size());
    data.insert(data.end(), packet.data.begin(), packet.data.end());
  }
  EXPECT_EQ(data, bytes);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{88, 128, 84})) << "ends at 128, 256, 340: multiples of 64 but the last";
}

TEST(root_complex, a_refused_read_gets_one_completion_with_the_error) {
  bench b;
  ASSERT_TRUE(b.memory.unmap(base));
  ASSERT_TRUE(b.memory.map(base, b.ram, {.read = false, .write = true}));
  b.device.out.send(memory_read(base, 64, 3), from_ns(0));
  b.device.out.send(memory_read(base + 64, 4096, 4), from_ns(0));  // Across a 4096-byte border: malformed.
  sc_core::sc_start(from_ns(2'000));
  ASSERT_EQ(b.device.got.size(), 2U);
  for (const auto& got : b.device.got) {
    EXPECT_EQ(got.packet.type, tlp_type::completion);
    EXPECT_EQ(got.packet.status, completion_status::unsupported_request);
    EXPECT_TRUE(got.packet.data.empty());
  }
  ASSERT_EQ(b.memory.fault_count(), 2U);
  EXPECT_EQ(b.memory.faults()[0].direction, dma_direction::device_reads);
}

TEST(root_complex, messages_reach_their_handler_at_their_time) {
  bench b;
  std::vector<sc_core::sc_time> first;
  int second = 0;
  const auto message_1 = b.root.connect_interrupt([&] { first.push_back(sc_core::sc_time_stamp()); });
  const auto message_2 = b.root.connect_interrupt([&] { ++second; });
  EXPECT_NE(message_1.data, message_2.data);
  std::vector<std::byte> data(4);
  for (unsigned i = 0; i < 4; ++i) data[i] = static_cast<std::byte>(message_1.data >> (8 * i) & 0xff);
  b.device.out.send(memory_write(message_1.address, data), from_ns(0));
  sc_core::sc_start(from_ns(1'000));
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0], from_ns(100) + from_ps(serialisation_ps(link_config{}, 24)));
  EXPECT_EQ(second, 0);
  EXPECT_EQ(b.root.counters().messages, 1U);
}

TEST(root_complex, refuses_messages_that_nobody_is_connected_to) {
  bench b;
  int calls = 0;
  const auto message = b.root.connect_interrupt([&] { ++calls; });
  b.device.out.send(memory_write(message.address, bytes_of(4, 200)), from_ns(0));
  b.device.out.send(memory_write(message.address, bytes_of(8, 0)), from_ns(0));
  b.device.out.send(memory_write(message.address + 64, std::vector<std::byte>(4)), from_ns(0));
  sc_core::sc_start(from_ns(1'000));
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(b.memory.fault_count(), 3U);
  ASSERT_EQ(b.device.got.size(), 3U);
  for (const auto& got : b.device.got) EXPECT_EQ(got.packet.status, completion_status::unsupported_request);
}

TEST(root_complex, mmio_write_is_posted_and_read_waits_for_its_answer) {
  bench b;
  std::uint32_t value = 0;
  sc_core::sc_time returned;
  b.software = [&] {
    b.root.write32(0x10, 0x11223344);
    EXPECT_EQ(sc_core::sc_time_stamp(), sc_core::SC_ZERO_TIME);
    value = b.root.read32(0x14);
    returned = sc_core::sc_time_stamp();
  };
  sc_core::sc_start(from_ns(300));
  ASSERT_EQ(b.device.got.size(), 2U);
  EXPECT_EQ(b.device.got[0].packet.type, tlp_type::memory_write);
  EXPECT_EQ(b.device.got[0].packet.address, 0x10U);
  EXPECT_EQ(b.device.got[0].packet.data,
            (std::vector{std::byte{0x44}, std::byte{0x33}, std::byte{0x22}, std::byte{0x11}}));
  tlp answer;
  answer.type = tlp_type::completion;
  answer.tag = b.device.got[1].packet.tag;
  answer.length_bytes = answer.remaining_bytes = 4;
  answer.data = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{0x80}};
  b.device.out.send(answer, from_ns(100));
  sc_core::sc_start(from_ns(1'000));
  EXPECT_EQ(value, 0x80030201U);
  EXPECT_EQ(returned, from_ns(500) + from_ps(serialisation_ps(link_config{}, 24)));
  EXPECT_EQ(b.root.counters().completion_timeouts, 0U);
}

TEST(root_complex, mmio_read_times_out_with_all_ones_and_drops_the_late_answer) {
  bench b;
  std::uint32_t value = 0;
  sc_core::sc_time returned;
  b.software = [&] {
    value = b.root.read32(0);
    returned = sc_core::sc_time_stamp();
  };
  sc_core::sc_start(from_ns(1'500));
  EXPECT_EQ(value, 0xffff'ffffU);
  EXPECT_EQ(returned, from_ns(1'000));
  EXPECT_EQ(b.root.counters().completion_timeouts, 1U);
  tlp answer;
  answer.type = tlp_type::completion;
  answer.tag = b.device.got.at(0).packet.tag;
  answer.data = bytes_of(4, 0);
  b.device.out.send(answer, from_ns(0));
  sc_core::sc_start(from_ns(1'000));
  EXPECT_EQ(b.root.counters().unexpected_completions, 1U);
}

TEST(root_complex, mmio_read_of_an_error_is_all_ones) {
  bench b;
  std::uint32_t value = 0;
  b.software = [&] { value = b.root.read32(0xfffc); };
  sc_core::sc_start(from_ns(300));
  tlp answer;
  answer.type = tlp_type::completion;
  answer.status = completion_status::completer_abort;
  answer.tag = b.device.got.at(0).packet.tag;
  b.device.out.send(answer, from_ns(0));
  sc_core::sc_start(from_ns(300));
  EXPECT_EQ(value, 0xffff'ffffU);
  EXPECT_EQ(b.root.counters().mmio_errors, 1U);
  EXPECT_EQ(b.root.counters().completion_timeouts, 0U);
}

TEST(iommu, mappings_do_not_overlap_and_a_range_may_span_neighbours) {
  pcie::iommu memory;
  std::array<std::byte, 256> ram{};
  EXPECT_TRUE(memory.map(1'000, std::span(ram).first(100)));
  EXPECT_FALSE(memory.map(1'099, std::span(ram).first(1)));
  EXPECT_FALSE(memory.map(990, std::span(ram).first(11)));
  EXPECT_FALSE(memory.map(5'000, {}));
  EXPECT_FALSE(memory.map(~std::uint64_t{0}, std::span(ram).first(2)));
  EXPECT_TRUE(memory.map(1'100, std::span(ram).last(100)));
  const auto bytes = bytes_of(20, 1);
  EXPECT_TRUE(memory.write("d", 1'090, bytes));
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.begin() + 10, ram.begin() + 90));
  EXPECT_TRUE(std::equal(bytes.begin() + 10, bytes.end(), ram.begin() + 156));
  std::vector<std::byte> back(20);
  EXPECT_TRUE(memory.read("d", 1'090, back));
  EXPECT_EQ(back, bytes);
  EXPECT_FALSE(memory.read("d", 999, back));
  EXPECT_FALSE(memory.read("d", ~std::uint64_t{0} - 3, back)) << "wraps around";
  EXPECT_FALSE(memory.unmap(1'001));
  EXPECT_TRUE(memory.unmap(1'000));
  EXPECT_FALSE(memory.write("d", 1'090, bytes));
  EXPECT_EQ(memory.fault_count(), 3U);
  EXPECT_EQ(memory.faults()[0].to_string(), "d read of 20 bytes at 0x3e7, 0 ps");
}

TEST(iommu, counts_all_faults_and_records_the_first) {
  pcie::iommu memory;
  for (std::size_t i = 0; i < pcie::iommu::most_recorded_faults + 10; ++i)
    EXPECT_FALSE(memory.write("d", i, bytes_of(1, 0)));
  EXPECT_EQ(memory.faults().size(), pcie::iommu::most_recorded_faults);
  EXPECT_EQ(memory.fault_count(), pcie::iommu::most_recorded_faults + 10);
}

}  // namespace
}  // namespace fourtuple::model
