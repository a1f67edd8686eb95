// SPDX-License-Identifier: Apache-2.0
// Impairments of a direction: each does what it says and counts it, random ones as often as they should, scripted ones
// to exactly the named segment; nothing depends on when frames are handed over, and no impairment on another.
#include "model/wire/impairment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "model/sim/time.hpp"
#include "model/wire/frame_headers.hpp"
#include "model/wire/link.hpp"

namespace fourtuple::model::wire {
namespace {

using sim::from_ns;

constexpr std::uint64_t frame_ns = 100;
constexpr std::uint64_t spacing_ns = 200;

/// The same for the same seed and name.
random_streams streams_of(unsigned seed) {
  return [seed](std::string_view name) -> random_stream {
    std::seed_seq mixed(name.begin(), name.end());
    std::vector<unsigned> words(2);
    mixed.generate(words.begin(), words.end());
    auto engine = std::make_shared<std::mt19937_64>((std::uint64_t{words[0]} << 32 | words[1]) + seed);
    return [engine] { return (*engine)(); };
  };
}

constexpr unsigned fin = 1;
constexpr unsigned syn = 2;
constexpr unsigned rst = 4;
constexpr unsigned ack = 16;

std::uint16_t header_sum(const frame& content) {
  std::uint32_t sum = 0;
  for (std::size_t i = 14; i < 34; i += 2)
    sum += std::to_integer<std::uint32_t>(content.bytes[i]) << 8 | std::to_integer<std::uint32_t>(content.bytes[i + 1]);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

/// A TCP segment in a frame of at least 60 bytes, its IPv4 header checksum right. `number` is its sequence number.
frame segment(unsigned flags, std::size_t payload_bytes, unsigned number = 0, unsigned ecn = 0) {
  frame content{.bytes = std::vector<std::byte>(std::max<std::size_t>(60, 54 + payload_bytes))};
  const auto put = [&content](std::size_t at, std::size_t value) {
    content.bytes[at] = static_cast<std::byte>(value >> 8);
    content.bytes[at + 1] = static_cast<std::byte>(value & 0xff);
  };
  put(12, 0x0800);
  put(14, 0x4500 | ecn);
  put(16, 40 + payload_bytes);
  put(20, 0x4000);  // Don't fragment.
  put(22, 0x4006);
  put(26, 0x0a00);
  put(28, 0x0001);
  put(30, 0x0a00);
  put(32, 0x0002);
  put(40, number);
  put(46, 0x5000 | flags);
  put(24, 0xffffU - header_sum(content));
  return content;
}

unsigned number_of(const frame& content) {
  return std::to_integer<unsigned>(content.bytes[40]) << 8 | std::to_integer<unsigned>(content.bytes[41]);
}

struct outcome {
  std::vector<std::pair<unsigned, std::uint64_t>> arrivals;  ///< Number and nanoseconds, in order of delivery.
  std::vector<frame> frames;
  impairment_counters counters;
  [[nodiscard]] std::vector<unsigned> numbers() const {
    std::vector<unsigned> all;
    for (const auto& arrival : arrivals) all.push_back(arrival.first);
    return all;
  }
};

/// Sends them at equal distances.
outcome send(const impairment_config& config, const std::vector<frame>& frames, unsigned seed = 1) {
  EXPECT_FALSE(config_error(config).has_value());
  impairment way(config, streams_of(seed));
  outcome result;
  std::uint64_t at_ns = 1'000;
  for (frame content : frames) {
    for (impairment::delivery& each : way.pass(std::move(content), from_ns(at_ns), from_ns(frame_ns))) {
      result.arrivals.emplace_back(number_of(each.content), sim::to_ns(each.arrival));
      result.frames.push_back(std::move(each.content));
    }
    at_ns += spacing_ns;
  }
  result.counters = way.counters();
  const impairment_counters& counted = result.counters;
  EXPECT_EQ(counted.offered, frames.size());
  EXPECT_EQ(counted.delivered, result.arrivals.size());
  EXPECT_EQ(counted.offered + counted.duplicated, counted.delivered + counted.lost_scripted + counted.lost_random +
                                                      counted.lost_burst + counted.lost_queue_full);
  return result;
}

std::vector<frame> data_segments(unsigned count, std::size_t payload_bytes = 100, unsigned ecn = 0) {
  std::vector<frame> frames;
  for (unsigned i = 0; i < count; ++i) frames.push_back(segment(ack, payload_bytes, i, ecn));
  return frames;
}

std::size_t differing_bits(const frame& one, const frame& other) {
  std::size_t bits = 0;
  for (std::size_t i = 0; i < one.bytes.size(); ++i)
    bits += static_cast<std::size_t>(std::popcount(std::to_integer<unsigned>(one.bytes[i] ^ other.bytes[i])));
  return bits;
}

TEST(impairment, with_nothing_configured_changes_nothing) {
  EXPECT_FALSE(impairment_config{}.any());
  const auto frames = data_segments(50);
  const outcome result = send({}, frames);
  ASSERT_EQ(result.frames.size(), frames.size());
  for (unsigned i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(result.frames[i].bytes, frames[i].bytes);
    EXPECT_EQ(result.arrivals[i].second, 1'000 + i * spacing_ns);
  }
}

TEST(impairment, random_loss_is_as_frequent_as_asked) {
  constexpr unsigned sent = 50'000;
  const outcome result = send({.loss = 20'000}, data_segments(sent));
  // 1000 are expected, with a standard deviation of 31.
  EXPECT_NEAR(static_cast<double>(result.counters.lost_random), 1'000, 5 * 31.3);
  EXPECT_EQ(send({.loss = always_ppm}, data_segments(100)).counters.delivered, 0U);
}

TEST(impairment, the_same_seed_repeats_and_another_does_not) {
  const impairment_config config{
      .loss = 100'000, .duplicate = 50'000, .corrupt_silently = 50'000, .jitter_ns = 500, .reorder = 100'000};
  const auto frames = data_segments(2'000);
  const outcome first = send(config, frames);
  const outcome again = send(config, frames);
  EXPECT_EQ(first.arrivals, again.arrivals);
  EXPECT_NE(first.arrivals, send(config, frames, 2).arrivals);
}

TEST(impairment, one_does_not_change_what_another_hits) {
  const auto frames = data_segments(2'000);
  const outcome alone = send({.loss = 100'000}, frames);
  const outcome with_others = send({.loss = 100'000, .corrupt = 200'000, .jitter_ns = 700, .reorder = 100'000}, frames);
  EXPECT_EQ(alone.counters.lost_random, with_others.counters.lost_random);
  const auto kept = alone.numbers();
  EXPECT_EQ(kept.size(), with_others.frames.size());
  const outcome delayed = send({.loss = 100'000, .jitter_ns = 700}, frames);
  EXPECT_EQ(kept, delayed.numbers());
}

TEST(impairment, burst_loss_has_the_rate_and_the_burst_length_of_its_parameters) {
  constexpr unsigned sent = 60'000;
  const outcome result =
      send({.burst = burst_loss{.good_to_bad = 10'000, .bad_to_good = 250'000}}, data_segments(sent));
  // In the long run bad for 0.01 / (0.01 + 0.25) of the frames, 4 at a time.
  EXPECT_NEAR(static_cast<double>(result.counters.lost_burst) / sent, 0.01 / 0.26, 0.006);
  const auto kept = result.numbers();
  unsigned bursts = 0;
  for (std::size_t i = 1; i < kept.size(); ++i) bursts += kept[i] != kept[i - 1] + 1 ? 1U : 0U;
  EXPECT_NEAR(static_cast<double>(result.counters.lost_burst) / bursts, 4.0, 0.5);
  const burst_loss inverse{.good_to_bad = 0, .bad_to_good = 0, .loss_in_good = always_ppm, .loss_in_bad = 0};
  EXPECT_EQ(send({.burst = inverse}, data_segments(100)).counters.lost_burst, 100U) << "it starts good";
}

TEST(impairment, scripted_loss_hits_exactly_the_named_segment) {
  std::vector<frame> frames{segment(syn, 0, 0),   segment(ack, 0, 1),       segment(ack, 500, 2),
                            segment(ack, 0, 3),   segment(ack, 500, 4),     segment(ack, 1, 5),
                            segment(ack, 500, 6), segment(fin | ack, 9, 7), segment(syn | ack, 0, 8),
                            segment(rst, 0, 9),   segment(syn, 0, 10)};
  const auto dropped = [&frames](std::vector<scripted_loss> rules) {
    const auto kept = send({.drops = std::move(rules)}, frames).numbers();
    std::set<unsigned> missing;
    for (unsigned i = 0; i < frames.size(); ++i) missing.insert(i);
    for (const unsigned number : kept) missing.erase(number);
    return missing;
  };
  using set = std::set<unsigned>;
  using kind = segment_kind;
  EXPECT_EQ(dropped({{kind::data, 3, 3}}), set{5});
  EXPECT_EQ(dropped({{kind::data, 5, 5}}), set{7}) << "data with FIN";
  EXPECT_EQ(dropped({{kind::fin, 1, 1}}), set{7});
  EXPECT_EQ(dropped({{kind::syn, 1, 2}}), (set{0, 10}));
  EXPECT_EQ(dropped({{kind::syn_ack, 1, 1}}), set{8});
  EXPECT_EQ(dropped({{kind::ack, 2, 9}}), set{3});
  EXPECT_EQ(dropped({{kind::rst, 1, 1}}), set{9});
  EXPECT_EQ(dropped({{kind::frame, 2, 3}, {kind::data, 1, 2}}), (set{1, 2, 4})) << "rules count for themselves";
  EXPECT_EQ(dropped({{kind::data, 6, 6}}), set{});
}

TEST(impairment, damaged_or_foreign_frames_are_of_no_kind_and_do_no_harm) {
  frame arp = segment(ack, 10);
  arp.bytes[13] = std::byte{6};
  frame fragment = segment(ack, 10);
  fragment.bytes[21] = std::byte{1};
  frame too_long = segment(ack, 10);
  too_long.bytes[16] = std::byte{9};
  frame no_header = segment(ack, 10);
  no_header.bytes[14] = std::byte{0x41};
  frame cut = segment(ack, 10);
  cut.bytes.resize(20);
  for (const frame& content : {arp, fragment, too_long, no_header, cut, frame{}}) {
    EXPECT_FALSE(is_of_kind(content.bytes, segment_kind::data));
    EXPECT_TRUE(is_of_kind(content.bytes, segment_kind::frame));
  }
  const outcome result = send({.corrupt_silently = always_ppm}, {arp});
  EXPECT_EQ(result.counters.corrupted_silently, 0U);
  EXPECT_EQ(result.frames.at(0).bytes, arp.bytes);
}

TEST(impairment, duplicates_follow_at_once_and_push_nothing_out_of_order) {
  const outcome result = send({.duplicate = always_ppm}, data_segments(3));
  using testing::Pair;
  EXPECT_THAT(result.arrivals, testing::ElementsAre(Pair(0, 1'000), Pair(0, 1'100), Pair(1, 1'200), Pair(1, 1'300),
                                                    Pair(2, 1'400), Pair(2, 1'500)));
  EXPECT_EQ(result.counters.duplicated, 3U);
}

TEST(impairment, corruption_flips_one_bit_and_marks_the_frame_bad) {
  const auto frames = data_segments(200);
  const outcome result = send({.corrupt = always_ppm}, frames);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    EXPECT_TRUE(result.frames[i].bad);
    EXPECT_EQ(differing_bits(frames[i], result.frames[i]), 1U);
  }
  EXPECT_EQ(result.counters.corrupted, 200U);
}

TEST(impairment, silent_corruption_flips_one_bit_of_the_packet_and_not_of_the_padding) {
  const std::vector<frame> frames(500, segment(ack, 2));
  const outcome result = send({.corrupt_silently = always_ppm}, frames);
  for (const frame& content : result.frames) {
    EXPECT_FALSE(content.bad);
    EXPECT_EQ(differing_bits(content, frames[0]), 1U);
    EXPECT_TRUE(std::equal(content.bytes.begin(), content.bytes.begin() + 14, frames[0].bytes.begin()));
    EXPECT_TRUE(std::equal(content.bytes.begin() + 56, content.bytes.end(), frames[0].bytes.begin() + 56));
  }
  EXPECT_EQ(result.counters.corrupted_silently, 500U);
}

TEST(impairment, jitter_keeps_order_and_distance_unless_it_may_reorder) {
  constexpr unsigned sent = 5'000;
  const outcome kept = send({.jitter_ns = 1'000}, data_segments(sent));
  for (unsigned i = 0; i < sent; ++i) {
    EXPECT_EQ(kept.arrivals[i].first, i);
    EXPECT_TRUE(i == 0 || kept.arrivals[i].second >= kept.arrivals[i - 1].second + frame_ns) << i;
  }
  const outcome free = send({.jitter_ns = 1'000, .jitter_reorders = true}, data_segments(sent));
  double sum_ns = 0;
  unsigned overtaken = 0;
  for (unsigned i = 0; i < sent; ++i) {
    const std::uint64_t jitter_ns = free.arrivals[i].second - (1'000 + std::uint64_t{i} * spacing_ns);
    EXPECT_LE(jitter_ns, 1'000U);
    sum_ns += static_cast<double>(jitter_ns);
    overtaken += i > 0 && free.arrivals[i].second < free.arrivals[i - 1].second ? 1U : 0U;
  }
  // Mean 500, its standard deviation 289 / sqrt(5000).
  EXPECT_NEAR(sum_ns / sent, 500, 5 * 4.1);
  EXPECT_GT(overtaken, sent / 10);
}

TEST(impairment, a_frame_that_is_held_back_is_overtaken_and_holds_nothing_else_back) {
  const outcome result = send({.reorder = 100'000, .reorder_delay_ns = 5'000}, data_segments(5'000));
  std::uint64_t late = 0;
  for (unsigned i = 0; i < result.arrivals.size(); ++i) {
    const std::uint64_t delay_ns = result.arrivals[i].second - (1'000 + std::uint64_t{i} * spacing_ns);
    EXPECT_TRUE(delay_ns == 0 || delay_ns == 5'000) << delay_ns;
    late += delay_ns != 0 ? 1U : 0U;
  }
  EXPECT_EQ(late, result.counters.reordered);
  EXPECT_NEAR(static_cast<double>(late), 500, 5 * 21.3);
}

TEST(bottleneck, sends_at_its_rate_and_drops_what_does_not_fit) {
  // 154 bytes and 24 around them: 1424 ns each at 1 Gbit/s, and one is offered each 200 ns.
  const bottleneck_config hop{.rate_bits_per_s = 1'000'000'000, .queue_bytes = 1'540};
  const outcome result = send({.bottleneck = hop}, data_segments(20));
  for (unsigned i = 0; i < result.arrivals.size(); ++i) EXPECT_EQ(result.arrivals[i].second, 1'000 + (i + 1) * 1'424U);
  // Ten fit, and in the 3800 ns in which the 20 come, two leave.
  EXPECT_EQ(result.counters.delivered, 12U);
  EXPECT_EQ(result.counters.lost_queue_full, 8U);
  EXPECT_EQ(result.counters.queue_most_bytes, 1'540U);
  EXPECT_THAT(result.numbers(), testing::ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15)) << "the tail is dropped";
}

TEST(bottleneck, marks_capable_packets_above_the_threshold_and_keeps_the_header_checksum_right) {
  const bottleneck_config hop{.rate_bits_per_s = 100'000'000, .queue_bytes = 100'000, .mark_above_bytes = 500};
  for (unsigned ecn = 0; ecn < 4; ++ecn) {
    const outcome result = send({.bottleneck = hop}, data_segments(300, 100, ecn));
    // The fifth finds four of 154 bytes.
    const bool capable = ecn == 1 || ecn == 2;
    EXPECT_EQ(result.counters.congestion_marked, capable ? 296U : 0U) << ecn;
    for (unsigned i = 0; i < result.frames.size(); ++i) {
      EXPECT_EQ(std::to_integer<unsigned>(result.frames[i].bytes[15]), capable && i >= 4 ? 3U : ecn);
      EXPECT_EQ(header_sum(result.frames[i]), 0xffff);
    }
  }
}

TEST(bottleneck, the_checksum_is_right_for_every_header_that_can_be_marked) {
  for (unsigned identification = 0; identification < 0x10000; ++identification) {
    for (const unsigned ecn : {1U, 2U}) {
      frame content = segment(ack, 0, 0, ecn);
      content.bytes[18] = static_cast<std::byte>(identification >> 8);
      content.bytes[19] = static_cast<std::byte>(identification & 0xff);
      content.bytes[24] = content.bytes[25] = std::byte{0};
      const unsigned checksum = 0xffffU - header_sum(content);
      content.bytes[24] = static_cast<std::byte>(checksum >> 8);
      content.bytes[25] = static_cast<std::byte>(checksum & 0xff);
      ASSERT_TRUE(mark_congestion(content.bytes));
      ASSERT_EQ(header_sum(content), 0xffff) << identification;
    }
  }
}

TEST(impairment, refuses_what_cannot_be_done) {
  EXPECT_TRUE(config_error(impairment_config{.loss = always_ppm + 1}).has_value());
  EXPECT_TRUE(config_error(impairment_config{.burst = burst_loss{.loss_in_bad = always_ppm + 1}}).has_value());
  EXPECT_TRUE(config_error(impairment_config{.drops = {{segment_kind::data, 0, 0}}}).has_value());
  EXPECT_TRUE(config_error(impairment_config{.drops = {{segment_kind::data, 3, 2}}}).has_value());
  EXPECT_TRUE(config_error(impairment_config{.jitter_ns = 1'000'000'001}).has_value());
  EXPECT_TRUE(config_error(impairment_config{.bottleneck = bottleneck_config{.rate_bits_per_s = 0}}).has_value());
  EXPECT_TRUE(config_error(impairment_config{.bottleneck = bottleneck_config{.queue_bytes = 1'000}}).has_value());
}

/// A link that is impaired in both directions, and what arrives at its ends.
struct impaired_link {
  explicit impaired_link(const std::string& name)
      : wire((name + "_wire").c_str(), {}),
        from_a((name + "_from_a").c_str()),
        from_b((name + "_from_b").c_str()),
        at_a((name + "_at_a").c_str(), note),
        at_b((name + "_at_b").c_str(), note) {
    from_a.socket.bind(wire.from_a().socket);
    from_b.socket.bind(wire.from_b().socket);
    wire.to_a().socket.bind(at_a.socket);
    wire.to_b().socket.bind(at_b.socket);
    const impairment_config config{.loss = 50'000, .duplicate = 50'000, .jitter_ns = 500, .reorder = 50'000};
    wire.impair(direction::a_to_b, config, streams_of(1));
    wire.impair(direction::b_to_a, config, streams_of(2));
  }
  std::vector<std::pair<std::uint64_t, unsigned>> arrivals;
  frame_in::callback note = [this](frame&& content, sc_core::sc_time arrival) {
    arrivals.emplace_back(sim::to_ps(arrival), number_of(content));
  };
  link wire;
  frame_out from_a;
  frame_out from_b;
  frame_in at_a;
  frame_in at_b;
};

TEST(impairment, does_not_depend_on_how_far_a_sender_runs_ahead) {
  constexpr unsigned sent = 500;
  constexpr unsigned quantum = 5;  // Frames that the one of them hands over at once.
  constexpr std::uint64_t period_ns = 400;
  impaired_link in_time("in_time");
  impaired_link ahead("ahead");
  for (unsigned i = 0; i < sent; ++i) {
    in_time.from_a.send(segment(ack, 100, i), sc_core::SC_ZERO_TIME);
    in_time.from_b.send(segment(ack, 100, 1'000 + i), sc_core::SC_ZERO_TIME);
    ahead.from_b.send(segment(ack, 100, 1'000 + i), sc_core::SC_ZERO_TIME);
    if (i % quantum == 0) {
      for (unsigned k = 0; k < quantum; ++k) ahead.from_a.send(segment(ack, 100, i + k), from_ns(k * period_ns));
    }
    sc_core::sc_start(from_ns(period_ns));
  }
  EXPECT_GT(in_time.wire.impairment_of(direction::a_to_b)->counters().lost_random, 0U);
  EXPECT_GT(in_time.wire.impairment_of(direction::b_to_a)->counters().reordered, 0U);
  EXPECT_EQ(in_time.wire.counters(direction::a_to_b).frames, sent) << "the wire counts what was sent";
  EXPECT_NE(in_time.arrivals, ahead.arrivals) << "they were told in another order";
  std::ranges::sort(in_time.arrivals);
  std::ranges::sort(ahead.arrivals);
  EXPECT_EQ(in_time.arrivals, ahead.arrivals);
}

TEST(impairment, observers_are_told_what_happened_to_a_frame) {
  struct recorder final : wire_observer {
    void on_frame(const wire_event& event) override { note("sent", event.content); }
    void on_impairment(const wire_event& event, std::span<const char* const> what) override {
      for (const char* name : what) note(name, event.content);
    }
    void on_arrival(direction, const frame& content, sc_core::sc_time) override {
      note(content.bad ? "arrives bad" : "arrives", content);
    }
    void note(const std::string& what, const frame& content) {
      lines.push_back(std::to_string(number_of(content)) + " " + what);
    }
    std::vector<std::string> lines;
  };
  link wire("told_wire", {});
  frame_out from_a("told_from_a");
  frame_out from_b("told_from_b");
  frame_in at_a("told_at_a", [](frame&&, sc_core::sc_time) {});
  frame_in at_b("told_at_b", [](frame&&, sc_core::sc_time) {});
  from_a.socket.bind(wire.from_a().socket);
  from_b.socket.bind(wire.from_b().socket);
  wire.to_a().socket.bind(at_a.socket);
  wire.to_b().socket.bind(at_b.socket);
  wire.impair(direction::a_to_b,
              {.drops = {{.kind = segment_kind::frame, .first = 1, .last = 1}}, .duplicate = 1'000'000}, streams_of(1));
  recorder log;
  wire.add_observer(log);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  from_a.send(segment(ack, 100, 1), sc_core::SC_ZERO_TIME);
  from_a.send(segment(ack, 100, 2), sc_core::SC_ZERO_TIME);
  from_b.send(segment(ack, 100, 3), sc_core::SC_ZERO_TIME);
  const std::vector<std::string> expected = {"1 sent",    "1 lost_scripted", "2 sent", "2 duplicated",
                                             "2 arrives", "2 arrives",       "3 sent", "3 arrives"};
  EXPECT_EQ(log.lines, expected);
}

}  // namespace
}  // namespace fourtuple::model::wire
