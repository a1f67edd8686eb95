// SPDX-License-Identifier: Apache-2.0
// connect at the tables: local ports that make the tuple unique, in a secret order; TIME_WAIT given up or not; and the
// way of a connection into TIME_WAIT.
#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <vector>

#include "tests/unit/sock/test_socks.hpp"

namespace fourtuple::sock {
namespace {

class connect_test : public testing::Test {
 protected:
  ~connect_test() override {
    for (auto& sk : socks_) {
      t_.info.inet_unhash(*sk);
      t_.info.inet_put_port(*sk);
    }
  }
  /// A sock that has tried to connect to `foreign`, and the result of that.
  std::pair<test_sock*, int> connect(packet::ipv4_address foreign, std::uint16_t foreign_port,
                                     timewait_reuse* reuse = nullptr) {
    socks_.push_back(t_.make_sock({client, foreign, 0, foreign_port}));
    socks_.back()->skc_state = tcp_state::syn_sent;
    return {socks_.back().get(), t_.info.inet_hash_connect(*socks_.back(), reuse)};
  }
  /// Moves a connection into TIME_WAIT as Linux's tcp_time_wait does.
  sock_reference<tcp_timewait_sock> time_wait(test_sock& sk) {
    auto tw = t_.make_timewait(sk.skc_tuple);
    t_.info.inet_twsk_hashdance(*tw, sk);
    sk.skc_state = tcp_state::close;
    t_.info.inet_put_port(sk);
    return tw;
  }

  tables t_{{.local_port_low = 44400, .local_port_high = 44409}};
  std::vector<sock_reference<test_sock>> socks_;
};

/// Says what a test wants it to, and keeps what it was told.
struct scripted_reuse final : timewait_reuse {
  bool twsk_unique(sock&, const inet_timewait_sock& tw, bool port_chosen) noexcept override {
    asked = &tw;
    asked_of_chosen_port = port_chosen;
    return answer;
  }
  void twsk_deschedule(inet_timewait_sock& tw) noexcept override { descheduled = &tw; }
  bool answer = true;
  const inet_timewait_sock* asked = nullptr;
  bool asked_of_chosen_port = false;
  const inet_timewait_sock* descheduled = nullptr;
};

TEST_F(connect_test, puts_the_sock_in_both_tables) {
  const auto [sk, error] = connect(server, 80);
  ASSERT_EQ(error, 0);
  const std::uint16_t port = sk->skc_tuple.local_port;
  EXPECT_TRUE(port >= 44400 && port <= 44409) << port;
  EXPECT_EQ(t_.info.inet_lookup_established({client, server, port, 80}).get(), sk);
  ASSERT_NE(sk->icsk_bind_hash(), nullptr);
  EXPECT_EQ(sk->icsk_bind_hash()->port, port);
  EXPECT_EQ(t_.info.bhash().find(port)->num_owners, 1U);
}

TEST_F(connect_test, uses_each_port_once_for_a_destination_and_again_for_another) {
  std::set<std::uint16_t> ports;
  for (int i = 0; i < 10; ++i) {
    const auto [sk, error] = connect(server, 80);
    ASSERT_EQ(error, 0) << i;
    EXPECT_EQ(sk->skc_tuple.local_port % 2, i < 5 ? 0 : 1) << "those of the range's parity first";
    EXPECT_TRUE(ports.insert(sk->skc_tuple.local_port).second);
  }
  const auto [late, error] = connect(server, 80);
  EXPECT_EQ(error, -EADDRNOTAVAIL);
  EXPECT_EQ(late->skc_tuple.local_port, 0);
  EXPECT_EQ(late->icsk_bind_hash(), nullptr);
  const auto [other, other_error] = connect(server, 81);
  EXPECT_EQ(other_error, 0);
  EXPECT_EQ(other->icsk_bind_hash()->num_owners, 2U);
}

TEST_F(connect_test, leaves_ports_alone_that_somebody_bound) {
  for (std::uint16_t port = 44400; port <= 44409; ++port) {
    if (port == 44404) continue;
    socks_.push_back(t_.make_sock());
    socks_.back()->skc_tuple.local = client;
    socks_.back()->skc_reuse = port % 2 == 0;
    ASSERT_EQ(t_.info.inet_csk_get_port(*socks_.back(), port), 0);
  }
  const auto [sk, error] = connect(server, 80);
  EXPECT_EQ(error, 0);
  EXPECT_EQ(sk->skc_tuple.local_port, 44404);
  EXPECT_EQ(connect(server, 80).second, -EADDRNOTAVAIL);
}

TEST_F(connect_test, keeps_a_port_that_bind_gave) {
  const auto make_bound = [this] {
    socks_.push_back(t_.make_sock({client, server, 0, 80}));
    socks_.back()->skc_reuse = true;
    EXPECT_EQ(t_.info.inet_csk_get_port(*socks_.back(), 2000), 0);
    return socks_.back().get();
  };
  test_sock* first = make_bound();
  test_sock* second = make_bound();
  EXPECT_EQ(t_.info.inet_hash_connect(*first, nullptr), 0);
  EXPECT_EQ(first->skc_tuple.local_port, 2000);
  EXPECT_EQ(t_.info.inet_hash_connect(*second, nullptr), -EADDRNOTAVAIL);
  EXPECT_EQ(second->skc_tuple.local_port, 2000);
  EXPECT_FALSE(second->hashed());
}

TEST_F(connect_test, begins_at_a_port_that_depends_on_the_secret_and_the_destination) {
  std::set<std::uint16_t> by_secret;
  std::set<std::uint16_t> by_destination;
  const auto first_port = [](std::uint64_t seed, std::uint16_t foreign_port) {
    tables t({}, seed);
    const auto sk = t.make_sock({client, server, 0, foreign_port});
    EXPECT_EQ(t.info.inet_hash_connect(*sk, nullptr), 0);
    const std::uint16_t port = sk->skc_tuple.local_port;
    t.info.inet_unhash(*sk);
    t.info.inet_put_port(*sk);
    return port;
  };
  for (std::uint16_t i = 1; i <= 100; ++i) {
    by_secret.insert(first_port(i, 80));
    by_destination.insert(first_port(1, i));
  }
  EXPECT_EQ(first_port(1, 80), first_port(1, 80));
  EXPECT_GT(by_secret.size(), 95U);
  EXPECT_GT(by_destination.size(), 95U);
}

// Offsets are remembered; what shares a place with another destination's must not take that for its own.
TEST_F(connect_test, the_offset_of_a_destination_is_its_own_whoever_was_connected_to_before) {
  const auto port_to = [](std::uint16_t foreign_port, bool after_another) {
    tables t({}, 1);
    std::vector<sock_reference<test_sock>> socks;
    const auto connect_to = [&](std::uint16_t port) {
      socks.push_back(t.make_sock({client, server, 0, port}));
      EXPECT_EQ(t.info.inet_hash_connect(*socks.back(), nullptr), 0);
      return socks.back()->skc_tuple.local_port;
    };
    if (after_another) connect_to(80);
    const std::uint16_t result = connect_to(foreign_port);
    for (const auto& sk : socks) {
      t.info.inet_unhash(*sk);
      t.info.inet_put_port(*sk);
    }
    return result;
  };
  int same = 0;
  for (std::uint16_t i = 1; i <= 50; ++i) {
    const auto foreign_port = static_cast<std::uint16_t>(80 + 256 * i);
    same += port_to(foreign_port, true) == port_to(foreign_port, false) ? 1 : 0;
  }
  // One in 256 shares the count of ports as well.
  EXPECT_GE(same, 48);
}

TEST_F(connect_test, a_connection_in_time_wait_keeps_its_tuple_and_port) {
  const auto [sk, error] = connect(server, 80);
  ASSERT_EQ(error, 0);
  const packet::connection_tuple tuple = sk->skc_tuple;
  const auto tw = time_wait(*sk);
  EXPECT_EQ(t_.info.inet_lookup_established(tuple).get(), tw.get());
  EXPECT_EQ(tw->tw_tb(), t_.info.bhash().find(tuple.local_port));
  EXPECT_EQ(tw->tw_tb()->num_owners, 1U);
  EXPECT_FALSE(sk->hashed());
  t_.info.inet_twsk_unhash(*tw);
  EXPECT_FALSE(t_.info.inet_lookup_established(tuple));
  EXPECT_EQ(t_.info.bhash().find(tuple.local_port), nullptr);
  EXPECT_EQ(tw->refcnt(), 1U);
}

TEST_F(connect_test, a_tuple_in_time_wait_is_free_if_the_protocol_says_so) {
  tables t({.local_port_low = 5000, .local_port_high = 5000});
  const packet::connection_tuple tuple{client, server, 5000, 80};
  const auto make = [&] { return t.make_sock({client, server, 0, 80}); };
  const auto sk = make();
  ASSERT_EQ(t.info.inet_hash_connect(*sk, nullptr), 0);
  const auto tw = t.make_timewait(tuple);
  t.info.inet_twsk_hashdance(*tw, *sk);
  t.info.inet_put_port(*sk);

  scripted_reuse reuse;
  const auto next = make();
  EXPECT_EQ(t.info.inet_hash_connect(*next, nullptr), -EADDRNOTAVAIL);
  reuse.answer = false;
  EXPECT_EQ(t.info.inet_hash_connect(*next, &reuse), -EADDRNOTAVAIL);
  EXPECT_EQ(reuse.asked, tw.get());
  EXPECT_FALSE(reuse.asked_of_chosen_port);
  EXPECT_EQ(reuse.descheduled, nullptr);
  EXPECT_TRUE(tw->hashed());

  reuse.answer = true;
  EXPECT_EQ(t.info.inet_hash_connect(*next, &reuse), 0);
  EXPECT_EQ(reuse.descheduled, tw.get());
  EXPECT_FALSE(tw->hashed());
  EXPECT_EQ(tw->tw_tb(), nullptr);
  EXPECT_EQ(t.info.inet_lookup_established(tuple).get(), next.get());
  EXPECT_EQ(next->icsk_bind_hash()->num_owners, 1U);
  t.info.inet_unhash(*next);
  t.info.inet_put_port(*next);
}

}  // namespace
}  // namespace fourtuple::sock
