// SPDX-License-Identifier: Apache-2.0
// Shows that rx_offload finds out about every frame what docs/device.md says (a reference written from that page), with
// well-formed and damaged frames of any length, with and without gaps, one-beat frames back to back and frames that are
// too long; which queue it goes to; that beats leave after exactly 46 clocks; that lookups see commands as promised;
// and that it becomes quiet.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "Vrx_offload___024root.h"
#include "tb/blocks/rx_offload/frame_generator.hpp"
#include "tb/blocks/rx_offload/rx_offload_bench.hpp"

namespace fourtuple::tb {
namespace {

constexpr std::uint32_t insert = 0, remove = 1, query = 2, flush = 3;
constexpr std::uint32_t done = 0, not_found = 2;

offload_config default_config() {
  offload_config config{
      .mac_address = frame_generator::mac_address, .max_frame_bytes = 1518, .hash_secret = 0xc0ffee11};
  // Neighbours differ, and every queue comes several times.
  for (std::size_t i = 0; i < config.indirection.size(); ++i) {
    config.indirection[i] = static_cast<std::uint8_t>((i * 5 + i / 16) % 16);
  }
  return config;
}

/// What came by, so that a test knows that it has tested something.
struct seen_kinds {
  std::map<packet_class, std::size_t> classes;
  std::map<drop_reason, std::size_t> drops;
  std::size_t ip_wrong = 0, l4_good = 0, l4_wrong = 0, l4_unchecked_udp = 0, vlan = 0;

  void add(const expected_meta& meta) {
    ++drops[meta.drop];
    if (meta.drop != drop_reason::none) return;
    ++classes[meta.kind];
    ip_wrong += meta.ip_checked && !meta.ip_good;
    l4_good += meta.l4_good;
    l4_wrong += meta.l4_checked && !meta.l4_good;
    l4_unchecked_udp += meta.kind == packet_class::ipv4_udp && !meta.l4_checked;
    vlan += meta.vlan;
  }

  void expect_at_least(std::size_t count) const {
    for (const packet_class kind :
         {packet_class::other, packet_class::arp, packet_class::ipv4_other, packet_class::ipv4_fragment,
          packet_class::ipv4_tcp, packet_class::ipv4_udp, packet_class::ipv4_bad}) {
      EXPECT_GE(classes.contains(kind) ? classes.at(kind) : 0, count) << "class " << static_cast<int>(kind);
    }
    for (const std::size_t seen : {ip_wrong, l4_good, l4_wrong, l4_unchecked_udp, vlan}) EXPECT_GE(seen, count);
  }
};

TEST(RxOffload, FramesOfAnyKindWithGaps) {
  rx_offload_bench bench(default_config());
  frame_generator generator(21);
  seen_kinds seen;
  const auto gap = [&] { return generator.below(3) == 0 ? generator.below(4) : 0; };
  for (int number = 0; number < 8'000 && !testing::Test::HasFailure(); ++number) {
    const frame_bytes frame = generator.any_frame(std::vector<std::size_t>{130, 130, 300, 1600}[generator.below(4)]);
    const bool mac_error = generator.below(50) == 0;
    seen.add(reference_offload(frame, mac_error, default_config()));
    bench.send(frame, mac_error, gap);
  }
  bench.drain();
  EXPECT_EQ(bench.frames(), 8'000U);
  seen.expect_at_least(50);
  for (const drop_reason reason :
       {drop_reason::mac_error, drop_reason::too_short, drop_reason::too_long, drop_reason::filtered}) {
    EXPECT_GE(seen.drops[reason], 10U) << "drop " << static_cast<int>(reason);
  }
}

TEST(RxOffload, OneBeatFramesBackToBack) {
  offload_config config = default_config();
  config.promiscuous = true;
  rx_offload_bench bench(config);
  frame_generator generator(22);
  seen_kinds seen;
  constexpr std::size_t count = 12'000;
  const std::size_t clocks_before = bench.clocks();
  for (std::size_t number = 0; number < count && !testing::Test::HasFailure(); ++number) {
    const frame_bytes frame = generator.any_frame(64);
    seen.add(reference_offload(frame, false, config));
    bench.send(frame);
  }
  EXPECT_EQ(bench.clocks() - clocks_before, count);
  bench.drain();
  EXPECT_EQ(bench.frames(), count);
  seen.expect_at_least(20);
}

// Every place that the headers can have, and every length around the borders of beats.
TEST(RxOffload, EveryHeaderLengthIsFound) {
  rx_offload_bench bench(default_config());
  frame_generator generator(23);
  std::size_t sent = 0;
  for (const bool vlan : {false, true}) {
    for (const std::uint8_t protocol : {std::uint8_t{6}, std::uint8_t{17}}) {
      for (std::size_t ip_words = 5; ip_words <= 15; ++ip_words) {
        for (std::size_t tcp_words = 5; tcp_words <= (protocol == 6 ? 15U : 5U); ++tcp_words) {
          for (const std::size_t payload : {0U, 1U, 2U, 5U, 6U, 7U, 20U, 63U, 64U, 65U, 127U}) {
            const frame_bytes frame = generator.well_formed({.vlan = vlan,
                                                             .protocol = protocol,
                                                             .ip_header_words = ip_words,
                                                             .tcp_header_words = tcp_words,
                                                             .payload_bytes = payload,
                                                             .padding_bytes = generator.below(9)});
            const expected_meta meta = reference_offload(frame, false, default_config());
            ASSERT_EQ(meta.kind, protocol == 6 ? packet_class::ipv4_tcp : packet_class::ipv4_udp);
            ASSERT_TRUE(meta.ip_good && meta.l4_good);
            bench.send(frame);
            ++sent;
          }
        }
      }
    }
  }
  bench.drain();
  EXPECT_EQ(bench.frames(), sent);
}

// A frame that was cut off follows one that has, at the same place, what the cut one lacks.
TEST(RxOffload, CutFramesDoNotSeeTheFrameBefore) {
  rx_offload_bench bench(default_config());
  frame_generator generator(24);
  for (const std::uint8_t protocol : {std::uint8_t{6}, std::uint8_t{17}}) {
    for (const std::size_t ip_words : {5U, 11U, 12U, 13U, 15U}) {
      const frame_bytes whole =
          generator.well_formed({.vlan = true, .protocol = protocol, .ip_header_words = ip_words, .payload_bytes = 60});
      for (std::size_t bytes = 60; bytes < whole.size(); ++bytes) {
        bench.send(whole);
        const frame_bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(bytes));
        ASSERT_EQ(reference_offload(cut, false, default_config()).kind, packet_class::ipv4_bad);
        bench.send(cut);
      }
    }
  }
  bench.drain();
  EXPECT_GT(bench.frames(), 500U);
}

TEST(RxOffload, FramesThatAreTooLongDoNotDisturbTheNext) {
  offload_config config = default_config();
  config.max_frame_bytes = 16'383;
  rx_offload_bench bench(config);
  frame_generator generator(25);
  for (const std::size_t bytes : {9'599U, 9'600U, 9'601U, 9'664U, 16'383U, 16'384U, 16'385U, 32'768U, 70'000U}) {
    frame_bytes frame = generator.well_formed({.payload_bytes = 1000});
    frame.resize(bytes, 0xff);
    const auto drop = reference_offload(frame, false, config).drop;
    ASSERT_EQ(drop, bytes > 9'600 ? drop_reason::too_long : drop_reason::none);
    bench.send(frame);
    bench.send(generator.well_formed({.payload_bytes = 1400}));
    bench.send(generator.well_formed({.protocol = 17}));
  }
  bench.drain();
  EXPECT_EQ(bench.frames(), 27U);
}

// The longest frame with every byte 0xff gives the sums their largest value.
TEST(RxOffload, SumsDoNotOverflow) {
  offload_config config = default_config();
  config.max_frame_bytes = 16'383;
  config.promiscuous = true;
  rx_offload_bench bench(config);
  frame_generator generator(26);
  frame_bytes frame = generator.well_formed({.payload_bytes = 9'600 - 54});
  ASSERT_EQ(frame.size(), 9'600U);
  std::fill(frame.begin() + 54, frame.end(), std::uint8_t{0xff});
  bench.send(frame);
  bench.send(frame_bytes(9'600, 0xff));
  bench.send(frame_bytes(60, 0x00));
  bench.drain();
  EXPECT_EQ(bench.frames(), 3U);
}

TEST(RxOffload, FilterAndTheOrderOfReasons) {
  for (const bool promiscuous : {false, true}) {
    for (const bool all_multicast : {false, true}) {
      offload_config config = default_config();
      config.promiscuous = promiscuous;
      config.all_multicast = all_multicast;
      config.max_frame_bytes = 100;
      rx_offload_bench bench(config);
      frame_generator generator(27);
      std::set<drop_reason> reasons;
      for (const std::size_t bytes : {1U, 14U, 59U, 60U, 64U, 65U, 100U, 101U, 128U}) {
        for (int destination = 0; destination < 5; ++destination) {
          for (const bool mac_error : {false, true}) {
            frame_bytes frame = generator.well_formed({.payload_bytes = 100});
            frame.resize(bytes);
            const auto byte = [&](std::size_t at) -> std::uint8_t& { return frame[std::min(at, frame.size() - 1)]; };
            if (destination == 1) byte(5) ^= 1;    // another station
            if (destination == 2) byte(0) = 0x01;  // a group
            if (destination >= 3)
              std::fill(frame.begin(), frame.begin() + std::min<std::ptrdiff_t>(6, std::ssize(frame)),
                        std::uint8_t{0xff});
            if (destination == 4) byte(3) = 0x7f;  // a group that is nearly broadcast
            reasons.insert(reference_offload(frame, mac_error, config).drop);
            bench.send(frame, mac_error);
          }
        }
      }
      bench.drain();
      EXPECT_EQ(bench.frames(), 90U);
      EXPECT_EQ(reasons.size(), promiscuous ? 4U : 5U);
    }
  }
}

class Lookups : public testing::Test {
 protected:
  Lookups() : bench_(default_config()), generator_(28) {
    bench_.expect_lookups([this](const tuple& connection) {
      const auto entry = table_.find(connection);
      return entry == table_.end() ? std::nullopt : std::optional(entry->second);
    });
  }

  static tuple connection_of(const frame_bytes& frame) {
    return reference_offload(frame, false, default_config()).connection;
  }

  /// Executes a command; the frames are sent one after another meanwhile, without gaps.
  void run(const table_command& given, const std::vector<frame_bytes>& frames) {
    bench_.start(given);
    for (std::size_t next = 0; !bench_.answer() && next < 400; ++next) bench_.send(frames[next % frames.size()]);
    ASSERT_TRUE(bench_.answer());
    EXPECT_EQ(bench_.answer()->op, given.op);
    EXPECT_EQ(bench_.answer()->tag, given.tag);
    bench_.send(frames[0]);
  }

  rx_offload_bench bench_;
  frame_generator generator_;
  std::map<tuple, std::uint64_t> table_;
};

TEST_F(Lookups, HitsAndMisses) {
  std::vector<frame_bytes> frames;
  for (int i = 0; i < 40; ++i) frames.push_back(generator_.well_formed({.payload_bytes = generator_.below(200)}));
  for (std::uint32_t i = 0; i < 30; ++i) {
    const tuple connection = connection_of(frames[i]);
    // Every other one is steered to a queue of its own choice.
    const std::uint64_t steering = i % 2 == 0 ? 0 : std::uint64_t{1} << 32U | std::uint64_t{(i * 7) % 16} << 33U;
    const std::uint64_t value = steering | (0x8000'0000U + i);
    bench_.start({insert, connection, value, static_cast<std::uint16_t>(i)});
    while (!bench_.answer()) bench_.idle(1);
    ASSERT_EQ(bench_.answer()->result, done);
    table_[connection] = value;
    bench_.idle(1);
  }
  EXPECT_EQ(bench_.dut().entries_o, 30U);
  for (int number = 0; number < 1000; ++number) bench_.send(frames[generator_.below(frames.size())]);
  // A wrong checksum does not keep a frame from being looked up; the same ports in UDP do.
  frame_bytes wrong = frames[0];
  wrong.back() ^= 0x55;
  bench_.send(wrong);
  frame_bytes udp = frames[0];
  udp[23] = 17;
  bench_.send(udp);
  bench_.drain();
  EXPECT_GT(bench_.hits(), 600U);
  EXPECT_GT(bench_.frames() - bench_.hits(), 100U);
}

// Frames of one connection pass all the time. Those that leave with or after the answer see the command; those before
// see the state before or after, and once one has seen the new state, all later ones do.
TEST_F(Lookups, NoFrameThatLeavesAfterAnAnswerMissesTheCommand) {
  const std::vector<frame_bytes> frames{generator_.well_formed({})};
  ASSERT_EQ(frames[0].size(), 60U);
  const tuple connection = connection_of(frames[0]);
  std::optional<std::uint64_t> before;
  std::optional<std::uint64_t> after;
  bool answered = false;
  std::size_t old_seen = 0;
  std::size_t new_seen_early = 0;
  bench_.expect_lookups([&](const tuple&) {
    // What the device says decides among what is allowed.
    const bool hit = (bench_.dut().m_meta_o[2] >> 16 & 1) != 0;
    const std::uint32_t handle = bench_.dut().m_meta_o[1] >> 16 | bench_.dut().m_meta_o[2] << 16;
    const auto found = hit ? std::optional<std::uint64_t>(handle) : std::nullopt;
    if (answered || new_seen_early > 0 || found == after) {
      new_seen_early += answered ? 0 : 1;
      return after;
    }
    ++old_seen;
    return before;
  });
  bench_.on_answer([&] { answered = true; });
  for (std::size_t clocks = 0; clocks < 2 * rx_offload_bench::latency_clocks; ++clocks) bench_.send(frames[0]);
  for (std::uint16_t round = 0; round < 60; ++round) {
    const bool removing = round % 3 == 2;
    before = after;
    after = removing ? std::nullopt : std::optional<std::uint64_t>(0x1000U + round);
    answered = false;
    old_seen = 0;
    new_seen_early = 0;
    ASSERT_NO_FATAL_FAILURE(run({removing ? remove : insert, connection, 0x1000U + round, round}, frames));
    ASSERT_EQ(bench_.answer()->result, done);
    ASSERT_GT(old_seen, 10U);
    ASSERT_GT(new_seen_early, 0U);
    ASSERT_FALSE(HasFailure());
  }
}

TEST_F(Lookups, QueryAndFlush) {
  const std::vector<frame_bytes> frames{generator_.well_formed({.payload_bytes = 100})};
  const std::vector<frame_bytes> others{generator_.well_formed({.protocol = 17})};
  const tuple connection = connection_of(frames[0]);
  run({query, connection, 0, 1}, frames);
  EXPECT_EQ(bench_.answer()->result, not_found);
  bench_.drain();
  run({insert, connection, 0xfeed, 2}, others);
  table_[connection] = 0xfeed;
  run({query, connection, 0, 3}, frames);
  EXPECT_EQ(bench_.answer()->result, done);
  EXPECT_EQ(bench_.answer()->value, 0xfeedU);
  bench_.drain();
  run({flush, {}, 0, 4}, others);
  EXPECT_EQ(bench_.answer()->result, done);
  EXPECT_EQ(bench_.answer()->value, 0U);
  table_.clear();
  bench_.send(frames[0]);
  bench_.drain();
  EXPECT_EQ(bench_.dut().entries_o, 0U);
  EXPECT_TRUE(bench_.dut().table_ready_o);
  EXPECT_GT(bench_.hits(), 10U);
}

TEST(RxOffload, QuietWhenEverythingHasLeft) {
  rx_offload_bench bench(default_config());
  frame_generator generator(29);
  EXPECT_TRUE(bench.dut().quiet_o);
  bench.send(generator.well_formed({.payload_bytes = 300}));
  EXPECT_FALSE(bench.dut().quiet_o);
  bench.idle(rx_offload_bench::latency_clocks - 1);
  EXPECT_FALSE(bench.dut().quiet_o);  // The last beat is at the output.
  bench.idle(1);
  EXPECT_TRUE(bench.dut().quiet_o);
  bench.start({query, {}, 0, 0});
  bench.idle(1);
  EXPECT_FALSE(bench.dut().quiet_o);
  while (!bench.answer()) bench.idle(1);
  bench.idle(1);
  EXPECT_TRUE(bench.dut().quiet_o);
}

// The whole state of the Verilated block, byte for byte: when it is quiet and no input changes, a clock changes
// nothing.
TEST(RxOffload, NothingChangesWhileQuiet) {
  rx_offload_bench bench(default_config());
  frame_generator generator(30);
  const auto state = [&] {
    const auto* root = reinterpret_cast<const unsigned char*>(bench.dut().rootp);
    return std::vector<unsigned char>(root, root + sizeof(*bench.dut().rootp));
  };
  std::size_t compared = 0;
  for (std::uint16_t round = 0; round < 200; ++round) {
    const frame_bytes frame = generator.any_frame(300);
    if (generator.below(2)) {
      const auto op = static_cast<std::uint32_t>(generator.below(4));
      bench.start({op, {1, 2, static_cast<std::uint16_t>(generator.below(20)), 4}, round, round});
    }
    bench.send(frame);
    for (std::size_t clocks = 0; !bench.dut().quiet_o; ++clocks) {
      ASSERT_LT(clocks, 300U);
      bench.idle(1, /*advance_time=*/false);
    }
    const auto before = state();
    bench.idle(1, /*advance_time=*/false);
    ASSERT_TRUE(state() == before) << "round " << round;
    ++compared;
  }
  EXPECT_EQ(compared, 200U);
}

}  // namespace
}  // namespace fourtuple::tb
