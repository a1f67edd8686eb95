// SPDX-License-Identifier: Apache-2.0
// bind and listen at the tables: where a port lands, who may share it, what an unnamed port is, and that a bucket lives
// from its first owner to its last.
#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "tests/unit/sock/test_socks.hpp"

namespace fourtuple::sock {
namespace {

TEST(bind_table, has_a_port_at_its_number_modulo_the_size) {
  const bind_table table(1024);
  EXPECT_EQ(table.index_of(2222), 174U);
  EXPECT_EQ(table.index_of(44404), 372U);
  EXPECT_EQ(bind_table(1000).size(), 1024U);
}

TEST(bind_table, keeps_a_bucket_from_its_first_owner_to_its_last) {
  tables t;
  bind_table table(2);
  const auto a = t.make_sock();
  const auto b = t.make_sock();
  const auto c = t.make_sock();
  inet_bind_bucket* bucket = table.create(80);
  table.add_owner(*bucket, a->skc_bind_node);
  table.add_owner(*bucket, b->skc_bind_node);
  table.add_owner(*table.create(82), c->skc_bind_node);
  EXPECT_EQ(table.find(80), bucket);
  EXPECT_EQ(a->icsk_bind_hash(), bucket);
  EXPECT_EQ(bucket->num_owners, 2U);
  EXPECT_EQ(&bucket->owners->sk(), b.get());
  table.remove_owner(b->skc_bind_node);
  EXPECT_EQ(&bucket->owners->sk(), a.get());
  EXPECT_EQ(b->icsk_bind_hash(), nullptr);
  table.remove_owner(b->skc_bind_node);
  EXPECT_EQ(bucket->num_owners, 1U);
  table.remove_owner(a->skc_bind_node);
  EXPECT_EQ(table.find(80), nullptr);
  EXPECT_NE(table.find(82), nullptr);
  table.remove_owner(c->skc_bind_node);
  EXPECT_EQ(table.chain(0), nullptr);
}

struct options {
  bool reuse = false;
  bool reuseport = false;
  std::uint32_t uid = 0;
  bool listens = false;
};

class bind_test : public testing::Test {
 protected:
  ~bind_test() override {
    for (auto& sk : socks_) {
      t_.info.inet_unhash(*sk);
      t_.info.inet_put_port(*sk);
    }
  }
  /// A sock that has tried to bind, and the result of that.
  std::pair<test_sock*, int> bind(std::uint16_t port, const options& o = {}, packet::ipv4_address local = any_address) {
    socks_.push_back(t_.make_sock());
    test_sock& sk = *socks_.back();
    sk.skc_tuple.local = local;
    sk.skc_reuse = o.reuse;
    sk.skc_reuseport = o.reuseport;
    sk.sk_uid = o.uid;
    int error = t_.info.inet_csk_get_port(sk, port);
    if (error == 0 && o.listens) error = listen(sk);
    return {&sk, error};
  }
  /// Linux: inet_csk_listen_start.
  int listen(test_sock& sk) {
    sk.skc_state = tcp_state::listen;
    const int error = t_.info.inet_csk_get_port(sk, sk.skc_tuple.local_port);
    if (error == 0) {
      t_.info.inet_hash(sk);
    } else {
      sk.skc_state = tcp_state::close;
    }
    return error;
  }

  tables t_{{.local_port_low = 40000, .local_port_high = 40007}};
  std::vector<sock_reference<test_sock>> socks_;
};

TEST_F(bind_test, a_port_has_one_owner_by_default) {
  const auto [sk, error] = bind(2222);
  EXPECT_EQ(error, 0);
  EXPECT_EQ(sk->skc_tuple.local_port, 2222);
  EXPECT_EQ(bind(2222).second, -EADDRINUSE);
  EXPECT_EQ(bind(2223).second, 0);
  t_.info.inet_put_port(*sk);
  EXPECT_EQ(sk->skc_tuple.local_port, 0);
  EXPECT_EQ(bind(2222).second, 0);
}

TEST_F(bind_test, different_addresses_share_a_port_but_not_with_any) {
  EXPECT_EQ(bind(80, {}, server).second, 0);
  EXPECT_EQ(bind(80, {}, client).second, 0);
  EXPECT_EQ(bind(80, {}, client).second, -EADDRINUSE);
  EXPECT_EQ(bind(80, {}, any_address).second, -EADDRINUSE);
}

TEST_F(bind_test, reuseaddr_shares_until_somebody_listens) {
  const auto [first, first_error] = bind(80, {.reuse = true});
  EXPECT_EQ(first_error, 0);
  const auto [second, second_error] = bind(80, {.reuse = true});
  EXPECT_EQ(second_error, 0);
  EXPECT_EQ(bind(80).second, -EADDRINUSE) << "the new one must have it as well";
  EXPECT_EQ(listen(*first), 0);
  EXPECT_EQ(listen(*second), -EADDRINUSE) << "listen checks the port again";
  EXPECT_EQ(second->skc_state, tcp_state::close);
  EXPECT_EQ(bind(80, {.reuse = true}).second, -EADDRINUSE);
}

TEST_F(bind_test, reuseaddr_lets_a_listener_come_back_while_its_connections_live) {
  const auto [listener, error] = bind(80, {.reuse = true, .listens = true});
  ASSERT_EQ(error, 0);
  socks_.push_back(t_.make_sock({server, client, 80, 4000}));
  test_sock& child = *socks_.back();
  child.skc_reuse = true;
  child.skc_state = tcp_state::established;
  EXPECT_EQ(t_.info.inet_inherit_port(*listener, child), 0);
  EXPECT_EQ(child.icsk_bind_hash(), listener->icsk_bind_hash());
  EXPECT_EQ(child.icsk_bind_hash()->num_owners, 2U);
  t_.info.inet_unhash(*listener);
  listener->skc_state = tcp_state::close;
  t_.info.inet_put_port(*listener);
  EXPECT_EQ(t_.info.inet_inherit_port(*listener, child), -ENOENT);
  EXPECT_EQ(bind(80).second, -EADDRINUSE);
  EXPECT_EQ(bind(80, {.reuse = true, .listens = true}).second, 0);
}

TEST_F(bind_test, reuseport_shares_among_sockets_of_one_user) {
  EXPECT_EQ(bind(80, {.reuseport = true, .uid = 7, .listens = true}).second, 0);
  EXPECT_EQ(bind(80, {.reuseport = true, .uid = 7, .listens = true}).second, 0);
  EXPECT_EQ(bind(80, {.reuseport = true, .uid = 8}).second, -EADDRINUSE);
  EXPECT_EQ(bind(80, {.reuse = true, .uid = 7}).second, -EADDRINUSE);
  EXPECT_EQ(bind(80, {.reuseport = true, .uid = 7, .listens = true}, server).second, 0);
}

TEST_F(bind_test, reuseport_is_not_remembered_beyond_an_owner_without_it) {
  EXPECT_EQ(bind(80, {.reuseport = true}, server).second, 0);
  EXPECT_EQ(bind(80, {}, client).second, 0);
  EXPECT_EQ(bind(80, {.reuseport = true}, server).second, 0);
  EXPECT_EQ(bind(80, {.reuseport = true}, client).second, -EADDRINUSE);
  EXPECT_EQ(bind(80, {.reuseport = true}, any_address).second, -EADDRINUSE);
}

TEST_F(bind_test, an_unnamed_port_is_a_free_one_of_the_range_odd_ones_first) {
  std::set<std::uint16_t> ports;
  for (int i = 0; i < 8; ++i) {
    const auto [sk, error] = bind(0);
    ASSERT_EQ(error, 0);
    const std::uint16_t port = sk->skc_tuple.local_port;
    EXPECT_TRUE(port >= 40000 && port <= 40007) << port;
    EXPECT_EQ(port % 2, i < 4 ? 1 : 0);
    EXPECT_TRUE(ports.insert(port).second);
  }
  const auto [late, error] = bind(0);
  EXPECT_EQ(error, -EADDRINUSE);
  EXPECT_EQ(late->skc_tuple.local_port, 0);
  EXPECT_EQ(late->icsk_bind_hash(), nullptr);
}

TEST_F(bind_test, an_unnamed_port_with_reuseaddr_comes_from_the_lower_half_first) {
  for (int i = 0; i < 4; ++i) EXPECT_LT(bind(0, {.reuse = true}).first->skc_tuple.local_port, 40004);
  EXPECT_GE(bind(0, {.reuse = true}).first->skc_tuple.local_port, 40004);
}

TEST_F(bind_test, an_unnamed_port_is_shared_only_with_autobind_reuse) {
  tables strict({.local_port_low = 5000, .local_port_high = 5000});
  tables relaxed({.local_port_low = 5000, .local_port_high = 5000, .autobind_reuse = true});
  for (tables* t : {&strict, &relaxed}) {
    const auto first = t->make_sock();
    const auto second = t->make_sock();
    first->skc_reuse = second->skc_reuse = true;
    EXPECT_EQ(t->info.inet_csk_get_port(*first, 0), 0);
    EXPECT_EQ(t->info.inet_csk_get_port(*second, 0), t == &relaxed ? 0 : -EADDRINUSE);
    t->info.inet_put_port(*first);
    t->info.inet_put_port(*second);
  }
}

TEST_F(bind_test, a_range_that_is_upside_down_is_turned) {
  tables t({.local_port_low = 6001, .local_port_high = 6000});
  const auto sk = t.make_sock();
  EXPECT_EQ(t.info.inet_csk_get_port(*sk, 0), 0);
  EXPECT_GE(sk->skc_tuple.local_port, 6000);
  t.info.inet_put_port(*sk);
}

class listener_test : public bind_test {
 protected:
  [[nodiscard]] test_sock* lookup(packet::ipv4_address local, std::uint16_t local_port,
                                  std::uint16_t foreign_port = 1) {
    return static_cast<test_sock*>(t_.info.inet_lookup_listener({local, client, local_port, foreign_port}).get());
  }
};

TEST_F(listener_test, a_listener_on_the_address_goes_before_one_on_any) {
  const auto [any, any_error] = bind(80, {.reuseport = true, .listens = true});
  const auto [exact, exact_error] = bind(80, {.reuseport = true, .listens = true}, server);
  const auto [elsewhere, elsewhere_error] = bind(80 + 32, {.listens = true});
  ASSERT_EQ(any_error + exact_error + elsewhere_error, 0);
  EXPECT_EQ(lookup(server, 80), exact);
  EXPECT_EQ(lookup(client, 80), any);
  EXPECT_EQ(lookup(server, 112), elsewhere);
  EXPECT_EQ(lookup(server, 144), nullptr);
  EXPECT_EQ(any->refcnt(), 2U) << "one of the table's, one of the test's";
  EXPECT_TRUE(t_.info.inet_unhash(*exact));
  EXPECT_FALSE(t_.info.inet_unhash(*exact));
  EXPECT_EQ(lookup(server, 80), any);
}

TEST_F(listener_test, a_reuseport_group_shares_by_hash_and_stays_true_to_a_connection) {
  std::map<test_sock*, int> chosen;
  for (int i = 0; i < 4; ++i) chosen[bind(80, {.reuseport = true, .listens = true}).first] = 0;
  for (std::uint16_t port = 1; port <= 4000; ++port) {
    test_sock* sk = lookup(server, 80, port);
    ASSERT_EQ(lookup(server, 80, port), sk);
    ++chosen.at(sk);
  }
  for (const auto& [sk, count] : chosen) EXPECT_NEAR(count, 1000, 150);
}

TEST_F(listener_test, without_reuseport_the_latest_of_equals_takes_it) {
  const auto [first, first_error] = bind(80, {.reuse = true});
  const auto [second, second_error] = bind(81, {.listens = true});
  ASSERT_EQ(first_error + second_error, 0);
  EXPECT_EQ(lookup(server, 80), nullptr) << "bound is not listening";
  EXPECT_EQ(listen(*first), 0);
  EXPECT_EQ(lookup(server, 80), first);
  EXPECT_EQ(t_.info.listening_hash().bucket(80 % 32).size(), 1U);
}

}  // namespace
}  // namespace fourtuple::sock
