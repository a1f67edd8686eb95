// SPDX-License-Identifier: Apache-2.0
// The send, receive and out-of-order queues against plain models of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "host/tcp/tcp_receive_queue.hpp"
#include "host/tcp/tcp_send_queue.hpp"
#include "tests/support/frames.hpp"
#include "tests/support/virtual_wire.hpp"

namespace fourtuple::tcp {
namespace {

using support::pattern;

TEST(tcp_send_queue, keeps_order_and_send_head) {
  skb_memory memory{sizeof(tcp_skb)};
  tcp_send_queue queue;
  auto* a = queue.push(memory, 100, 50);
  EXPECT_EQ(a->append(pattern(0, 80)), 50U);
  auto* b = queue.push(memory, 150, 50);
  EXPECT_EQ(queue.send_head(), a);
  EXPECT_EQ(queue.rtx_head(), nullptr);
  EXPECT_EQ(queue.rtx_tail(), nullptr);
  queue.advance_send_head();
  EXPECT_EQ(queue.send_head(), b);
  EXPECT_EQ(queue.rtx_head(), a);
  EXPECT_EQ(queue.rtx_tail(), a);
  queue.pop_front();
  EXPECT_EQ(queue.head(), b);
  queue.advance_send_head();
  EXPECT_EQ(queue.send_head(), nullptr);
  queue.pop_front();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.truesize(), 0U);
}

TEST(tcp_send_queue, fragment_moves_the_rest_with_fin_and_psh) {
  skb_memory memory{sizeof(tcp_skb)};
  tcp_send_queue queue;
  auto* a = queue.push(memory, 100, 50);
  a->append(pattern(0, 50));
  a->fin = true;
  a->psh = true;
  ++a->end_seq;
  ASSERT_TRUE(queue.fragment(*a, 20, 30));
  const auto* rest = a->next;
  ASSERT_NE(rest, nullptr);
  EXPECT_EQ(a->end_seq, 120U);
  EXPECT_FALSE(a->fin || a->psh);
  EXPECT_EQ(rest->seq, 120U);
  EXPECT_EQ(rest->end_seq, 151U);
  EXPECT_TRUE(rest->fin && rest->psh);
  EXPECT_TRUE(std::ranges::equal(rest->data(), pattern(20, 30)));
  tcp_send_queue::trim_head(*a, 5);
  EXPECT_TRUE(std::ranges::equal(a->data(), pattern(5, 15)));
}

constexpr std::uint32_t headers = 40;

TEST(tcp_receive_queue, is_a_stream_of_bytes) {
  skb_memory memory{sizeof(tcp_skb)};
  tcp_receive_queue queue;
  support::seeded_random random{3};
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::size_t add = random.next() % 3000;
    ASSERT_TRUE(queue.append(memory, pattern(in, add), skb_charge_of(static_cast<std::uint32_t>(add), headers)));
    in += add;
    std::vector<std::byte> got(random.next() % 6000);
    got.resize(queue.peek(got));
    ASSERT_EQ(got, pattern(out, got.size()));
    const std::size_t take = got.empty() ? 0 : random.next() % (got.size() + 1);
    ASSERT_EQ(queue.consume(take), take);
    out += take;
    ASSERT_EQ(queue.bytes(), in - out);
  }
  EXPECT_EQ(queue.consume(queue.bytes() + 1), in - out);
  EXPECT_EQ(queue.bytes(), 0U);
  EXPECT_EQ(queue.truesize(), 0U);
}

/// As Linux 6.18 counts segments from a TUN device (SO_MEMINFO, SK_MEMINFO_RMEM_ALLOC).
TEST(tcp_receive_queue, is_charged_what_linux_charges) {
  struct {
    std::uint32_t bytes;
    std::uint32_t first, second, third;
  } const cases[] = {{1, 832, 0, 0},
                     {100, 832, 832, 832},
                     {200, 1280, 0, 0},
                     {300, 1280, 0, 1280},
                     {600, 1280, 1280, 1280},
                     {640, 2304, 0, 2304},
                     {1000, 2304, 2304, 2304},
                     {1600, 2304, 2304, 2304},
                     {1700, 4352, 0, 4352},
                     {3600, 4352, 4352, 4352},
                     {4000, 8448, 8448, 8448},
                     {10000, 12544, 12544, 12544},
                     {20000, 20736, 20736, 20736},
                     {60000, 61696, 61696, 61696}};
  for (const auto& c : cases) {
    skb_memory memory{sizeof(tcp_skb)};
    tcp_receive_queue queue;
    std::uint32_t before = 0;
    for (const std::uint32_t more : {c.first, c.second, c.third}) {
      ASSERT_TRUE(queue.append(memory, pattern(0, c.bytes), skb_charge_of(c.bytes, headers)));
      EXPECT_EQ(queue.truesize() - before, more) << c.bytes;
      before = queue.truesize();
    }
    // A segment counts until its last byte was read.
    EXPECT_EQ(queue.consume(c.bytes / 2), c.bytes / 2);
    EXPECT_EQ(queue.truesize(), before) << c.bytes;
    EXPECT_EQ(queue.consume(3 * c.bytes), 3 * c.bytes - c.bytes / 2);
    EXPECT_EQ(queue.truesize(), 0U) << c.bytes;
  }
}

TEST(tcp_receive_queue, counts_less_when_it_is_copied_together) {
  skb_memory memory{sizeof(tcp_skb)};
  tcp_receive_queue queue;
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(queue.append(memory, pattern(0, 100), skb_charge_of(100, headers)));
  EXPECT_EQ(queue.truesize(), 40U * 832);
  queue.collapse();
  // A full page, and the rest.
  const std::uint32_t collapsed = 4352 + 832;
  EXPECT_EQ(queue.truesize(), collapsed);
  queue.collapse();
  EXPECT_EQ(queue.truesize(), collapsed);
  EXPECT_EQ(queue.consume(4000), 4000U);
  EXPECT_EQ(queue.truesize(), 0U);
}

TEST(tcp_out_of_order_queue, collapses_what_adjoins_and_leaves_what_stands_alone) {
  tcp_out_of_order_queue queue;
  for (std::uint32_t seq = 1000; seq < 2000; seq += 100)
    queue.insert(seq, seq + 100, pattern(0, 100), false, skb_charge_of(100, headers));
  queue.insert(3000, 3100, pattern(0, 100), false, skb_charge_of(100, headers));
  EXPECT_EQ(queue.truesize(), 11U * 832);
  queue.collapse();
  EXPECT_EQ(queue.truesize(), 2304U + 832U);
  while (queue.pop_ready(4000)) {
  }
  EXPECT_EQ(queue.truesize(), 0U);
}

TEST(tcp_out_of_order_queue, merges_into_runs_and_reports_duplicates) {
  tcp_out_of_order_queue queue;
  EXPECT_FALSE(queue.insert(1000, 2000, pattern(1000, 1000), false, {}).duplicate);
  EXPECT_FALSE(queue.insert(3000, 4000, pattern(3000, 1000), false, {}).duplicate);
  const auto filled = queue.insert(1500, 3500, pattern(1500, 2000), false, {});
  // The first of the two runs that it repeats; the other does not adjoin.
  EXPECT_EQ(filled.duplicate, (packet::tcp_sack_block{1500, 2000}));
  EXPECT_FALSE(queue.pop_ready(999));
  std::uint32_t next = 1000;
  while (auto ready = queue.pop_ready(next)) {
    EXPECT_EQ(ready->first, next);
    EXPECT_EQ(ready->second.data, pattern(next, ready->second.data.size()));
    next = ready->second.end_seq;
  }
  EXPECT_EQ(next, 4000U);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.truesize(), 0U);
}

/// Random segments around a wrap of the sequence numbers; a map of bytes is the model.
TEST(tcp_out_of_order_queue, agrees_with_a_map_of_bytes_across_the_wrap) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    support::seeded_random random{seed};
    tcp_out_of_order_queue queue;
    const std::uint32_t base = 0xffffff00U;
    std::vector<bool> model(600);
    for (int i = 0; i < 40; ++i) {
      const auto start = static_cast<std::uint32_t>(1 + random.next() % 500);
      const auto length = static_cast<std::uint32_t>(1 + random.next() % 60);
      const auto inserted = queue.insert(base + start, base + start + length, pattern(start, length), false, {});
      const bool any_before =
          std::any_of(model.begin() + start, model.begin() + start + length, [](bool b) { return b; });
      EXPECT_EQ(inserted.duplicate.has_value(), any_before);
      std::fill_n(model.begin() + start, length, true);
    }
    std::uint32_t at = 0;
    while (auto ready = queue.pop_ready(base + 600)) {
      const std::uint32_t start = ready->first - base;
      while (at < start) EXPECT_FALSE(model[at++]);
      EXPECT_EQ(ready->second.data, pattern(start, ready->second.data.size()));
      for (std::size_t i = 0; i < ready->second.data.size(); ++i) EXPECT_TRUE(model[at++]);
    }
  }
}

}  // namespace
}  // namespace fourtuple::tcp
