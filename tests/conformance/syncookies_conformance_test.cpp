// SPDX-License-Identifier: Apache-2.0
// SYN cookies (RFC 4987 section 3.6, with Linux's encoding of options): when they are sent, what survives in them, what
// is taken for one, and that a flood costs no memory.
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <string>

#include "host/sock/inet_hashinfo.hpp"
#include "host/tcp/tcp_sock.hpp"
#include "tests/support/scripted_peer.hpp"
#include "tests/support/tcp_info.hpp"

namespace fourtuple::support {
namespace {

constexpr std::uint16_t flooder_port = 50000;

network_settings with_syncookies(std::uint32_t mode) {
  network_settings settings = scripted_peer::default_settings();
  settings.host[0].tcp.tcp_syncookies = mode;
  return settings;
}

/// A listener whose SYN queue, of one, is full. The next segments come from another port.
endpoint overflowing_listener(scripted_peer& peer) {
  const endpoint listener = peer.listen(8080, 1);
  peer.set_ports(flooder_port, 8080);
  peer.send("S 0:0(0) win 65535 <mss 1460>");
  peer.expect("S. 0:0(0) ack 1 <...>");
  peer.set_ports(40000, 8080);
  return listener;
}

tcp::tcp_sock* accept_one(scripted_peer& peer, const endpoint& listener) {
  int error = 0;
  return peer.tcp().accept(listener.sk(), error);
}

std::string timestamps(std::uint32_t value, std::uint32_t echo) {
  return "TS val " + std::to_string(value) + " ecr " + std::to_string(echo);
}

std::uint64_t count(scripted_peer& peer, std::string_view name) { return peer.network().counter(0, name); }

TEST(syncookies, without_timestamps_only_the_mss_survives) {
  scripted_peer peer;
  const endpoint listener = overflowing_listener(peer);
  peer.send("S 0:0(0) win 65535 <mss 1400,sackOK,wscale 7>");
  peer.expect("S. 0:0(0) ack 1 win 65535 <mss 1460>");
  EXPECT_EQ(count(peer, "TcpExtTCPReqQFullDoCookies"), 1U);
  EXPECT_EQ(count(peer, "TcpExtSyncookiesSent"), 1U);
  EXPECT_EQ(count(peer, "TcpExtListenDrops"), 0U);
  EXPECT_EQ(peer.network().host(0).hashinfo().ehash().size(), 1U);
  peer.send(". 1:1(0) ack 1 win 65535");
  EXPECT_EQ(count(peer, "TcpExtSyncookiesRecv"), 1U);
  tcp::tcp_sock* child = accept_one(peer, listener);
  ASSERT_NE(child, nullptr);
  const endpoint server{peer.network(), 0, *child};
  EXPECT_EQ(server.state(), 1);
  // The largest size in the cookie's table that is not above 1400.
  EXPECT_EQ(server.get(IPPROTO_TCP, TCP_MAXSEG), 1300);
  peer.send("P. 1:101(100) ack 1 win 65535");
  peer.expect(". 1:1(0) ack 101");
  EXPECT_EQ(server.read().result, 100);
  server.write(pattern(1, 1400));
  peer.expect(". 1:1301(1300) ack 101");
  peer.expect("P. 1301:1401(100) ack 101");
}

TEST(syncookies, timestamps_carry_sack_and_window_scale) {
  scripted_peer peer;
  const endpoint listener = overflowing_listener(peer);
  peer.run_for_ms(1234);
  peer.expect("S. 0:0(0) ack 1 <...>");  // To the one in the queue, again.
  peer.send("S 0:0(0) win 65535 <mss 1460,sackOK,TS val 777 ecr 0,wscale 7>");
  peer.expect("S. 0:0(0) ack 1 win 65535 <...>");
  const packet::tcp_options options = peer.last().options;
  ASSERT_TRUE(options.timestamps);
  EXPECT_EQ(options.timestamps->echo_reply, 777U);
  EXPECT_TRUE(options.sack_permitted);
  EXPECT_EQ(options.window_scale, 8);
  peer.send(". 1:1(0) ack 1 win 1000 <" + timestamps(800, options.timestamps->value) + ">");
  tcp::tcp_sock* child = accept_one(peer, listener);
  ASSERT_NE(child, nullptr);
  const endpoint server{peer.network(), 0, *child};
  const tcp_info info = info_of(server);
  EXPECT_EQ(info.tcpi_options, TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE);
  EXPECT_EQ(info.tcpi_snd_wscale, 7);
  EXPECT_EQ(info.tcpi_rcv_wscale, 8);
  EXPECT_EQ(child->snd_wnd, 128'000U);
  EXPECT_EQ(info.tcpi_snd_mss, 1448U);
  server.write("x");
  peer.expect("P. 1:2(1) ack 1 <...>");
  // The connection's clock goes on from the cookie's timestamp.
  EXPECT_LT(peer.last().options.timestamps->value - options.timestamps->value, 64U);
}

TEST(syncookies, timestamps_say_what_was_not_offered) {
  scripted_peer peer;
  const endpoint listener = overflowing_listener(peer);
  peer.send("S 0:0(0) win 65535 <mss 1460,TS val 777 ecr 0>");
  peer.expect("S. 0:0(0) ack 1 <...>");
  const std::uint32_t stamp = peer.last().options.timestamps.value_or(packet::tcp_timestamps{}).value;
  peer.send(". 1:1(0) ack 1 win 1000 <" + timestamps(800, stamp) + ">");
  tcp::tcp_sock* child = accept_one(peer, listener);
  ASSERT_NE(child, nullptr);
  EXPECT_EQ(info_of({peer.network(), 0, *child}).tcpi_options, TCPI_OPT_TIMESTAMPS);
  EXPECT_EQ(child->snd_wnd, 1000U);
}

TEST(syncookies, data_on_the_first_segment_to_arrive_is_taken) {
  scripted_peer peer;
  const endpoint listener = overflowing_listener(peer);
  peer.send("S 0:0(0) win 65535 <mss 1460>");
  peer.expect("S. 0:0(0) ack 1 <...>");
  peer.send("P. 1:51(50) ack 1 win 65535");
  tcp::tcp_sock* child = accept_one(peer, listener);
  ASSERT_NE(child, nullptr);
  EXPECT_EQ((endpoint{peer.network(), 0, *child}.read().result), 50);
}

TEST(syncookies, a_wrong_one_is_reset_and_counted) {
  scripted_peer peer;
  const endpoint listener = overflowing_listener(peer);
  peer.send("S 0:0(0) win 65535 <mss 1460>");
  peer.expect("S. 0:0(0) ack 1 <...>");
  peer.send(". 1:1(0) ack 900001 win 65535");
  peer.expect("R 900001:900001(0) win 0");
  peer.send(". 101:101(0) ack 1 win 65535");  // Of another SYN than the one that was answered.
  peer.expect("R 1:1(0) win 0");
  peer.set_ports(40001, 8080);  // Of another peer.
  peer.send(". 1:1(0) ack 1 win 65535");
  peer.expect("R 1:1(0) win 0");
  EXPECT_EQ(count(peer, "TcpExtSyncookiesFailed"), 3U);
  EXPECT_EQ(count(peer, "TcpExtSyncookiesRecv"), 0U);
  EXPECT_EQ(accept_one(peer, listener), nullptr);
}

TEST(syncookies, grow_old_within_two_minutes) {
  for (const bool in_time : {true, false}) {
    scripted_peer peer;
    const endpoint listener = overflowing_listener(peer);
    peer.send("S 0:0(0) win 65535 <mss 1460>");
    peer.expect("S. 0:0(0) ack 1 <...>");
    peer.set_ports(flooder_port, 8080);
    peer.send("R 1:1(0)");  // Room in the queue, and no more SYN-ACKs.
    peer.set_ports(40000, 8080);
    peer.run_for_ms(in_time ? 59'000 : 119'500);
    peer.send(". 1:1(0) ack 1 win 65535");
    if (!in_time) peer.expect("R 1:1(0) win 0");
    EXPECT_EQ(accept_one(peer, listener) != nullptr, in_time);
  }
}

TEST(syncookies, are_not_looked_for_where_none_was_sent) {
  scripted_peer peer;
  static_cast<void>(peer.listen(8080, 1));
  peer.send(". 1:1(0) ack 5000 win 65535");
  peer.expect("R 5000:5000(0) win 0");
  EXPECT_EQ(count(peer, "TcpExtSyncookiesFailed"), 0U);
}

TEST(syncookies, switched_off_the_syn_is_dropped) {
  scripted_peer peer{with_syncookies(0)};
  static_cast<void>(overflowing_listener(peer));
  peer.send("S 0:0(0) win 65535 <mss 1460>");
  peer.expect_silence(500);
  EXPECT_EQ(count(peer, "TcpExtTCPReqQFullDrop"), 1U);
  EXPECT_EQ(count(peer, "TcpExtSyncookiesSent"), 0U);
}

TEST(syncookies, for_every_syn_if_so_set) {
  scripted_peer peer{with_syncookies(2)};
  const endpoint listener = peer.listen(8080, 5);
  peer.send("S 0:0(0) win 65535 <mss 1460,wscale 7>");
  peer.expect("S. 0:0(0) ack 1 win 65535 <mss 1460>");
  EXPECT_EQ(peer.network().host(0).hashinfo().ehash().size(), 0U);
  peer.expect_silence(3000);  // Nobody remembers to repeat it.
  peer.send(". 1:1(0) ack 1 win 65535");
  EXPECT_NE(accept_one(peer, listener), nullptr);
}

TEST(syncookies, are_not_sent_while_the_accept_queue_is_full) {
  scripted_peer peer{with_syncookies(2)};
  static_cast<void>(peer.listen(8080, 1));
  for (std::uint16_t port = 40000; port < 40002; ++port) {
    peer.set_ports(port, 8080);
    peer.send("S 0:0(0) win 65535 <mss 1460>");
    peer.expect("S. 0:0(0) ack 1 <...>");
    peer.send(". 1:1(0) ack 1 win 65535");
  }
  peer.set_ports(40002, 8080);
  peer.send("S 0:0(0) win 65535 <mss 1460>");
  peer.expect_silence(10);
  EXPECT_EQ(count(peer, "TcpExtListenOverflows"), 1U);
  EXPECT_EQ(count(peer, "TcpExtListenDrops"), 1U);
}

TEST(syncookies, a_flood_takes_no_more_than_the_queue) {
  scripted_peer peer;
  const endpoint listener = peer.listen(8080, 64);
  for (std::uint16_t port = 10000; port < 20000; ++port) {
    peer.set_ports(port, 8080);
    peer.send("S 0:0(0) win 65535 <mss 1460,sackOK,TS val 1 ecr 0,wscale 7>");
    peer.expect("S. 0:0(0) ack 1 <...>");
  }
  EXPECT_EQ(peer.network().host(0).hashinfo().ehash().size(), 64U);
  EXPECT_EQ(count(peer, "TcpExtSyncookiesSent"), 10'000U - 64U);
  // Amid all that somebody gets through.
  peer.set_ports(40000, 8080);
  peer.send("S 0:0(0) win 65535 <mss 1460>");
  peer.expect("S. 0:0(0) ack 1 <...>");
  peer.send(". 1:1(0) ack 1 win 65535");
  EXPECT_NE(accept_one(peer, listener), nullptr);
  peer.run_for_ms(100'000);
  EXPECT_EQ(peer.network().host(0).hashinfo().ehash().size(), 1U);
}

}  // namespace
}  // namespace fourtuple::support
