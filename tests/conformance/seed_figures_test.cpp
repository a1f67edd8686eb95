// SPDX-License-Identifier: Apache-2.0
// What each socket table of Linux holds at each step of a passive and an active open, on two stacks over a wire: which
// socks there are, in which state and with which of Linux's state numbers, and what points to what.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

#include "host/sock/inet_hashinfo.hpp"
#include "host/sock/tables_drawing.hpp"
#include "host/sock/tables_snapshot.hpp"
#include "host/tcp/tcp.hpp"
#include "tests/support/virtual_network.hpp"

namespace fourtuple {
namespace {

using sock::sock_kind;
using sock::tables_snapshot;
using sock::tcp_state;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int client = 0;
constexpr int server = 1;
constexpr std::uint16_t server_port = 2222;
constexpr std::uint16_t client_port = 44404;

/// A listener on port 2222 of the server, and a client that connects from port 44404.
class seed_figures : public testing::Test {
 protected:
  seed_figures() : listener_(network_.tcp(server).create()), opener_(network_.tcp(client).create()) {}

  [[nodiscard]] tables_snapshot tables(int host) { return sock::take_tables_snapshot(network_.host(host).hashinfo()); }
  [[nodiscard]] int state(int host, tcp::tcp_sock& sk) { return network_.tcp(host).state(sk); }

  void bind_and_listen() {
    ASSERT_EQ(network_.tcp(server).bind(listener_, {}, server_port), 0);
    ASSERT_EQ(network_.tcp(server).listen(listener_, 8), 0);
  }
  void connect() {
    ASSERT_EQ(network_.tcp(client).bind(opener_, {}, client_port), 0);
    ASSERT_EQ(network_.tcp(client).connect(opener_, support::address_of_end[server], server_port), -EINPROGRESS);
  }
  void until_the_syn_has_come() {
    ASSERT_TRUE(network_.run_until([this] { return !tables(server).ehash.empty(); }));
  }
  void until_the_ack_has_come() {
    ASSERT_TRUE(network_.run_until([this] {
      const auto t = tables(server);
      return !t.ehash.empty() && t.socks[t.ehash[0].socks[0]].kind == sock_kind::full;
    }));
  }
  /// All of the above, and accept(); both ends are then established.
  tcp::tcp_sock& accepted() {
    bind_and_listen();
    connect();
    until_the_ack_has_come();
    int error = 0;
    tcp::tcp_sock* child = network_.tcp(server).accept(listener_, error);
    if (child == nullptr) throw std::runtime_error("accept: " + std::to_string(error));
    return *child;
  }

  /// The connection as the server's tables name it.
  [[nodiscard]] static packet::connection_tuple tuple_at(int host) {
    const int peer = 1 - host;
    return {support::address_of_end[host], support::address_of_end[peer], host == server ? server_port : client_port,
            host == server ? client_port : server_port};
  }
  [[nodiscard]] std::uint32_t ehash_index(int host) {
    const auto& info = network_.host(host).hashinfo();
    return info.inet_ehashfn(tuple_at(host)) & info.ehash().ehash_mask();
  }
  /// The only bucket of bhash in use is 174, for port 2222.
  void expect_bind_bucket(const tables_snapshot& t, std::uint32_t num_owners) {
    EXPECT_EQ(t.bhash_size, 1024U);
    ASSERT_EQ(t.bhash.size(), 1U);
    EXPECT_EQ(t.bhash[0].index, 174U);
    EXPECT_EQ(t.bhash[0].port, 2222);
    EXPECT_EQ(t.bhash[0].num_owners, num_owners);
    EXPECT_EQ(t.bhash[0].owners.size(), num_owners);
    for (const auto owner : t.bhash[0].owners) EXPECT_EQ(t.socks[owner].bind_port, 2222) << "points back";
  }
  /// The only listener is sock `number`, in its bucket of the 32.
  void expect_listener(const tables_snapshot& t, tables_snapshot::sock_number number) {
    EXPECT_EQ(t.listening_hash_size, 32U);
    ASSERT_EQ(t.listening_hash.size(), 1U);
    EXPECT_EQ(t.listening_hash[0].index, 2222U % 32);
    EXPECT_THAT(t.listening_hash[0].socks, ElementsAre(number));
    EXPECT_EQ(t.socks[number].state, tcp_state::listen);
  }
  /// The only sock in ehash is `number`, in the bucket of its hash.
  void expect_in_ehash(int host, const tables_snapshot& t, tables_snapshot::sock_number number) {
    EXPECT_EQ(t.ehash_size, 1024U);
    ASSERT_EQ(t.ehash.size(), 1U);
    EXPECT_EQ(t.ehash[0].index, ehash_index(host));
    EXPECT_THAT(t.ehash[0].socks, ElementsAre(number));
    EXPECT_EQ(t.socks[number].tuple, tuple_at(host));
  }

  support::virtual_network network_;
  tcp::tcp_sock& listener_;
  tcp::tcp_sock& opener_;
};

TEST_F(seed_figures, bhash_after_bind_and_listen) {
  EXPECT_EQ(state(server, listener_), 7);
  bind_and_listen();
  EXPECT_EQ(state(server, listener_), 10);
  const auto t = tables(server);
  ASSERT_EQ(t.socks.size(), 1U);
  expect_bind_bucket(t, 1);
  expect_listener(t, 0);
  EXPECT_THAT(t.ehash, IsEmpty());
}

TEST_F(seed_figures, bhash_after_bind_alone_has_no_listener) {
  ASSERT_EQ(network_.tcp(server).bind(listener_, {}, server_port), 0);
  const auto t = tables(server);
  expect_bind_bucket(t, 1);
  EXPECT_THAT(t.listening_hash, IsEmpty());
}

TEST_F(seed_figures, syn_after_a_syn) {
  bind_and_listen();
  connect();
  until_the_syn_has_come();
  const auto t = tables(server);
  ASSERT_EQ(t.socks.size(), 2U) << "no second tcp_sock";
  expect_bind_bucket(t, 1);
  expect_listener(t, 0);
  expect_in_ehash(server, t, 1);
  EXPECT_EQ(t.socks[1].kind, sock_kind::request);
  EXPECT_EQ(t.socks[1].state, tcp_state::new_syn_recv);
  EXPECT_EQ(static_cast<int>(t.socks[1].state), 12);
  EXPECT_EQ(t.socks[1].rsk_listener, 0U);
  EXPECT_EQ(t.socks[1].child, std::nullopt);
  EXPECT_EQ(t.socks[0].qlen, 1U);
  EXPECT_EQ(t.socks[0].sk_ack_backlog, 0U);
  EXPECT_EQ(state(server, listener_), 10) << "the listener stays";
  EXPECT_EQ(state(client, opener_), 2);
}

TEST_F(seed_figures, ack_after_the_ack_before_accept) {
  bind_and_listen();
  connect();
  until_the_ack_has_come();
  const auto t = tables(server);
  ASSERT_EQ(t.socks.size(), 3U);
  expect_bind_bucket(t, 2);
  // Owners come latest first: the child is 0, the listener 1; the request follows by the accept queue.
  expect_in_ehash(server, t, 0);
  EXPECT_EQ(t.socks[0].kind, sock_kind::full);
  EXPECT_EQ(t.socks[0].state, tcp_state::established);
  expect_listener(t, 1);
  EXPECT_THAT(t.socks[1].accept_queue, ElementsAre(2));
  EXPECT_EQ(t.socks[1].sk_ack_backlog, 1U);
  EXPECT_EQ(t.socks[1].qlen, 0U);
  EXPECT_EQ(t.socks[2].kind, sock_kind::request);
  EXPECT_EQ(t.socks[2].state, tcp_state::new_syn_recv);
  EXPECT_EQ(t.socks[2].rsk_listener, 1U);
  EXPECT_EQ(t.socks[2].child, 0U);
  EXPECT_EQ(state(client, opener_), 1);
}

TEST_F(seed_figures, after_accept_the_request_is_gone) {
  tcp::tcp_sock& child = accepted();
  const auto t = tables(server);
  ASSERT_EQ(t.socks.size(), 2U);
  expect_bind_bucket(t, 2);
  expect_in_ehash(server, t, 0);
  expect_listener(t, 1);
  EXPECT_THAT(t.socks[1].accept_queue, IsEmpty());
  EXPECT_EQ(t.socks[1].sk_ack_backlog, 0U);
  EXPECT_EQ(state(server, child), 1);
  int error = 0;
  EXPECT_EQ(network_.tcp(server).accept(listener_, error), nullptr);
  EXPECT_EQ(error, -EAGAIN);
}

TEST_F(seed_figures, ehash_after_connect) {
  connect();
  const auto t = tables(client);
  ASSERT_EQ(t.bhash.size(), 1U);
  EXPECT_EQ(t.bhash[0].index, 372U);
  EXPECT_EQ(t.bhash[0].port, 44404);
  EXPECT_EQ(t.bhash[0].num_owners, 1U);
  EXPECT_THAT(t.bhash[0].owners, ElementsAre(0));
  ASSERT_EQ(t.socks.size(), 1U);
  EXPECT_EQ(t.socks[0].bind_port, 44404) << "points back";
  EXPECT_EQ(t.socks[0].state, tcp_state::syn_sent);
  expect_in_ehash(client, t, 0);
  EXPECT_THAT(t.listening_hash, IsEmpty()) << "all 32 are empty";
}

TEST_F(seed_figures, the_picture_of_a_live_stack_says_the_same) {
  bind_and_listen();
  connect();
  until_the_ack_has_come();
  const std::string dot = sock::to_dot(tables(server));
  for (const char* part : {"bhash:b174 -> tb2222:tb_node", "tb2222:owners -> sk0:sk_bind_node",
                           "sk0:bind_hash -> tb2222:self", "sk1:sk_accept_queue -> sk2:dl_next",
                           "sk2:rsk_listener -> sk1:self", "sk2:sk -> sk0:self", "num_owners\\ =\\ 2"})
    EXPECT_THAT(dot, HasSubstr(part));
  EXPECT_THAT(dot, HasSubstr("ehash:b" + std::to_string(ehash_index(server)) + " -> sk0:sk_nulls_node"));
}

TEST_F(seed_figures, states_of_a_close_have_linux_numbers) {
  tcp::tcp_sock& child = accepted();
  ASSERT_EQ(network_.tcp(client).shutdown(opener_, SHUT_WR), 0);
  EXPECT_EQ(state(client, opener_), 4);  // FIN_WAIT1
  ASSERT_TRUE(network_.run_until([&] { return state(client, opener_) != 4; }));
  EXPECT_EQ(state(client, opener_), 5);  // FIN_WAIT2
  EXPECT_EQ(state(server, child), 8);    // CLOSE_WAIT
  ASSERT_EQ(network_.tcp(server).shutdown(child, SHUT_WR), 0);
  EXPECT_EQ(state(server, child), 9);  // LAST_ACK
  ASSERT_TRUE(network_.run_until([&] { return state(server, child) != 9; }));
  EXPECT_EQ(state(server, child), 7);  // CLOSE

  // The client's sock has given its place to a tcp_timewait_sock, which keeps the port.
  const auto t = tables(client);
  expect_in_ehash(client, t, t.ehash.at(0).socks.at(0));
  const auto& tw = t.socks[t.ehash.at(0).socks.at(0)];
  EXPECT_EQ(tw.kind, sock_kind::timewait);
  EXPECT_EQ(static_cast<int>(tw.state), 6);
  EXPECT_EQ(tw.bind_port, client_port);
}

TEST_F(seed_figures, a_simultaneous_close_goes_through_closing) {
  tcp::tcp_sock& child = accepted();
  ASSERT_EQ(network_.tcp(client).shutdown(opener_, SHUT_WR), 0);
  ASSERT_EQ(network_.tcp(server).shutdown(child, SHUT_WR), 0);
  ASSERT_TRUE(network_.run_until([&] { return state(client, opener_) != 4; }));
  EXPECT_EQ(state(client, opener_), 11);
  ASSERT_TRUE(network_.run_until([&] { return tables(client).ehash.empty() && tables(server).ehash.empty(); }, 120'000))
      << "both leave TIME_WAIT in the end";
}

}  // namespace
}  // namespace fourtuple
