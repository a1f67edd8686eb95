// SPDX-License-Identifier: Apache-2.0
// Limits of what a stack keeps: TIME_WAIT (tcp_max_tw_buckets, tcp_tw_reuse; RFC 6191), orphans (tcp_max_orphans), and
// the two queues of a listener (Linux: ip-sysctl, listen(2)).
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "host/tcp/tcp_sock.hpp"
#include "tests/support/scripted_peer.hpp"

namespace fourtuple::support {
namespace {

/// The client closes first, and so has the TIME_WAIT.
void close_client_first(virtual_network& network, const connected_pair& pair) {
  pair.client.close();
  network.run_for_ms(100);
  pair.server.close();
  network.run_for_ms(100);
}

TEST(time_wait_limit, beyond_it_connections_end_at_once) {
  network_settings settings;
  settings.host[0].tcp.tcp_max_tw_buckets = 2;
  virtual_network network{settings};
  for (std::uint16_t port = 2001; port <= 2002; ++port) {
    close_client_first(network, connect_pair(network, port));
    EXPECT_EQ(network.counter(0, "TcpExtTCPTimeWaitOverflow"), 0U);
  }
  EXPECT_EQ(network.tcp(0).sockstat().tw, 2U);
  const connected_pair third = connect_pair(network, 2003);
  close_client_first(network, third);
  EXPECT_EQ(network.tcp(0).sockstat().tw, 2U);
  EXPECT_EQ(network.counter(0, "TcpExtTCPTimeWaitOverflow"), 1U);
  EXPECT_EQ(network.counter(0, "TcpExtTW"), 2U);
  EXPECT_EQ(network.tcp(0).sockstat().alloc, 0U);
  // There is room again when one is over.
  network.run_for_ms(60'000);
  EXPECT_EQ(network.tcp(0).sockstat().tw, 0U);
  close_client_first(network, connect_pair(network, 2004));
  EXPECT_EQ(network.tcp(0).sockstat().tw, 1U);
}

/// One ephemeral port only, which is in TIME_WAIT afterwards.
network_settings one_port(std::uint32_t tcp_tw_reuse) {
  network_settings settings;
  settings.host[0].tcp.tcp_tw_reuse = tcp_tw_reuse;
  settings.host[0].local_port_range = {40'000, 40'000};
  return settings;
}

int connect_again(virtual_network& network, packet::ipv4_address address = address_of_end[1]) {
  return network.tcp(0).connect(network.tcp(0).create(), address, 2222);
}

TEST(time_wait_reuse, is_for_loopback_only_by_default) {
  EXPECT_EQ(tcp::tcp_config{}.tcp_tw_reuse, 2U);
  virtual_network network{one_port(2)};
  close_client_first(network, connect_pair(network));
  network.run_for_ms(2000);
  EXPECT_EQ(connect_again(network), -EADDRNOTAVAIL);
  network.run_for_ms(60'000);
  EXPECT_EQ(connect_again(network), -EINPROGRESS) << "TIME_WAIT is over";
}

TEST(time_wait_reuse, takes_the_port_after_a_second_if_timestamps_tell_segments_apart) {
  virtual_network network{one_port(1)};
  const connected_pair pair = connect_pair(network);
  const std::uint32_t last_sent = pair.client.sk().snd_nxt;
  close_client_first(network, pair);
  network.run_for_ms(500);
  EXPECT_EQ(connect_again(network), -EADDRNOTAVAIL) << "the timestamp may still be the same";
  network.run_for_ms(1000);
  tcp::tcp_sock& again = network.tcp(0).create();
  EXPECT_EQ(network.tcp(0).connect(again, address_of_end[1], 2222), -EINPROGRESS);
  EXPECT_EQ(network.counter(0, "TcpExtTWRecycled"), 1U);
  EXPECT_EQ(network.tcp(0).sockstat().tw, 0U);
  // RFC 6191: numbers that no old segment can have.
  EXPECT_GT(static_cast<std::int32_t>(again.snd_una - last_sent), 65535);
  EXPECT_TRUE(network.run_until([&] { return network.tcp(0).state(again) == 1; }, 1000));
}

TEST(time_wait_reuse, is_not_for_connections_without_timestamps) {
  network_settings settings = one_port(1);
  settings.host[0].tcp.tcp_timestamps = false;
  virtual_network network{settings};
  close_client_first(network, connect_pair(network));
  network.run_for_ms(2000);
  EXPECT_EQ(connect_again(network), -EADDRNOTAVAIL);
}

TEST(time_wait_reuse, is_off_at_0) {
  virtual_network network{one_port(0)};
  close_client_first(network, connect_pair(network));
  network.run_for_ms(2000);
  EXPECT_EQ(connect_again(network), -EADDRNOTAVAIL);
}

// Linux: __inet_check_established is asked without a place for the port then.
TEST(time_wait_reuse, a_port_that_bind_asked_for_is_taken_at_any_time) {
  network_settings settings;
  settings.host[0].tcp.tcp_tw_reuse = 0;
  virtual_network network{settings};
  const auto connect_from = [&](std::uint16_t port) -> tcp::tcp_sock& {
    tcp::tcp_sock& sk = network.tcp(0).create();
    const endpoint client{network, 0, sk};
    EXPECT_EQ(client.set(SOL_SOCKET, SO_REUSEADDR, 1), 0);
    EXPECT_EQ(network.tcp(0).bind(sk, {}, port), 0);
    return sk;
  };
  tcp::tcp_sock& listener = network.tcp(1).create();
  ASSERT_EQ(network.tcp(1).bind(listener, {}, 2222), 0);
  ASSERT_EQ(network.tcp(1).listen(listener, 8), 0);
  tcp::tcp_sock& first = connect_from(40'001);
  ASSERT_EQ(network.tcp(0).connect(first, address_of_end[1], 2222), -EINPROGRESS);
  network.run_for_ms(100);
  int error = 0;
  tcp::tcp_sock* server = network.tcp(1).accept(listener, error);
  ASSERT_NE(server, nullptr);
  close_client_first(network, {{network, 0, first}, {network, 1, *server}, {network, 1, listener}});
  ASSERT_EQ(network.tcp(0).sockstat().tw, 1U);
  tcp::tcp_sock& second = connect_from(40'001);
  EXPECT_EQ(network.tcp(0).connect(second, address_of_end[1], 2222), -EINPROGRESS);
  EXPECT_TRUE(network.run_until([&] { return network.tcp(0).state(second) == 1; }, 1000));
}

TEST(orphan_limit, beyond_it_connections_are_reset_when_they_are_closed) {
  network_settings settings = scripted_peer::default_settings();
  settings.host[0].tcp.tcp_max_orphans = 1;
  scripted_peer peer{settings};
  const endpoint first = peer.accept_from_peer();
  first.close();
  peer.expect("F. 1:1(0) ack 1");
  EXPECT_EQ(peer.tcp().sockstat().orphan, 1U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPAbortOnMemory"), 0U);
  peer.set_ports(40'001, 8081);
  const endpoint second = peer.accept_from_peer();
  second.close();
  // Linux sends the FIN first, and finds then that there are too many.
  peer.expect("F. 1:1(0) ack 1");
  peer.expect("R. 2:2(0) ack 1");
  EXPECT_EQ(peer.tcp().sockstat().orphan, 1U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPAbortOnMemory"), 1U);
  // The first one's peer answers: there is room again.
  peer.set_ports(40'000, 8080);
  peer.send("R 1:1(0)");
  EXPECT_EQ(peer.tcp().sockstat().orphan, 0U);
}

// Linux: tcp_out_of_resources. Who seems to be gone counts double.
TEST(orphan_limit, an_orphan_whose_peer_is_unreachable_counts_double) {
  network_settings settings = scripted_peer::default_settings();
  settings.host[0].tcp.tcp_max_orphans = 1;
  scripted_peer peer{settings};
  const endpoint server = peer.accept_from_peer();
  EXPECT_EQ(server.write("goodbye"), 7);
  server.close();
  peer.drain();
  peer.run_for_ms(5000);
  EXPECT_EQ(peer.tcp().sockstat().orphan, 1U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPAbortOnMemory"), 0U);
  server.sk().sk_err_soft = EHOSTUNREACH;
  peer.run_for_ms(20'000);
  EXPECT_EQ(peer.tcp().sockstat().orphan, 0U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPAbortOnMemory"), 1U);
}

// Linux: tcp_v4_conn_request, sk_acceptq_is_full: a SYN is not even answered.
TEST(accept_queue, that_is_full_drops_syns_and_counts_them) {
  scripted_peer peer;
  const endpoint listener = peer.listen(8080, 1);
  for (std::uint16_t port = 40'000; port <= 40'001; ++port) {
    peer.set_ports(port, 8080);
    peer.send("S 0:0(0) win 65535 <mss 1460>");
    peer.expect("S. 0:0(0) ack 1 <...>");
    peer.send(". 1:1(0) ack 1 win 65535");
  }
  EXPECT_EQ(listener.sk().sk_ack_backlog, 2U);
  peer.set_ports(40'002, 8080);
  peer.send("S 0:0(0) win 65535 <mss 1460>");
  peer.expect_silence(10);
  EXPECT_EQ(peer.network().counter(0, "TcpExtListenOverflows"), 1U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtListenDrops"), 1U);
  int error = 0;
  EXPECT_NE(peer.tcp().accept(listener.sk(), error), nullptr);
  peer.send("S 0:0(0) win 65535 <mss 1460>");
  peer.expect("S. 0:0(0) ack 1 <...>");
}

}  // namespace
}  // namespace fourtuple::support
