// SPDX-License-Identifier: Apache-2.0
// Opening connections: both sides, refusals, timeouts, queues that are full, lost segments.
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
constexpr int syn_sent = 2;
constexpr int closed = 7;

TEST(tcp_handshake, two_stacks_connect) {
  virtual_network network;
  const connected_pair pair = connect_pair(network);
  EXPECT_EQ(pair.client.state(), established);
  EXPECT_EQ(pair.server.state(), established);
  EXPECT_EQ(network.counter(0, "TcpActiveOpens"), 1U);
  EXPECT_EQ(network.counter(1, "TcpPassiveOpens"), 1U);
  EXPECT_EQ(network.counter(0, "TcpCurrEstab"), 1U);
  const auto local = network.tcp(0).local_endpoint(pair.client.sk());
  const auto peer = network.tcp(1).peer_endpoint(pair.server.sk());
  EXPECT_EQ(local.port, peer.port);
  EXPECT_EQ(local.address, peer.address);
  EXPECT_EQ(network.tcp(1).local_endpoint(pair.server.sk()).port, 2222);
}

TEST(tcp_handshake, request_is_replaced_by_its_child_in_ehash) {
  scripted_peer peer;
  const endpoint listener = peer.listen();
  peer.send("S 0:0(0) win 65535 <mss 1460>");
  peer.expect("S. 0:0(0) ack 1 <...>");
  EXPECT_EQ(peer.network().host(0).hashinfo().ehash().size(), 1U);
  int error = 0;
  EXPECT_EQ(peer.tcp().accept(listener.sk(), error), nullptr);
  EXPECT_EQ(error, -EAGAIN);
  peer.send(". 1:1(0) ack 1 win 65535");
  EXPECT_EQ(peer.network().host(0).hashinfo().ehash().size(), 1U);
  EXPECT_EQ(listener.poll() & EPOLLIN, EPOLLIN);
  EXPECT_NE(peer.tcp().accept(listener.sk(), error), nullptr);
}

TEST(tcp_handshake, lost_syn_and_lost_synack_are_repeated) {
  for (int from = 0; from < 2; ++from) {
    virtual_network network;
    int drops = 2;
    network.wire().set_filter([&](int end, const captured_segment* s) {
      fate f;
      f.drop = s != nullptr && end == from && s->header.flags.syn && drops-- > 0;
      return f;
    });
    const connected_pair pair = connect_pair(network);
    EXPECT_EQ(pair.client.state(), established);
    EXPECT_EQ(transfer(network, pair.client, pair.server, 10'000), "");
  }
}

TEST(tcp_handshake, lost_final_ack_is_made_good_by_data) {
  virtual_network network;
  bool dropped = false;
  network.wire().set_filter([&](int end, const captured_segment* s) {
    fate f;
    if (s != nullptr && end == 0 && !s->header.flags.syn && !dropped) f.drop = dropped = true;
    return f;
  });
  const connected_pair pair = connect_pair(network);
  EXPECT_TRUE(dropped);
  EXPECT_EQ(transfer(network, pair.client, pair.server, 1000), "");
}

TEST(tcp_handshake, refused) {
  virtual_network network;
  tcp::tcp_sock& sk = network.tcp(0).create();
  EXPECT_EQ(network.tcp(0).connect(sk, address_of_end[1], 9), -EINPROGRESS);
  EXPECT_EQ(network.tcp(0).connect(sk, address_of_end[1], 9), -EALREADY);
  network.run_for_ms(50);
  const endpoint client{network, 0, sk};
  EXPECT_EQ(client.state(), closed);
  EXPECT_EQ(client.get(SOL_SOCKET, SO_ERROR), ECONNREFUSED);
  EXPECT_EQ(network.tcp(0).connect(sk, address_of_end[1], 9), -ECONNABORTED);
  EXPECT_EQ(network.counter(1, "TcpOutRsts"), 1U);
  EXPECT_EQ(network.counter(0, "TcpAttemptFails"), 1U);
}

TEST(tcp_handshake, refused_connect_reports_the_error_itself) {
  virtual_network network;
  tcp::tcp_sock& sk = network.tcp(0).create();
  EXPECT_EQ(network.tcp(0).connect(sk, address_of_end[1], 9), -EINPROGRESS);
  network.run_for_ms(50);
  EXPECT_EQ(network.tcp(0).connect(sk, address_of_end[1], 9), -ECONNREFUSED);
}

TEST(tcp_handshake, no_answer_times_out) {
  virtual_network network;
  network.wire().set_filter([](int, const captured_segment* s) { return fate{.drop = s != nullptr}; });
  tcp::tcp_sock& sk = network.tcp(0).create();
  EXPECT_EQ(network.tcp(0).connect(sk, address_of_end[1], 9), -EINPROGRESS);
  const endpoint client{network, 0, sk};
  network.run_for_ms(66'000);
  EXPECT_EQ(client.state(), syn_sent);
  network.run_for_ms(2'000);
  EXPECT_EQ(client.state(), closed);
  EXPECT_EQ(network.tcp(0).connect(sk, address_of_end[1], 9), -ETIMEDOUT);
  EXPECT_EQ(network.counter(0, "TcpExtTCPAbortOnTimeout"), 1U);
}

TEST(tcp_handshake, simultaneous_open) {
  scripted_peer peer;
  tcp::tcp_sock& sk = peer.tcp().create();
  ASSERT_EQ(peer.tcp().bind(sk, {}, 8080), 0);
  ASSERT_EQ(peer.tcp().connect(sk, address_of_end[1], 40000), -EINPROGRESS);
  peer.expect("S 0:0(0) <...>");
  peer.send("S 0:0(0) win 65535 <mss 1460>");
  peer.expect("S. 0:0(0) ack 1 <...>");
  peer.send(". 1:1(0) ack 1 win 65535");
  EXPECT_EQ(peer.tcp().state(sk), established);
  const endpoint client{peer.network(), 0, sk};
  EXPECT_EQ(client.write("hello"), 5);
  peer.expect("P. 1:6(5) ack 1");
}

TEST(tcp_handshake, reset_of_a_request_forgets_it) {
  scripted_peer peer;
  static_cast<void>(peer.listen());
  peer.send("S 0:0(0) win 65535 <mss 1460>");
  peer.expect("S. 0:0(0) ack 1 <...>");
  peer.send("R 1:1(0)");
  EXPECT_EQ(peer.network().host(0).hashinfo().ehash().size(), 0U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtEmbryonicRsts"), 1U);
  peer.expect_silence(100);
}

TEST(tcp_handshake, wrong_ack_to_a_request_is_reset) {
  scripted_peer peer;
  static_cast<void>(peer.listen());
  peer.send("S 0:0(0) win 65535 <mss 1460>");
  peer.expect("S. 0:0(0) ack 1 <...>");
  peer.send(". 1:1(0) ack 77 win 65535");
  peer.expect("R 77:77(0) win 0");
}

TEST(tcp_handshake, full_syn_queue_drops_and_counts) {
  network_settings settings = scripted_peer::default_settings();
  settings.host[0].tcp.tcp_syncookies = 0;
  scripted_peer peer{settings};
  static_cast<void>(peer.listen(8080, 3));
  for (std::uint16_t i = 0; i < 5; ++i) {
    peer.set_ports(static_cast<std::uint16_t>(40000 + i), 8080);
    peer.send("S 0:0(0) win 65535 <mss 1460>");
  }
  EXPECT_EQ(peer.network().host(0).hashinfo().ehash().size(), 3U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPReqQFullDrop"), 2U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtListenDrops"), 2U);
}

TEST(tcp_handshake, closing_the_listener_resets_what_nobody_accepted) {
  virtual_network network;
  tcp::tcp_sock& listener = network.tcp(1).create();
  ASSERT_EQ(network.tcp(1).bind(listener, {}, 2222), 0);
  ASSERT_EQ(network.tcp(1).listen(listener, 4), 0);
  tcp::tcp_sock& sk = network.tcp(0).create();
  ASSERT_EQ(network.tcp(0).connect(sk, address_of_end[1], 2222), -EINPROGRESS);
  network.run_for_ms(50);
  EXPECT_EQ(network.tcp(0).state(sk), established);
  network.tcp(1).close(listener);
  network.run_for_ms(50);
  EXPECT_EQ(network.tcp(0).state(sk), closed);
  EXPECT_EQ(network.host(1).hashinfo().ehash().size(), 0U);
  EXPECT_EQ(network.host(1).hashinfo().bhash().find(2222), nullptr);
}

TEST(tcp_handshake, bind_and_listen_errors) {
  virtual_network network;
  auto& tcp = network.tcp(0);
  tcp::tcp_sock& a = tcp.create();
  EXPECT_EQ(tcp.bind(a, {0x01020304}, 80), -EADDRNOTAVAIL);
  EXPECT_EQ(tcp.bind(a, {}, 80), 0);
  EXPECT_EQ(tcp.bind(a, {}, 81), -EINVAL);
  tcp::tcp_sock& b = tcp.create();
  EXPECT_EQ(tcp.bind(b, {}, 80), -EADDRINUSE);
  EXPECT_EQ(tcp.listen(a, 1), 0);
  EXPECT_EQ(tcp.connect(a, address_of_end[1], 1), -EISCONN);
  int error = 0;
  EXPECT_EQ(tcp.accept(b, error), nullptr);
  EXPECT_EQ(error, -EINVAL);
  tcp::tcp_sock& c = tcp.create();
  EXPECT_EQ(tcp.connect(c, {0x08080808}, 80), -ENETUNREACH);
}

}  // namespace
}  // namespace fourtuple::support
