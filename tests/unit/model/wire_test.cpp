// SPDX-License-Identifier: Apache-2.0
// The Ethernet link (latency, rate, padding, order, counters against numbers worked out by hand) and the digest
// (changes with everything it should, not with the order of calls across directions).
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "model/sim/time.hpp"
#include "model/wire/digest.hpp"
#include "model/wire/link.hpp"

namespace fourtuple::model {
namespace {

using sim::from_ns;
using sim::from_ps;
using wire::direction;

wire::frame frame_of(std::size_t length, unsigned fill, bool bad = false) {
  return {.bytes = std::vector<std::byte>(length, static_cast<std::byte>(fill)), .bad = bad};
}

struct received {
  wire::frame content;
  sc_core::sc_time arrival;
};

struct station {
  explicit station(const std::string& name)
      : out((name + "_out").c_str()),
        in((name + "_in").c_str(), [this](wire::frame&& content, sc_core::sc_time arrival) {
          got.push_back({std::move(content), arrival});
        }) {}
  wire::frame_out out;
  wire::frame_in in;
  std::vector<received> got;
};

struct recorder final : wire::wire_observer {
  void on_frame(const wire::wire_event& event) override {
    events.emplace_back(event.way, event.start, event.arrival, event.content.bytes.size());
  }
  std::vector<std::tuple<direction, sc_core::sc_time, sc_core::sc_time, std::size_t>> events;
};

struct bench {
  explicit bench(const wire::link_config& config) : wire("wire", config) {
    a.out.socket.bind(wire.from_a().socket);
    b.out.socket.bind(wire.from_b().socket);
    wire.to_a().socket.bind(a.in.socket);
    wire.to_b().socket.bind(b.in.socket);
    wire.add_observer(log);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
  }
  wire::link wire;
  station a{"a"};
  station b{"b"};
  recorder log;
};

TEST(wire_link, a_frame_takes_its_bytes_and_the_propagation_delay) {
  bench t({.rate_bits_per_s = 10'000'000'000, .propagation_delay_ps = 50'000});
  t.a.out.send(frame_of(1'500, 7), from_ns(3));
  ASSERT_EQ(t.b.got.size(), 1U);
  EXPECT_TRUE(t.a.got.empty());
  // 8 + 1500 + 4 bytes at 0.8 ns.
  EXPECT_EQ(t.b.got[0].arrival, from_ps(3'000 + 1'512 * 800 + 50'000));
  EXPECT_EQ(t.b.got[0].content.bytes, frame_of(1'500, 7).bytes);
  EXPECT_EQ(t.wire.smallest_latency(), from_ps(72 * 800 + 50'000));
}

TEST(wire_link, frames_follow_at_the_rate_with_their_gap) {
  bench t({.rate_bits_per_s = 100'000'000'000, .propagation_delay_ps = 1'000});
  for (unsigned i = 0; i < 1'000; ++i) t.a.out.send(frame_of(60, i & 0xff), from_ns(0));
  ASSERT_EQ(t.b.got.size(), 1'000U);
  // 84 bytes a frame at 100 Gbit/s: 6.72 ns, the 148.8 million frames/s of minimum size.
  for (unsigned i = 0; i < 1'000; ++i) {
    EXPECT_EQ(t.b.got[i].arrival, from_ps(i * 6'720ULL + 72 * 80 + 1'000));
    EXPECT_EQ(t.b.got[i].content.bytes[0], static_cast<std::byte>(i & 0xff));
  }
  EXPECT_EQ(t.wire.counters(direction::a_to_b).busy_ps, 6'720'000U);
  t.a.out.send(frame_of(60, 0), from_ns(10'000));
  EXPECT_EQ(t.b.got.back().arrival, from_ps(10'000'000 + 72 * 80 + 1'000)) << "an idle wire does not queue";
}

TEST(wire_link, pads_with_zeros_and_keeps_the_verdict) {
  bench t({});
  t.b.out.send(frame_of(42, 0xff), from_ns(0));
  t.b.out.send(frame_of(60, 0xff, true), from_ns(0));
  t.b.out.send(frame_of(0, 0), from_ns(0));
  ASSERT_EQ(t.a.got.size(), 3U);
  std::vector<std::byte> padded(60);
  std::fill_n(padded.begin(), 42, std::byte{0xff});
  EXPECT_EQ(t.a.got[0].content.bytes, padded);
  EXPECT_FALSE(t.a.got[0].content.bad);
  EXPECT_TRUE(t.a.got[1].content.bad);
  EXPECT_EQ(t.a.got[2].content.bytes, std::vector<std::byte>(60));
  const wire::link_counters& counters = t.wire.counters(direction::b_to_a);
  EXPECT_EQ(counters.frames, 3U);
  EXPECT_EQ(counters.padded, 2U);
  EXPECT_EQ(counters.bad, 1U);
  EXPECT_EQ(counters.frame_bytes, 180U);
  EXPECT_EQ(t.wire.counters(direction::a_to_b).frames, 0U);
}

TEST(wire_link, is_full_duplex_and_shows_observers_what_is_on_the_wire) {
  bench t({.rate_bits_per_s = 1'000'000'000, .propagation_delay_ps = 5'000});
  t.a.out.send(frame_of(1'000, 1), from_ns(0));
  t.b.out.send(frame_of(20, 2), from_ns(0));
  t.a.out.send(frame_of(100, 3), from_ns(0));
  ASSERT_EQ(t.log.events.size(), 3U);
  EXPECT_EQ(t.log.events[0], std::make_tuple(direction::a_to_b, from_ns(0), from_ns(1'012 * 8 + 5), 1'000U));
  EXPECT_EQ(t.log.events[1], std::make_tuple(direction::b_to_a, from_ns(0), from_ns(72 * 8 + 5), 60U));
  EXPECT_EQ(t.log.events[2],
            std::make_tuple(direction::a_to_b, from_ns(1'024 * 8), from_ns((1'024 + 112) * 8 + 5), 100U));
}

TEST(wire_link, refuses_senseless_configurations) {
  EXPECT_FALSE(wire::config_error(wire::link_config{}).has_value());
  EXPECT_TRUE(wire::config_error(wire::link_config{.rate_bits_per_s = 0}).has_value());
  EXPECT_TRUE(wire::config_error(wire::link_config{.propagation_delay_ps = 0}).has_value());
}

/// The digest of frames given as (direction, start in ns, fill, bad).
struct told {
  direction way;
  std::uint64_t start_ns;
  unsigned fill;
  bool bad = false;
};
std::string digest_of(const std::vector<told>& frames, std::size_t length = 64) {
  wire::digest hash;
  for (const told& one : frames) {
    const wire::frame content = frame_of(length, one.fill, one.bad);
    hash.on_frame({one.way, from_ns(one.start_ns), from_ns(one.start_ns + 10), content});
  }
  return hash.hex();
}

TEST(wire_digest, does_not_depend_on_the_order_of_calls_across_directions) {
  sc_core::sc_start(from_ns(100));
  const told a1{direction::a_to_b, 1, 10}, a2{direction::a_to_b, 5, 11};
  const told b1{direction::b_to_a, 2, 20}, b2{direction::b_to_a, 4, 21};
  const std::string one = digest_of({a1, b1, b2, a2});
  EXPECT_EQ(one.size(), 64U);
  EXPECT_EQ(one, digest_of({a1, a2, b1, b2}));
  EXPECT_EQ(one, digest_of({b1, b2, a1, a2}));
}

TEST(wire_digest, depends_on_everything_else) {
  sc_core::sc_start(from_ns(100));
  const std::string one = digest_of({{direction::a_to_b, 1, 10}});
  EXPECT_NE(one, digest_of({{direction::b_to_a, 1, 10}}));
  EXPECT_NE(one, digest_of({{direction::a_to_b, 2, 10}}));
  EXPECT_NE(one, digest_of({{direction::a_to_b, 1, 11}}));
  EXPECT_NE(one, digest_of({{direction::a_to_b, 1, 10, true}}));
  EXPECT_NE(one, digest_of({{direction::a_to_b, 1, 10}}, 65));
  EXPECT_NE(one, digest_of({{direction::a_to_b, 1, 10}, {direction::a_to_b, 1, 10}}));
  EXPECT_NE(one, digest_of({}));
}

TEST(wire_digest, leaves_out_what_starts_after_the_end) {
  wire::digest with, without;
  const wire::frame content = frame_of(64, 1);
  for (wire::digest* const hash : {&with, &without})
    hash->on_frame({direction::a_to_b, from_ns(1), from_ns(2), content});
  with.on_frame({direction::a_to_b, from_ns(50), from_ns(60), content});
  sc_core::sc_start(from_ns(50));
  EXPECT_EQ(with.hex(), without.hex());
  sc_core::sc_start(from_ns(1));
  EXPECT_NE(with.hex(), without.hex());
}

TEST(wire_digest, can_be_asked_in_between) {
  sc_core::sc_start(from_ns(100));
  wire::digest hash;
  const wire::frame content = frame_of(64, 1);
  hash.on_frame({direction::a_to_b, from_ns(1), from_ns(2), content});
  const std::string first = hash.hex();
  EXPECT_EQ(first, hash.hex());
  hash.on_frame({direction::a_to_b, from_ns(3), from_ns(4), content});
  EXPECT_NE(first, hash.hex());
}

}  // namespace
}  // namespace fourtuple::model
