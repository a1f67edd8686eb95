// SPDX-License-Identifier: Apache-2.0
// The simulated host: its clock, sleeping and waking (also when both fall on one time), DMA memory with guards,
// interrupts, MMIO through a link, repeatable randomness.
#include <gmock/gmock.h>

#include <array>
#include <bit>
#include <set>
#include <string>
#include <vector>

#include "model/host/seeded_random.hpp"
#include "model/host/simulated_clock.hpp"
#include "model/host/simulated_device.hpp"
#include "model/host/simulated_threading.hpp"
#include "model/pcie/link.hpp"
#include "tests/unit/model/tlp_probe.hpp"

namespace fourtuple::model {
namespace {

using host::simulated_clock;
using host::simulated_dma_memory;
using host::simulated_threading;
using sim::from_ns;
using sim::from_ps;

/// Runs functions as SC_THREADs, in the order of spawn().
void spawn(std::function<void()> body) { sc_core::sc_spawn(std::move(body)); }

TEST(simulated_clock, shows_whole_nanoseconds) {
  simulated_clock clock;
  EXPECT_EQ(clock.now_ns(), 0U);
  sc_core::sc_start(from_ps(1'999));
  EXPECT_EQ(clock.now_ns(), 1U);
  sc_core::sc_start(from_ps(1));
  EXPECT_EQ(clock.now_ns(), 2U);
}

TEST(simulated_threading, a_wait_ends_by_wake_up_or_deadline) {
  simulated_threading threads;
  simulated_clock clock;
  const auto queue = threads.make_wait_queue();
  std::vector<std::string> log;
  const auto note = [&](const std::string& what) { log.push_back(what + " " + std::to_string(clock.now_ns())); };
  spawn([&] {
    note(queue->wait_until(base::never_ns) ? "a woken" : "a late");
    note(queue->wait_until(150) ? "a woken" : "a late");
    note(queue->wait_until(150) ? "a woken" : "a late");
    note(queue->wait_until(base::never_ns) ? "a woken" : "a late");
  });
  spawn([&] { note(queue->wait_until(1'000) ? "b woken" : "b late"); });
  spawn([&] {
    host::sleep_until(100);
    queue->wake_all();
    note("wake");
    host::sleep_until(100);
    host::sleep_until(300);
    queue->wake_all();
  });
  sc_core::sc_start(from_ns(2'000));
  EXPECT_THAT(
      log, testing::ElementsAre("wake 100", "a woken 100", "b woken 100", "a late 150", "a late 150", "a woken 300"));
}

TEST(simulated_threading, a_wake_up_in_the_deadlines_nanosecond_counts) {
  simulated_threading threads;
  const auto queue = threads.make_wait_queue();
  bool woken = false;
  spawn([&] { woken = queue->wait_until(100); });
  // Hardware, that is an SC_METHOD or a timed wait: acts in the first delta cycle, before or after the sleeper is run.
  spawn([&] {
    sc_core::wait(from_ns(100));
    queue->wake_all();
  });
  sc_core::sc_start(from_ns(200));
  EXPECT_TRUE(woken);
}

TEST(simulated_threading, a_wake_up_just_before_the_wait_is_not_a_deadline) {
  simulated_threading threads;
  simulated_clock clock;
  const auto queue = threads.make_wait_queue();
  int false_alarms = 0;
  std::uint64_t ended_ns = 0;
  spawn([&] {
    queue->wake_all();
    while (queue->wait_until(100)) ++false_alarms;
    ended_ns = clock.now_ns();
  });
  sc_core::sc_start(from_ns(200));
  EXPECT_LE(false_alarms, 1);
  EXPECT_EQ(ended_ns, 100U);
}

TEST(simulated_threading, software_sees_what_hardware_did_at_its_deadline) {
  simulated_threading threads;
  const auto queue = threads.make_wait_queue();
  bool written = false;
  bool seen_after_wait = false;
  bool seen_after_sleep = false;
  spawn([&] {
    (void)queue->wait_until(100);
    seen_after_wait = written;
  });
  spawn([&] {
    host::sleep_until(100);
    seen_after_sleep = written;
  });
  spawn([&] {
    sc_core::wait(from_ns(100));
    written = true;
  });
  sc_core::sc_start(from_ns(200));
  EXPECT_TRUE(seen_after_wait);
  EXPECT_TRUE(seen_after_sleep);
}

TEST(simulated_dma_memory, gives_zeroed_aligned_memory_that_the_device_reaches) {
  pcie::iommu iommu;
  simulated_dma_memory memory(iommu);
  const driver::dma_region small = memory.allocate(100, 64);
  const driver::dma_region large = memory.allocate(1 << 20, 1 << 20);
  ASSERT_NE(small.data, nullptr);
  ASSERT_NE(large.data, nullptr);
  EXPECT_EQ(small.bytes, 100U);
  EXPECT_EQ(small.bus_address % 64, 0U);
  EXPECT_EQ(large.bus_address % (1 << 20), 0U);
  EXPECT_TRUE(std::all_of(large.data, large.data + large.bytes, [](std::byte b) { return b == std::byte{0}; }));
  EXPECT_TRUE(iommu.write("nic0", small.bus_address + 36, bytes_of(64, 1)));
  EXPECT_EQ(small.data[36], std::byte{1});
  large.data[5] = std::byte{9};
  std::array<std::byte, 1> read{};
  EXPECT_TRUE(iommu.read("nic0", large.bus_address + 5, read));
  EXPECT_EQ(read[0], std::byte{9});
}

TEST(simulated_dma_memory, guards_regions_and_forgets_released_ones) {
  pcie::iommu iommu;
  simulated_dma_memory memory(iommu);
  const driver::dma_region first = memory.allocate(4096, 64);
  const driver::dma_region second = memory.allocate(4096, 64);
  std::array<std::byte, 2> read{};
  EXPECT_FALSE(iommu.read("nic0", first.bus_address + 4095, read));
  EXPECT_FALSE(iommu.read("nic0", second.bus_address - 1, read));
  memory.release(first);
  EXPECT_FALSE(iommu.read("nic0", first.bus_address, read));
  EXPECT_TRUE(iommu.read("nic0", second.bus_address, read));
  memory.release(first);
  EXPECT_EQ(memory.allocated_bytes(), 4096U);
  const driver::dma_region third = memory.allocate(1, 1);
  EXPECT_GT(third.bus_address, second.bus_address) << "addresses are not used twice";
  EXPECT_EQ(iommu.mappings(), 2U);
}

TEST(simulated_dma_memory, refuses_what_cannot_be) {
  pcie::iommu iommu;
  {
    simulated_dma_memory memory(iommu);
    EXPECT_EQ(memory.allocate(0, 64).data, nullptr);
    EXPECT_EQ(memory.allocate(64, 0).data, nullptr);
    EXPECT_EQ(memory.allocate(64, 48).data, nullptr);
    EXPECT_EQ(memory.allocate(std::size_t{1} << 60, 64).data, nullptr);
    EXPECT_EQ(memory.allocate(~std::size_t{0}, 64).data, nullptr);
    EXPECT_EQ(iommu.mappings(), 0U);
    EXPECT_NE(memory.allocate(64, 64).data, nullptr);
    EXPECT_EQ(iommu.mappings(), 1U);
  }
  EXPECT_EQ(iommu.mappings(), 0U) << "its end unmaps what is left";
}

TEST(simulated_device, mmio_and_interrupts_go_through_the_root_complex) {
  pcie::iommu iommu;
  pcie::link wire("link", {});
  pcie::root_complex root("root", {}, iommu, "nic0");
  tlp_probe device("device");
  bind_endpoint(device, wire);
  root.to_device().socket.bind(wire.from_root().socket);
  wire.to_root().socket.bind(root.from_device().socket);
  host::simulated_mmio mmio(root);
  host::simulated_interrupts interrupts(root);
  int calls = 0;
  (void)interrupts.connect([] {});
  const driver::msi_message message = interrupts.connect([&] { ++calls; });
  mmio.write32(0x20, 7);
  std::uint32_t value = 1;
  spawn([&] { value = mmio.read32(0x24); });
  device.out.send(memory_write(message.address, {static_cast<std::byte>(message.data), {}, {}, {}}), from_ns(0));
  sc_core::sc_start(from_ns(1'000));
  EXPECT_EQ(calls, 1);
  ASSERT_EQ(device.got.size(), 3U);  // Write, read, acknowledge of the message.
  EXPECT_EQ(device.got[0].packet.address, 0x20U);
  EXPECT_EQ(device.got[1].packet.address, 0x24U);
  pcie::tlp answer;
  answer.type = pcie::tlp_type::completion;
  answer.tag = device.got[1].packet.tag;
  answer.data = std::vector<std::byte>(4, std::byte{0x5a});
  device.out.send(answer, from_ns(0));
  sc_core::sc_start(from_ns(1'000));
  EXPECT_EQ(value, 0x5a5a5a5aU);
}

TEST(seeded_random, repeats_itself_and_separates_streams) {
  host::seeded_random one(1, "tcp"), same(1, "tcp"), other_seed(2, "tcp"), other_stream(1, "wire");
  std::set<std::uint64_t> seen;
  int ones = 0;
  for (int i = 0; i < 1'000; ++i) {
    const std::uint64_t value = one.next();
    EXPECT_EQ(value, same.next());
    ones += std::popcount(value);
    seen.insert({value, other_seed.next(), other_stream.next()});
  }
  EXPECT_EQ(seen.size(), 3'000U);
  // 64 000 fair coins: 32 000, standard deviation 126.
  EXPECT_NEAR(ones, 32'000, 6 * 126);
}

TEST(seeded_random, is_the_published_generator) {
  // xoshiro256** with the state that splitmix64 gives; worked out from the published definitions in Python.
  host::seeded_random random(42, "x");
  EXPECT_EQ(random.next(), 0xd15a24de9d689b46U);
  EXPECT_EQ(random.next(), 0x150c9d39dcad7a62U);
}

}  // namespace
}  // namespace fourtuple::model
