// SPDX-License-Identifier: Apache-2.0
// ehash finds what is in it and nothing else, for all three kinds of socks, replaces in place, keeps its references,
// and hashes as the NIC does. One thread; ehash_threads_test has several.
#include "host/sock/ehash_table.hpp"

#include <gtest/gtest.h>

#include <map>
#include <utility>
#include <vector>

#include "host/base/jhash.hpp"
#include "tests/unit/sock/test_socks.hpp"

namespace fourtuple::sock {
namespace {

const packet::connection_tuple tuple{server, client, 2222, 40000};

TEST(ehash_table, hashes_network_order_bytes_as_the_device_does) {
  const tables t;
  // 192.168.0.1 and 192.0.2.1 as their bytes lie in memory, port 40000 = 0x9c40 likewise; the local port is a number.
  EXPECT_EQ(t.info.inet_ehashfn(tuple),
            base::jhash_3words(0x0100a8c0, 0x010200c0, 2222U << 16 | 0x409c, t.info.ehash().secret()));
}

TEST(ehash_table, rounds_its_sizes_up_to_powers_of_two) {
  EXPECT_EQ(ehash_table(1000, 7, 0).ehash_mask(), 1023U);
  EXPECT_EQ(ehash_table(0, 0, 0).ehash_mask(), 0U);
}

TEST(ehash_table, finds_each_kind_by_its_tuple_alone) {
  tables t;
  const auto full = t.make_sock({server, client, 1, 10});
  const auto req = t.make_request({server, client, 2, 20});
  const auto tw = t.make_timewait({server, client, 3, 30});
  EXPECT_TRUE(t.info.inet_ehash_insert(*full));
  EXPECT_TRUE(t.info.inet_ehash_insert(*req));
  EXPECT_TRUE(t.info.inet_ehash_insert(*tw));
  EXPECT_EQ(t.info.ehash().size(), 3U);
  EXPECT_EQ(t.info.inet_lookup_established({server, client, 1, 10}).get(), full.get());
  EXPECT_EQ(t.info.inet_lookup_established({server, client, 2, 20}).get(), req.get());
  EXPECT_EQ(t.info.inet_lookup_established({server, client, 3, 30}).get(), tw.get());
  EXPECT_EQ(t.info.inet_lookup_established({server, client, 1, 20}).get(), nullptr);
  EXPECT_EQ(t.info.inet_lookup_established({client, server, 1, 10}).get(), nullptr);
  EXPECT_EQ(full->kind(), sock_kind::full);
  EXPECT_EQ(req->kind(), sock_kind::request);
  EXPECT_EQ(tw->kind(), sock_kind::timewait);
  EXPECT_EQ(req->skc_state, tcp_state::new_syn_recv);
  EXPECT_EQ(tw->skc_state, tcp_state::time_wait);
}

TEST(ehash_table, holds_a_reference_to_what_is_in_it) {
  tables t;
  auto sk = t.make_sock(tuple);
  EXPECT_EQ(sk->refcnt(), 1U);
  t.info.inet_ehash_insert(*sk);
  EXPECT_EQ(sk->refcnt(), 2U);
  const auto found = t.info.inet_lookup_established(tuple);
  EXPECT_EQ(sk->refcnt(), 3U);
  sk.reset();
  EXPECT_TRUE(t.info.inet_unhash(*found));
  EXPECT_EQ(found->refcnt(), 1U);
  EXPECT_FALSE(t.info.inet_unhash(*found));
  EXPECT_EQ(t.socks.in_use(), 1U);
}

TEST(ehash_table, gives_back_what_is_still_in_it_at_the_end) {
  sock_slab<test_sock> slab;
  {
    ehash_table table(4, 2, 99);
    for (std::uint16_t port = 1; port <= 20; ++port) {
      const auto sk = slab.alloc();
      sk->skc_tuple = {server, client, 80, port};
      table.insert(*sk);
    }
    EXPECT_EQ(slab.in_use(), 20U);
  }
  EXPECT_EQ(slab.in_use(), 0U);
}

TEST(ehash_table, replaces_a_request_by_its_child_in_the_same_place) {
  tables t({.ehash_buckets = 1});
  std::vector<sock_reference<sock_common>> others;
  const auto insert_other = [&](std::uint16_t port) {
    others.push_back(t.make_sock({server, client, 80, port}));
    t.info.inet_ehash_insert(*others.back());
  };
  insert_other(1);
  const auto req = t.make_request(tuple);
  t.info.inet_ehash_insert(*req);
  insert_other(2);
  const auto child = t.make_sock(tuple);
  EXPECT_TRUE(t.info.inet_ehash_insert(*child, req.get()));
  EXPECT_FALSE(req->hashed());
  EXPECT_EQ(req->refcnt(), 1U);
  EXPECT_EQ(child->refcnt(), 2U);
  const auto chain = t.info.ehash().bucket(0);
  ASSERT_EQ(chain.size(), 3U);
  EXPECT_EQ(chain[0].get(), others[1].get());
  EXPECT_EQ(chain[1].get(), child.get());
  EXPECT_EQ(chain[2].get(), others[0].get());

  // A second ACK that made a second child loses (Linux: inet_csk_complete_hashdance).
  const auto late = t.make_sock(tuple);
  EXPECT_FALSE(t.info.inet_ehash_insert(*late, req.get()));
  EXPECT_FALSE(late->hashed());
  EXPECT_EQ(t.info.inet_lookup_established(tuple).get(), child.get());
  EXPECT_EQ(t.info.ehash().size(), 3U);
}

TEST(ehash_table, inserts_only_once_if_asked_so) {
  tables t;
  const auto first = t.make_sock(tuple);
  const auto second = t.make_sock(tuple);
  EXPECT_FALSE(t.info.inet_ehash_insert_unless_found(*first));
  EXPECT_EQ(t.info.inet_ehash_insert_unless_found(*second).get(), first.get());
  EXPECT_FALSE(second->hashed());
}

TEST(ehash_table, reuses_the_memory_of_socks_but_not_their_keys) {
  tables t;
  auto sk = t.make_sock(tuple);
  t.info.inet_ehash_insert(*sk);
  const sock_common* memory = sk.get();
  t.info.inet_unhash(*sk);
  sk.reset();
  const auto next = t.make_sock(tuple);
  ASSERT_EQ(next.get(), memory);
  EXPECT_EQ(t.info.inet_lookup_established(tuple).get(), nullptr);
}

TEST(sock_slab, gives_nothing_beyond_its_limit) {
  sock_slab<test_sock> slab(2);
  auto a = slab.alloc();
  const auto b = slab.alloc();
  EXPECT_TRUE(a && b);
  EXPECT_FALSE(slab.alloc());
  a.reset();
  EXPECT_TRUE(slab.alloc());
}

/// A table with few buckets against std::map, driven by random operations on few tuples.
TEST(ehash_table, does_what_a_map_does) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    tables t({.ehash_buckets = 1U << seed % 5}, seed);
    std::map<packet::connection_tuple, sock_reference<sock_common>> expected;
    base::seeded_random random(seed);
    const auto make = [&](const packet::connection_tuple& k) -> sock_reference<sock_common> {
      switch (random.next() % 3) {
        case 0:
          return t.make_request(k);
        case 1:
          return t.make_timewait(k);
        default:
          return t.make_sock(k);
      }
    };
    for (int i = 0; i < 5000; ++i) {
      const packet::connection_tuple k{server,
                                       {client.value + static_cast<std::uint32_t>(random.next() % 4)},
                                       static_cast<std::uint16_t>(80 + random.next() % 4),
                                       static_cast<std::uint16_t>(40000 + random.next() % 4)};
      const auto there = expected.find(k);
      if (there == expected.end()) {
        auto sk = make(k);
        ASSERT_FALSE(t.info.inet_ehash_insert_unless_found(*sk));
        expected.emplace(k, std::move(sk));
      } else if (random.next() % 2 == 0) {
        ASSERT_TRUE(t.info.inet_unhash(*there->second));
        expected.erase(there);
      } else {
        auto sk = make(k);
        ASSERT_TRUE(t.info.inet_ehash_insert(*sk, there->second.get()));
        there->second = std::move(sk);
      }
      ASSERT_EQ(t.info.ehash().size(), expected.size());
      for (std::uint32_t which = 0; which < 4; ++which) {
        const packet::connection_tuple look{k.local, k.foreign, k.local_port,
                                            static_cast<std::uint16_t>(40000 + which)};
        const auto found = t.info.inet_lookup_established(look);
        const auto should = expected.find(look);
        ASSERT_EQ(found.get(), should == expected.end() ? nullptr : should->second.get());
      }
    }
    EXPECT_EQ(t.socks.in_use() + t.requests.in_use() + t.timewaits.in_use(), expected.size());
    for (auto& [k, sk] : expected) t.info.inet_unhash(*sk);
  }
}

}  // namespace
}  // namespace fourtuple::sock
