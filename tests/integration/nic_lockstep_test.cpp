// SPDX-License-Identifier: Apache-2.0
// Shows that the RTL and the functional model are the same device: both get the same registers, commands, frames and
// descriptors, and everything that they say is compared (nic_lockstep.hpp).
//
// FOURTUPLE_LOCKSTEP_SEED and FOURTUPLE_LOCKSTEP_FRAMES in the environment change the seed and the number of received
// frames of the long test.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>

#include "model/nic/counters.hpp"
#include "model/nic/functional_nic.hpp"
#include "model/sim/time.hpp"
#include "tb/rtl_nic.hpp"
#include "tests/integration/nic_lockstep.hpp"

namespace fourtuple::test {
namespace {

using model::sim::from_ns;
using model::sim::from_ps;
using sizes = nic_lockstep::ring_sizes;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 0) : otherwise;
}

model::nic::nic_config config_as_built() {
  model::nic::nic_config config;
  config.queues = tb::built_rtl_parameters().queues;
  return config;
}

// Both devices and a thread that runs one job after another. SystemC can be elaborated once in a process, so all tests
// share it; each begins with whatever state the one before has left, and with a queue that is down.
class lockstep_system : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(lockstep_system);
  explicit lockstep_system(sc_core::sc_module_name name) : sc_module(name) {
    SC_THREAD(run);
    set_stack_size(std::size_t{1} << 20);
    model.set_drop_callback([this](std::uint32_t counter, sc_core::sc_time) { ++model_drops[counter]; });
    rtl.set_drop_callback([this](std::uint32_t counter, sc_core::sc_time) { ++rtl_drops[counter]; });
  }

  /// What was told of drops is what the counters say. Only from a job.
  void check_told_drops() {
    for (std::uint32_t counter = regs::counter_rx_frames; counter < regs::msix_address(0); counter += 8) {
      if (!model::nic::counters::is_drop(counter)) continue;
      EXPECT_EQ(model_bench.read32(counter), model_drops[counter]) << std::hex << counter;
      EXPECT_EQ(rtl_bench.read32(counter), rtl_drops[counter]) << std::hex << counter;
    }
  }

  void execute(const std::function<void()>& job) {
    job_ = job;
    start_.notify(sc_core::SC_ZERO_TIME);
    sc_core::sc_start();
    ASSERT_FALSE(job_) << "the simulation ended before the test";
  }

  model::nic::functional_nic model{"model", config_as_built()};
  tb::rtl_nic rtl{"rtl", config_as_built()};
  nic_bench model_bench{"model_bench", model};
  nic_bench rtl_bench{"rtl_bench", rtl};
  nic_lockstep devices{model_bench, rtl_bench};
  std::map<std::uint32_t, std::uint32_t> model_drops;  ///< By the counter's offset.
  std::map<std::uint32_t, std::uint32_t> rtl_drops;

 private:
  void run() {
    for (;;) {
      // What is notified before the simulation has begun is lost.
      if (!job_) wait(start_);
      job_();
      job_ = nullptr;
      sc_core::sc_pause();
      wait(sc_core::SC_ZERO_TIME);
    }
  }

  std::function<void()> job_;
  sc_core::sc_event start_;
};

class nic_lockstep_test : public ::testing::Test {
 protected:
  static lockstep_system& system() {
    static lockstep_system instance{"system"};
    return instance;
  }
  nic_lockstep& devices = system().devices;
  const std::uint64_t seed = from_environment("FOURTUPLE_LOCKSTEP_SEED", 20'260'101);
  nic_traffic traffic{seed};

  void SetUp() override { RecordProperty("seed", std::to_string(seed)); }
  void TearDown() override {
    if (HasFailure()) std::cout << "FOURTUPLE_LOCKSTEP_SEED=" << seed << "\n";
  }

  void run(const std::function<void()>& job) {
    system().execute([&] {
      devices.settle();  // The RTL's table is cleared after reset.
      devices.write(regs::device_event_status, 0x1f);
      job();
      devices.take_down();
      system().check_told_drops();
    });
  }

  // At the line's rate, one behind the other.
  void receive_burst(std::uint32_t count) {
    std::uint64_t arrival_ps = 300'000;
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto content = traffic.frame();
      arrival_ps += (content.bytes.size() + 24) * 80;
      devices.receive(content, from_ps(arrival_ps));
    }
  }

  void command(regs::command_op op, const model::nic::connection_tuple& tuple, std::uint32_t handle) {
    devices.write(regs::connection_local_address, tuple.local_address);
    devices.write(regs::connection_foreign_address, tuple.foreign_address);
    devices.write(regs::connection_ports, tuple.foreign_port | static_cast<std::uint32_t>(tuple.local_port) << 16);
    devices.write(regs::connection_handle, handle);
    // The handle chooses the steering, too.
    const std::uint32_t steering = handle % 3 != 0 ? 0 : regs::connection_command::steer_mask | (handle / 3 % 16) << 8;
    devices.write(regs::connection_command, static_cast<std::uint32_t>(op) | steering | (handle & 0xffff) << 16);
  }

  void random_commands() {
    for (std::uint32_t i = 0, count = traffic.number(16); i < count; ++i) {
      const std::uint32_t kind = traffic.number(1000);
      const auto op = kind == 0    ? regs::command_op::flush
                      : kind < 600 ? regs::command_op::insert
                      : kind < 800 ? regs::command_op::remove
                                   : regs::command_op::query;
      command(op, traffic.tuple(), traffic.number(0x7fff'ffff));
    }
  }

  void random_transmit() {
    const std::uint32_t entries = 1U << devices.sizes().transmit_log2;
    std::uint32_t used = 0;
    for (std::uint32_t i = 0, count = traffic.number(40); i < count; ++i) {
      const auto descriptors = traffic.transmit_frame(nic_lockstep::transmit_data, nic_lockstep::transmit_data_bytes);
      used += static_cast<std::uint32_t>(descriptors.size());
      if (used > entries) break;
      devices.put_descriptors(descriptors);
      if (traffic.chance(30)) devices.ring_doorbell();
    }
    devices.ring_doorbell();
  }

  void random_settings() {
    if (traffic.chance(20)) devices.write(regs::device_rx_filter, traffic.number(4));
    if (traffic.chance(20))
      devices.write(regs::device_max_frame,
                    traffic.chance(30) ? 9'000 + traffic.number(2'000) : 1518 + traffic.number(20));
    const std::uint32_t queue = traffic.number(devices.sizes().queues);
    if (traffic.chance(20))
      devices.write(regs::queues_moderation(queue), traffic.number(4) | traffic.number(1000) << 16);
    if (traffic.chance(30)) devices.write(regs::msix_control(queue), traffic.number(2));
    if (traffic.chance(30)) devices.write64(regs::indirection_queues(traffic.number(8)), random_queues());
    devices.set_transmit_queue(queue);
  }

  /// Sixteen entries of the indirection table; seldom for queues that are down.
  std::uint64_t random_queues() {
    const std::uint32_t queues = traffic.chance(90) ? devices.sizes().queues : 16;
    std::uint64_t word = 0;
    for (unsigned entry = 0; entry < 16; ++entry) word |= std::uint64_t{traffic.number(queues)} << (4 * entry);
    return word;
  }

  void random_register_accesses() {
    for (int i = 0; i < 3; ++i) {
      const std::uint32_t offset = traffic.number(0x1'0010);
      switch (traffic.number(5)) {
        case 0:
          devices.write(regs::device_scratch, traffic.number(0xffff'ffff));
          break;
        case 1:
          devices.read_any(offset & ~3U & 0xffc0U, 4);
          break;
        case 2:
          devices.read_any(0x3000 + 8 * traffic.number(40), 8);
          break;
        case 3:
          devices.read_any(offset, 1 + traffic.number(12));
          break;
        default: {
          const std::vector<std::byte> bytes(traffic.chance(50) ? 4 : 1 + traffic.number(3));
          devices.write_any(regs::counter_rx_frames + traffic.number(64), bytes);
        }
      }
    }
  }
};

TEST_F(nic_lockstep_test, registers_after_reset_and_every_address) {
  run([&] {
    devices.compare({.give_back_ring = false, .give_back_completions = false});
    for (std::uint32_t offset = 0; offset < 0x7000; offset += 4)
      if (offset % 0x1000 < 0x200 && (offset & ~4U) != regs::device_timestamp) devices.read(offset);
    for (std::uint32_t length = 0; length < 16; ++length) devices.read_any(regs::device_id + length % 5, length);
    devices.write(regs::device_event_enable, 0x1f);
    devices.write(regs::msix_control(tb::built_rtl_parameters().queues), 0);
    devices.write(regs::device_id, 1);
    devices.compare({.give_back_ring = false, .give_back_completions = false});
    EXPECT_EQ(devices.read(regs::device_event_status), 0x10U);
    devices.write(regs::device_event_status, 0x1f);
    devices.write(regs::device_event_enable, 0);
    devices.compare({.give_back_ring = false, .give_back_completions = false});
  });
}

TEST_F(nic_lockstep_test, random_traffic) {
  const std::uint64_t frames = from_environment("FOURTUPLE_LOCKSTEP_FRAMES", 20'000);
  std::cout << "seed " << seed << ", " << frames << " frames\n";
  run([&] {
    std::uint64_t received = 0;
    std::uint64_t delivered = 0;
    std::uint64_t sent = 0;
    std::uint64_t messages = 0;
    std::uint64_t answers = 0;
    std::uint64_t hits = 0;
    devices.fill_transmit_data(traffic);
    traffic.set_tuples(traffic.make_tuples(120, 10, 16384, 0));
    std::array<std::uint64_t, nic_lockstep::most_queues> of_queue{};
    const std::uint32_t queues = std::min(nic_lockstep::most_queues, tb::built_rtl_parameters().queues);
    devices.bring_up({.queues = queues});
    for (std::uint32_t queue = 0; queue < queues; ++queue) devices.write(regs::msix_control(queue), 0);
    while (received < frames && !HasFailure()) {
      random_settings();
      random_register_accesses();
      random_commands();
      devices.settle();
      const std::uint32_t count = traffic.number(130);
      receive_burst(count);
      random_transmit();
      received += count;
      const auto outcome = devices.compare({.give_back_ring = traffic.chance(80), .arm = traffic.chance(70)});
      delivered += outcome.frames.size();
      for (std::size_t queue = 0; queue < of_queue.size(); ++queue) of_queue[queue] += outcome.frames_of_queue[queue];
      sent += outcome.sent_frames;
      messages += outcome.messages;
      answers += outcome.answers.size();
      for (const auto& frame : outcome.frames) hits += frame.hit;
      if (traffic.chance(2)) {
        devices.take_down();
        receive_burst(traffic.number(10));
        devices.compare();
        devices.bring_up({.receive_log2 = 15 + traffic.number(4),
                          .completion_log2 = 8 + traffic.number(3),  // Never full: who gets the last place is open.
                          .transmit_log2 = 5 + traffic.number(4),
                          .queues = 1U << traffic.number(static_cast<std::uint32_t>(std::bit_width(queues)))});
      }
    }
    std::cout << received << " frames received, " << delivered << " delivered, " << hits << " hits, " << sent
              << " sent, " << answers << " commands answered, " << messages << " interrupts, "
              << sc_core::sc_time_stamp() << "\n";
    const auto clocks = system().rtl.clocks();
    std::cout << clocks.evaluated << " clocks evaluated, " << clocks.skipped << " skipped\n";
    // A test that compares nothing must not pass.
    EXPECT_GT(delivered, frames / 6);
    for (std::uint32_t queue = 0; queue < queues; ++queue) EXPECT_GT(of_queue[queue], frames / 200);
    EXPECT_GT(hits, frames / 50);
    EXPECT_GT(sent, frames / 20);
    EXPECT_GT(messages, 10U);
    EXPECT_GT(answers, frames / 50);
    EXPECT_GT(devices.read(regs::counter_tx_tso_frames).value_or(0), frames / 1000);
    EXPECT_GT(devices.read(regs::counter_tx_tso_segments).value_or(0), frames / 200);
  });
}

TEST_F(nic_lockstep_test, table_fills_up_and_empties) {
  run([&] {
    devices.bring_up({});
    const auto tuples = traffic.make_tuples(900, 9, 16384, 0);
    traffic.set_tuples(tuples);
    const auto command_all = [&](regs::command_op op) {
      for (std::size_t first = 0; first < tuples.size() && !HasFailure(); first += 16) {
        for (std::size_t i = first; i < std::min(first + 16, tuples.size()); ++i)
          command(op, tuples[i], static_cast<std::uint32_t>(i));
        devices.compare();
      }
    };
    command(regs::command_op::flush, {}, 0);
    devices.compare();
    command_all(regs::command_op::insert);
    // A bucket with its overflow line takes eight.
    EXPECT_EQ(devices.read(regs::connection_overflow_lines_used), 100U);
    EXPECT_EQ(devices.read(regs::connection_entries), 800U);
    EXPECT_GE(devices.read(regs::counter_table_full).value_or(0), 100U);
    receive_burst(100);
    devices.compare();
    command_all(regs::command_op::query);
    command_all(regs::command_op::remove);
    EXPECT_EQ(devices.read(regs::connection_entries), 0U);
    EXPECT_EQ(devices.read(regs::connection_overflow_lines_used), 0U);
    for (std::size_t i = 0; i < 8; ++i) command(regs::command_op::insert, tuples[i], 1);
    devices.compare();
    command(regs::command_op::flush, {}, 1);
    devices.compare();
    EXPECT_EQ(devices.read(regs::connection_entries), 0U);
  });
}

TEST_F(nic_lockstep_test, full_rings) {
  run([&] {
    traffic.set_tuples(traffic.make_tuples(20, 1, 16384, 0));
    for (int round = 0; round < 20 && !HasFailure(); ++round) {
      // A small completion ring, or a small receive ring.
      devices.bring_up({.receive_log2 = round % 2 == 0 ? 20U - 2U : 15U, .completion_log2 = round % 2 == 0 ? 4U : 10U});
      for (int step = 0; step < 6; ++step) {
        receive_burst(traffic.number(60));
        devices.compare({.give_back_ring = step % 2 == 1, .give_back_completions = step % 2 == 1});
      }
      devices.take_down();
    }
    EXPECT_GT(devices.read(regs::counter_rx_drop_ring_full).value_or(0), 0U);
    EXPECT_GT(devices.read(regs::counter_rx_drop_completion_full).value_or(0), 0U);
  });
}

TEST_F(nic_lockstep_test, answers_and_transmit_completions_wait_for_completion_space) {
  run([&] {
    traffic.set_tuples(traffic.make_tuples(20, 1, 16384, 0));
    devices.bring_up({.completion_log2 = 4});
    while (devices.compare({.give_back_ring = false, .give_back_completions = false}).frames.size() < 1)
      receive_burst(1);
    receive_burst(60);
    devices.compare({.give_back_ring = false, .give_back_completions = false});
    EXPECT_EQ(devices.read(regs::queues_completion_tail(0)), 16U);
    for (std::uint32_t i = 0; i < 20; ++i) command(regs::command_op::insert, traffic.tuple(), i);
    for (int i = 0; i < 3; ++i) {
      auto descriptors = traffic.transmit_frame(nic_lockstep::transmit_data, nic_lockstep::transmit_data_bytes);
      descriptors.back().completion = true;
      devices.put_descriptors(descriptors);
    }
    devices.ring_doorbell();
    devices.compare();
    EXPECT_EQ(devices.read(regs::connection_result).value_or(0) >> 8 & 0xff, 0U);
    // 16 answers take all of the new space; the transmit completion comes with the next.
    std::size_t answers = 0;
    std::size_t transmits = 0;
    for (int i = 0; i < 3; ++i) {
      const auto outcome = devices.compare();
      answers += outcome.answers.size();
      transmits += outcome.transmit_completions;
    }
    EXPECT_EQ(answers, 16U);
    EXPECT_EQ(transmits, 1U);
  });
}

TEST_F(nic_lockstep_test, refused_receive_writes_halt_the_receive_side) {
  run([&] {
    traffic.set_tuples(traffic.make_tuples(20, 1, 16384, 0));
    for (const std::uint64_t page : {nic_lockstep::receive_ring, nic_lockstep::completion_ring}) {
      devices.bring_up({});
      devices.set_refused(page, true);
      devices.receive({.bytes = build_frame({})}, from_ns(300));
      devices.compare({.completions = false});
      EXPECT_EQ(devices.read(regs::queues_status(0)), 0x7U);
      EXPECT_EQ(devices.read(regs::device_event_status), 0x5U);
      receive_burst(10);  // All of them are dropped.
      devices.compare({.completions = false});
      devices.set_refused(page, false);
      devices.take_down();
      devices.write(regs::device_event_status, 0x1f);
      devices.bring_up({});
      receive_burst(10);
      devices.compare();
      EXPECT_EQ(devices.read(regs::queues_status(0)), 0x3U);
      devices.take_down();
    }
  });
}

TEST_F(nic_lockstep_test, refused_interrupt_is_only_reported) {
  run([&] {
    devices.bring_up({});
    devices.write(regs::msix_control(0), 0);
    devices.set_refused(nic_bench::doorbell_base, true);
    devices.compare({.arm = true});
    devices.receive({.bytes = build_frame({})}, from_ns(300));
    devices.compare();
    EXPECT_EQ(devices.read(regs::device_event_status), 0x1U);
    EXPECT_EQ(devices.read(regs::device_dma_error_source), 2U);
    EXPECT_EQ(devices.read(regs::queues_status(0)), 0x3U);
    devices.set_refused(nic_bench::doorbell_base, false);
    devices.write(regs::device_event_status, 0x1f);
    devices.compare();
  });
}

TEST_F(nic_lockstep_test, refused_transmit_reads) {
  run([&] {
    const std::uint32_t drops = devices.read(regs::counter_tx_drop_dma_error).value_or(0);
    devices.bring_up({});
    const regs::transmit_descriptor good{
        .address = nic_lockstep::transmit_data, .length = 100, .end_of_frame = true, .completion = true};
    auto bad = good;
    bad.address += nic_bench::page_bytes;
    devices.set_refused(bad.address, true);
    devices.put_descriptors({good, bad, good});
    devices.ring_doorbell();
    auto outcome = devices.compare();
    EXPECT_EQ(outcome.sent_frames, 2U);
    EXPECT_EQ(devices.read(regs::counter_tx_drop_dma_error), drops + 1U);
    EXPECT_EQ(devices.read(regs::device_event_status), 0x2U);
    devices.write(regs::device_event_status, 0x1f);
    devices.set_refused(bad.address, false);

    devices.set_refused(nic_lockstep::transmit_ring, true);
    devices.put_descriptors({good});
    devices.ring_doorbell();
    outcome = devices.compare();
    EXPECT_EQ(outcome.sent_frames, 0U);
    EXPECT_EQ(devices.read(regs::device_event_status), 0xaU);
    EXPECT_EQ(devices.read(regs::queues_status(0)), 0xbU);
    devices.set_refused(nic_lockstep::transmit_ring, false);
    devices.take_down();
    devices.write(regs::device_event_status, 0x1f);
    devices.bring_up({});
    devices.put_descriptors({good});
    devices.ring_doorbell();
    EXPECT_EQ(devices.compare().sent_frames, 1U);
  });
}

TEST_F(nic_lockstep_test, function_reset_under_traffic) {
  run([&] {
    devices.fill_transmit_data(traffic);
    traffic.set_tuples(traffic.make_tuples(40, 2, 1024, 0));
    for (int round = 0; round < 40 && !HasFailure(); ++round) {
      devices.bring_up({.receive_log2 = 17});
      devices.write(regs::msix_control(0), 0);
      random_commands();
      // Which of these are still handled is a matter of time; what is left afterwards is not.
      receive_burst(traffic.number(40));
      random_transmit();
      devices.pass(traffic.number(3'000));
      devices.write(regs::device_function_reset, 1);
      devices.settle();
      devices.forget();
      // Again, now that nothing comes in any more: counters start at the same time.
      devices.write(regs::device_function_reset, 1);
      EXPECT_EQ(devices.read(regs::device_function_reset), 0U);
      devices.settle();
      system().model_drops.clear();
      system().rtl_drops.clear();
      devices.compare({.give_back_ring = false, .give_back_completions = false, .completions = false});
      EXPECT_EQ(devices.read(regs::queues_status(0)), 0U);
      EXPECT_EQ(devices.read(regs::connection_entries), 0U);
    }
    devices.bring_up({});
    receive_burst(30);
    random_transmit();
    EXPECT_GT(devices.compare().frames.size(), 10U);
  });
}

// The last test: from here on the two differ in a counter.
TEST_F(nic_lockstep_test, segments_of_a_frame_of_which_a_part_is_refused) {
  run([&] {
    devices.fill_transmit_data(traffic);
    // The two read in bursts of different length, and count those that were refused.
    devices.ignore({regs::counter_dma_read_errors});
    devices.bring_up({});
    const std::uint32_t drops = devices.read(regs::counter_tx_drop_dma_error).value_or(0);
    std::size_t sent = 0;
    for (int round = 0; round < 60 && !HasFailure(); ++round) {
      regs::transmit_descriptor large{.address = nic_lockstep::transmit_data + traffic.number(nic_bench::page_bytes),
                                      .length = 20'000 + traffic.number(20'000),
                                      .end_of_frame = true,
                                      .checksum = true,
                                      .tso = true,
                                      .completion = true,
                                      .header_length = 66,
                                      .checksum_start = 34,
                                      .checksum_offset = 16,
                                      .mss = static_cast<std::uint16_t>(500 + traffic.number(2000))};
      const std::uint64_t bad = nic_lockstep::transmit_data + nic_bench::page_bytes * traffic.number(7);
      devices.set_refused(bad, true);
      if (traffic.chance(50)) {
        auto second = large;
        large.end_of_frame = false;
        second.address += 8 * nic_bench::page_bytes + 13;
        devices.put_descriptors({large, second});
      } else {
        devices.put_descriptors({large});
      }
      devices.ring_doorbell();
      sent += devices.compare().sent_frames;
      devices.set_refused(bad, false);
      devices.write(regs::device_event_status, 0x1f);
    }
    EXPECT_GT(devices.read(regs::counter_tx_drop_dma_error), drops + 30U);
    EXPECT_GT(sent, 100U);
    EXPECT_LT(sent, 60U * 20U);
  });
}

}  // namespace
}  // namespace fourtuple::test
