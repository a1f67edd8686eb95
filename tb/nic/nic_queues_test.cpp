// SPDX-License-Identifier: Apache-2.0
// Shows that frames go to the queue that their hash and the indirection table name (against a reference of the hash),
// or the one that their connection is steered to; that what happens in one queue - full, disabled, halted - is counted
// there and leaves the others alone; that each queue interrupts on a vector of its own; and that the smallest frames
// pass at more than 0.6 a clock when they are spread over sixteen queues.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "rtl/regs/generated/fourtuple_nic_regs.hpp"
#include "tb/blocks/table/reference_jhash.hpp"
#include "tb/nic/nic_bench.hpp"
#include "tb/nic/nic_host.hpp"

namespace fourtuple::tb {
namespace {

constexpr unsigned queues = 16;
constexpr std::uint32_t local_address = 0x0a000001;
constexpr std::uint32_t foreign_address = 0x0a000002;
constexpr std::uint32_t secret = 0x5eed0001;
constexpr std::uint64_t doorbell = 0xfee0'0000;  // Outside of the memory: vector q at 4q.

constexpr std::uint32_t swap32(std::uint32_t value) {
  return value << 24U | (value << 8U & 0xff0000U) | (value >> 8U & 0xff00U) | value >> 24U;
}

std::uint32_t hash_of(std::uint16_t foreign_port, std::uint16_t local_port) {
  const auto swapped = static_cast<std::uint16_t>(foreign_port << 8U | foreign_port >> 8U);
  return reference_hash({swap32(local_address), swap32(foreign_address), local_port, swapped}, secret);
}

class nic_queues : public testing::Test {
 protected:
  static constexpr std::uint64_t ring_bytes = 0x8000;
  static constexpr std::uint64_t completion_stride = 0x4000;
  static constexpr std::uint64_t completions_base = nic_bench::memory_base + queues * ring_bytes;

  void SetUp() override {
    bench.on_write = [this](const write_burst& burst) {
      if (burst.address < nic_bench::memory_base) messages.push_back(burst);
    };
    bench.write32(regs::device_hash_secret, secret);
    for (unsigned q = 0; q < queues; ++q) {
      bench.write64(regs::queues_rx_base(q), nic_bench::memory_base + q * ring_bytes);
      bench.write32(regs::queues_rx_size(q), 15);
      bench.write64(regs::queues_completion_base(q), completions_base + q * completion_stride);
      bench.write32(regs::queues_ring_sizes(q), entries_log2 | 4U << 8U);
      bench.write64(regs::msix_address(q), doorbell + 4ULL * q);
      bench.write32(regs::msix_data(q), 100 + q);
      bench.write32(regs::msix_control(q), 0);
    }
    ASSERT_TRUE(bench.run_until([this] { return (bench.read32(regs::device_status) & 1U) != 0; }));
    for (unsigned q = 0; q < queues; ++q) bench.write32(regs::queues_control(q), 1);
    bench.run(20);
  }

  /// Entry n of the indirection table names queue `queue_of(n)`.
  template <typename QueueOf>
  void spread(QueueOf queue_of) {
    for (std::uint32_t word = 0; word < regs::indirection_count; ++word) {
      std::uint64_t value = 0;
      for (unsigned entry = 0; entry < 16; ++entry) value |= std::uint64_t{queue_of(16 * word + entry)} << (4 * entry);
      bench.write64(regs::indirection_queues(word), value);
    }
  }

  /// A connection whose hash is `entry` modulo 128.
  static std::uint16_t port_with(std::uint32_t entry, unsigned skip = 0) {
    for (std::uint16_t port = 1000;; ++port)
      if (hash_of(port, 80) % 128 == entry && skip-- == 0) return port;
  }
  void receive(std::uint16_t foreign_port, std::size_t payload = 6) {
    bench.receive(tcp_frame(foreign_address, local_address, foreign_port, 80, payload));
  }
  void settle() {
    ASSERT_TRUE(bench.run_until([this] { return !bench.receiving(); }, 1'000'000));
    bench.run(400);
  }
  regs::frame_completion record(unsigned queue, std::uint64_t index) {
    const auto bytes =
        bench.memory(completions_base + queue * completion_stride + 32 * (index % (1U << entries_log2)), 32);
    return regs::frame_completion::decode(std::as_bytes(bytes).first<32>());
  }
  std::uint32_t delivered(unsigned queue) { return bench.read32(regs::queues_rx_delivered(queue)); }
  std::uint32_t tail(unsigned queue) { return bench.read32(regs::queues_completion_tail(queue)); }
  void insert_steered(std::uint16_t foreign_port, unsigned queue) {
    bench.write32(regs::connection_local_address, swap32(local_address));
    bench.write32(regs::connection_foreign_address, swap32(foreign_address));
    bench.write32(regs::connection_ports,
                  std::uint32_t{80} << 16U | static_cast<std::uint16_t>(foreign_port << 8U | foreign_port >> 8U));
    bench.write32(regs::connection_handle, foreign_port);
    bench.write32(regs::connection_command, regs::connection_command::steer_mask | queue << 8U);
    bench.run(200);
  }

  unsigned entries_log2 = 9;
  nic_bench bench{surroundings{}};
  std::vector<write_burst> messages;
};

TEST_F(nic_queues, frames_go_where_hash_and_indirection_table_say) {
  std::mt19937 random(3);
  bench.options.mac_valid_percent = 50;  // Completions need the bus, too.
  const auto queue_of = [](std::uint32_t entry) { return entry * 7 % queues; };
  spread(queue_of);
  std::array<std::vector<std::uint32_t>, queues> expected;
  for (int i = 0; i < 600; ++i) {
    const auto port = static_cast<std::uint16_t>(random());
    receive(port, random() % 200);
    const std::uint32_t hash = hash_of(port, 80);
    expected[queue_of(hash % 128)].push_back(hash);
    if (i % 10 == 0) {
      bench.receive(random_frame(random, 80));  // no hash: queue 0
      expected[0].push_back(0);
    }
  }
  settle();
  for (unsigned q = 0; q < queues; ++q) {
    EXPECT_EQ(delivered(q), expected[q].size());
    ASSERT_EQ(tail(q), expected[q].size());
    for (std::size_t i = 0; i < expected[q].size(); ++i) EXPECT_EQ(record(q, i).hash, expected[q][i]) << q << " " << i;
  }
  EXPECT_EQ(bench.read64(regs::counter_rx_delivered), 660U);
}

TEST_F(nic_queues, a_full_queue_drops_its_own_frames_only_and_recovers) {
  spread([](std::uint32_t entry) { return entry % queues; });
  const std::uint16_t full = port_with(3), other = port_with(5);
  constexpr unsigned frames = 700;  // 512 fit
  for (unsigned i = 0; i < frames; ++i) {
    receive(full);
    if (i % 2 == 0) receive(other);
  }
  settle();
  EXPECT_EQ(delivered(3), 512U);
  EXPECT_EQ(bench.read32(regs::queues_rx_drop_ring_full(3)), frames - 512);
  EXPECT_EQ(delivered(5), frames / 2);
  EXPECT_EQ(bench.read32(regs::queues_rx_drop_ring_full(5)), 0U);
  bench.write32(regs::queues_rx_head(3), 512 * 64);
  bench.write32(regs::queues_completion_head(3), 512);
  for (unsigned i = 0; i < 100; ++i) receive(full);
  settle();
  EXPECT_EQ(delivered(3), 612U);
  EXPECT_EQ(bench.read64(regs::counter_rx_drop_ring_full), frames - 512);
}

TEST_F(nic_queues, completion_full_and_disabled_are_counted_by_queue) {
  spread([](std::uint32_t entry) { return entry % queues; });
  bench.write32(regs::queues_control(4), 0);
  bench.write32(regs::queues_control(6), 0);
  ASSERT_TRUE(bench.run_until([this] { return (bench.read32(regs::queues_status(6)) & 1U) == 0; }));
  bench.write32(regs::queues_ring_sizes(6), 4 | 4U << 8U);
  bench.write32(regs::queues_control(6), 1);
  bench.run(20);
  for (unsigned i = 0; i < 20; ++i) {
    receive(port_with(4));
    receive(port_with(6));
    receive(port_with(7));
  }
  settle();
  EXPECT_EQ(bench.read32(regs::queues_rx_drop_disabled(4)), 20U);
  EXPECT_EQ(bench.read32(regs::queues_rx_drop_completion_full(6)), 4U);
  EXPECT_EQ(delivered(6), 16U);
  EXPECT_EQ(delivered(7), 20U);
  EXPECT_EQ(delivered(4), 0U);
}

TEST_F(nic_queues, a_steered_connection_overrules_the_hash) {
  spread([](std::uint32_t) { return 1U; });
  const std::uint16_t steered = port_with(9), plain = port_with(9, 1);
  insert_steered(steered, 12);
  for (unsigned i = 0; i < 10; ++i) {
    receive(steered);
    receive(plain);
  }
  settle();
  EXPECT_EQ(delivered(12), 10U);
  EXPECT_EQ(delivered(1), 10U);
  for (unsigned i = 0; i < 10; ++i) {
    EXPECT_TRUE(record(12, i).hit);
    EXPECT_EQ(record(12, i).handle, steered);
  }
  insert_steered(steered, 2);
  receive(steered);
  settle();
  EXPECT_EQ(delivered(2), 1U);
}

TEST_F(nic_queues, a_refused_write_halts_its_queue_only) {
  spread([](std::uint32_t entry) { return entry % queues; });
  bench.refused_writes.push_back({nic_bench::memory_base + 3 * ring_bytes, ring_bytes});
  receive(port_with(3));
  bench.run(300);
  for (unsigned i = 0; i < 5; ++i) {
    receive(port_with(3));
    receive(port_with(8));
  }
  settle();
  EXPECT_EQ(bench.read32(regs::queues_status(3)) & 5U, 5U);
  EXPECT_EQ(bench.read32(regs::queues_rx_drop_disabled(3)), 5U);
  EXPECT_EQ(bench.read32(regs::queues_status(8)) & 5U, 1U);
  EXPECT_EQ(delivered(8), 5U);
  bench.write32(regs::queues_control(3), 0);
  EXPECT_TRUE(bench.run_until([this] { return (bench.read32(regs::queues_status(3)) & 1U) == 0; }));
}

TEST_F(nic_queues, each_queue_interrupts_on_its_vector_and_by_its_own_moderation) {
  spread([](std::uint32_t entry) { return entry % queues; });
  bench.write32(regs::queues_moderation(2), 3U | 60'000U << 16U);
  for (const unsigned q : {2U, 11U})
    bench.write32(regs::queues_completion_head(q), regs::queues_completion_head::arm_mask);
  receive(port_with(11));
  receive(port_with(2));
  receive(port_with(5));  // not armed
  settle();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_TRUE(messages[0].enabled[4 * 11]);
  EXPECT_EQ(messages[0].bytes[4 * 11], 111U);
  receive(port_with(2));
  receive(port_with(2));
  settle();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_TRUE(messages[1].enabled[4 * 2]);
  EXPECT_EQ(messages[1].bytes[4 * 2], 102U);
}

TEST_F(nic_queues, takes_smallest_frames_spread_over_all_queues_at_more_than_600_per_1000_clocks) {
  spread([](std::uint32_t entry) { return entry % queues; });
  std::mt19937 random(5);
  std::uint64_t records = 0;
  bench.on_write = [&](const write_burst& burst) {
    if (burst.address < completions_base) return;
    records += (burst.enabled[0] ? 1 : 0) + (burst.enabled[32] ? 1 : 0);
  };
  for (int i = 0; i < 4000; ++i) receive(static_cast<std::uint16_t>(random()));
  ASSERT_TRUE(bench.run_until([&] { return records >= 400; }));
  const std::uint64_t before = records, from = bench.clock();
  bench.run(1000);
  const double rate = static_cast<double>(records - before) / static_cast<double>(bench.clock() - from);
  RecordProperty("frames_per_1000_clocks", static_cast<int>(rate * 1000));
  EXPECT_GE(rate, 0.6);
}

}  // namespace
}  // namespace fourtuple::tb
