// SPDX-License-Identifier: Apache-2.0
// Ending connections: every order of FINs, resets, TIME_WAIT, orphans, and that nothing is left behind.
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

#include "host/sock/inet_hashinfo.hpp"
#include "tests/support/scripted_peer.hpp"
#include "tests/support/virtual_network.hpp"

namespace fourtuple::support {
namespace {

constexpr int established = 1;
constexpr int fin_wait2 = 5;
constexpr int closed = 7;
constexpr int close_wait = 8;

std::size_t in_ehash(virtual_network& network, int index) { return network.host(index).hashinfo().ehash().size(); }

TEST(tcp_close, one_after_the_other) {
  virtual_network network;
  const connected_pair pair = connect_pair(network);
  EXPECT_EQ(pair.client.write("last words"), 10);
  pair.client.close();
  network.run_for_ms(50);
  EXPECT_EQ(pair.server.state(), close_wait);
  EXPECT_EQ(pair.server.read().text(), "last words");
  EXPECT_EQ(pair.server.read().result, 0);
  pair.server.close();
  network.run_for_ms(50);
  EXPECT_EQ(in_ehash(network, 1), 0U);
  EXPECT_EQ(in_ehash(network, 0), 1U) << "TIME_WAIT";
  EXPECT_EQ(network.counter(0, "TcpExtTW"), 1U);
  network.run_for_ms(60'000);
  EXPECT_EQ(in_ehash(network, 0), 0U);
  EXPECT_EQ(network.counter(0, "TcpCurrEstab"), 0U);
  EXPECT_EQ(network.counter(1, "TcpCurrEstab"), 0U);
  EXPECT_EQ(network.counter(0, "TcpOutRsts") + network.counter(1, "TcpOutRsts"), 0U);
}

TEST(tcp_close, both_at_once) {
  virtual_network network;
  const connected_pair pair = connect_pair(network);
  pair.client.close();
  pair.server.close();
  network.run_for_ms(100);
  EXPECT_EQ(in_ehash(network, 0), 1U);
  EXPECT_EQ(in_ehash(network, 1), 1U);
  EXPECT_EQ(network.counter(0, "TcpExtTW"), 1U);
  EXPECT_EQ(network.counter(1, "TcpExtTW"), 1U);
  network.run_for_ms(61'000);
  EXPECT_EQ(in_ehash(network, 0) + in_ehash(network, 1), 0U);
}

TEST(tcp_close, half_close_lets_the_other_side_go_on) {
  virtual_network network;
  const connected_pair pair = connect_pair(network);
  EXPECT_EQ(pair.client.shutdown(SHUT_WR), 0);
  EXPECT_EQ(pair.client.write("x"), -EPIPE);
  network.run_for_ms(50);
  EXPECT_EQ(pair.client.state(), fin_wait2);
  EXPECT_EQ(transfer(network, pair.server, pair.client, 200'000), "");
  pair.server.close();
  network.run_for_ms(50);
  EXPECT_EQ(pair.client.read().result, 0);
  EXPECT_EQ(pair.client.state(), closed);
  pair.client.close();
}

TEST(tcp_close, fins_survive_loss) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    network_settings settings;
    settings.seed = seed;
    virtual_network network{settings};
    const connected_pair pair = connect_pair(network);
    seeded_random random{seed};
    network.wire().set_filter(
        [&](int, const captured_segment* s) { return fate{.drop = s != nullptr && random.chance(300)}; });
    pair.client.write("to the end");
    pair.client.close();
    const bool done = network.run_until([&] { return pair.server.state() == close_wait; }, 100'000);
    ASSERT_TRUE(done) << seed;
    EXPECT_EQ(pair.server.read().text(), "to the end");
    pair.server.close();
    network.run_for_ms(300'000);
    EXPECT_EQ(in_ehash(network, 0) + in_ehash(network, 1), 0U) << seed;
  }
}

TEST(tcp_close, unread_data_resets) {
  virtual_network network;
  const connected_pair pair = connect_pair(network);
  pair.client.write("unread");
  network.run_for_ms(50);
  pair.server.close();
  network.run_for_ms(50);
  EXPECT_EQ(network.counter(1, "TcpExtTCPAbortOnClose"), 1U);
  EXPECT_EQ(pair.client.read().result, -ECONNRESET);
  EXPECT_EQ(pair.client.read().result, 0);
  EXPECT_EQ(pair.client.write("x"), -EPIPE);
  EXPECT_EQ(pair.client.poll() & (EPOLLHUP | EPOLLRDHUP | EPOLLIN), EPOLLHUP | EPOLLRDHUP | EPOLLIN);
  EXPECT_EQ(in_ehash(network, 0) + in_ehash(network, 1), 0U);
}

TEST(tcp_close, linger_zero_resets) {
  virtual_network network;
  const connected_pair pair = connect_pair(network);
  const linger l{.l_onoff = 1, .l_linger = 0};
  EXPECT_EQ(network.tcp(0).setsockopt(pair.client.sk(), SOL_SOCKET, SO_LINGER, std::as_bytes(std::span{&l, 1})), 0);
  pair.client.close();
  network.run_for_ms(50);
  EXPECT_EQ(pair.server.state(), closed);
  EXPECT_EQ(pair.server.poll() & EPOLLERR, EPOLLERR);
}

TEST(tcp_close, orphan_sends_everything_before_its_fin) {
  virtual_network network;
  const connected_pair pair = connect_pair(network);
  std::size_t written = 0;
  for (;;) {
    const ssize_t n = pair.client.write(pattern(written, 10'000));
    if (n < 0) break;
    written += static_cast<std::size_t>(n);
  }
  ASSERT_GT(written, 100'000U);
  pair.client.close();
  std::size_t read = 0;
  const bool ended = network.run_until([&] {
    for (;;) {
      const auto got = pair.server.read();
      if (got.result < 0) return false;
      if (got.result == 0) return true;
      EXPECT_EQ(got.bytes, pattern(read, got.bytes.size()));
      read += got.bytes.size();
    }
  });
  EXPECT_TRUE(ended);
  EXPECT_EQ(read, written);
}

TEST(tcp_close, orphan_in_fin_wait2_does_not_last) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer();
  server.close();
  peer.expect("F. 1:1(0) ack 1");
  peer.send(". 1:1(0) ack 2 win 65535");
  EXPECT_EQ(in_ehash(peer.network(), 0), 1U);
  peer.expect_silence(59'000);
  EXPECT_EQ(in_ehash(peer.network(), 0), 1U);
  peer.expect_silence(2'000);
  EXPECT_EQ(in_ehash(peer.network(), 0), 0U);
}

TEST(tcp_close, orphan_gives_up_without_answers) {
  virtual_network network;
  const connected_pair pair = connect_pair(network);
  network.wire().set_filter([](int, const captured_segment* s) { return fate{.drop = s != nullptr}; });
  pair.client.close();
  network.run_for_ms(200'000);
  EXPECT_EQ(in_ehash(network, 0), 0U);
  EXPECT_EQ(network.counter(0, "TcpExtTCPAbortOnTimeout"), 1U);
}

TEST(tcp_close, ports_are_given_back) {
  virtual_network network;
  for (int i = 0; i < 50; ++i) {
    const connected_pair pair = connect_pair(network, 2222);
    pair.server.close();
    network.run_for_ms(20);
    pair.client.close();
    pair.listener.close();
    network.run_for_ms(61'000);
    EXPECT_EQ(in_ehash(network, 0) + in_ehash(network, 1), 0U);
    EXPECT_EQ(network.host(1).hashinfo().bhash().find(2222), nullptr);
  }
  EXPECT_EQ(network.counter(1, "TcpPassiveOpens"), 50U);
}

TEST(tcp_close, a_stack_that_goes_away_takes_everything_along) {
  virtual_network network;
  const connected_pair pair = connect_pair(network);
  pair.client.write("in flight");
  tcp::tcp_sock& waiting = network.tcp(0).create();
  EXPECT_EQ(network.tcp(0).connect(waiting, address_of_end[1], 2222), -EINPROGRESS);
  network.run_for_ms(7);
  EXPECT_EQ(pair.client.state(), established);
}

TEST(tcp_close, orphan_whose_peer_sent_its_fin_out_of_order_ends_all_the_same) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer();
  server.close();
  peer.expect("F. 1:1(0) ack 1");
  peer.send("F. 501:501(0) ack 2");  // 500 bytes before it are missing, and never come.
  peer.run_for_ms(59'000);
  EXPECT_EQ(peer.network().host(0).hashinfo().ehash().size(), 1U);
  peer.run_for_ms(2'000);
  EXPECT_EQ(peer.network().host(0).hashinfo().ehash().size(), 0U);
}

}  // namespace
}  // namespace fourtuple::support
