// SPDX-License-Identifier: Apache-2.0
// What the sender does with a path: units and pacing (Linux's TSO autosizing), ECN (RFC 3168), DCTCP (RFC 8257), and
// probing for the path's MTU (RFC 4821).
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <span>
#include <string>

#include "tests/support/scripted_peer.hpp"
#include "tests/support/tcp_info.hpp"

namespace fourtuple::support {
namespace {

constexpr int ca_open = 0;
constexpr int ca_cwr = 2;

std::string segment(const std::string& flags, int from, int to, const std::string& rest = "") {
  return flags + " " + std::to_string(from) + ":" + std::to_string(to) + "(" + std::to_string(to - from) + ") ack 1" +
         rest;
}

network_settings with_ecn(std::uint32_t tcp_ecn) {
  network_settings settings = scripted_peer::default_settings();
  settings.host[0].tcp.tcp_ecn = tcp_ecn;
  return settings;
}

// Linux: each ACK of one segment makes room for two in slow start, which go as a unit.
TEST(units, are_two_segments_while_the_rate_is_low) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  server.write(pattern(1, 20'000));
  peer.expect_units(1, 10'001);
  peer.run_for_ms(100);
  for (int acked = 1; acked <= 5; ++acked) {
    peer.run_for_ms(10);
    peer.send(". 1:1(0) ack " + std::to_string(1 + 1000 * acked));
    peer.expect_units(8001 + 2000 * acked, 10'001 + 2000 * acked);
  }
}

// Linux: tcp_tso_autosize. 10 cwnd in 1 ms and twice that in slow start are 20 segments a millisecond.
TEST(units, grow_with_the_pacing_rate) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(1);
  server.write(pattern(1, 10'000));
  // Half of cwnd at most.
  peer.expect_units(1, 10'001, true, 1000, 5);
  EXPECT_EQ(info_of(server).tcpi_pacing_rate, 20'000'000U);
}

// Linux: tcp_tso_should_defer. One segment's room is not used when the next ACK is near.
TEST(units, wait_for_an_ack_that_makes_them_whole) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  server.write(pattern(1, 30'000));
  peer.expect_units(1, 10'001);
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 1001");
  peer.expect_units(10'001, 12'001);
  // SACK makes room for one; within a millisecond of the last unit it is left for the next ACK.
  peer.send(". 1:1(0) ack 1001 <sack 2001:3001>");
  peer.expect_silence(1);
  peer.send(". 1:1(0) ack 1001 <sack 2001:4001>");
  peer.expect_units(12'001, 14'001);
}

// Linux: tcp_grow_skb. What was written in small pieces goes in whole segments when there is room.
TEST(units, take_up_what_was_written_later) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  server.write(pattern(1, 10'000));
  peer.expect_units(1, 10'001);
  for (int i = 0; i < 4; ++i) server.write(pattern(static_cast<std::size_t>(10'001 + 1500 * i), 1500));
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 4001");
  peer.expect_units(10'001, 16'001);
}

// SO_MAX_PACING_RATE: after the initial window, a unit of 2000 bytes each 20 ms.
TEST(pacing, keeps_to_so_max_pacing_rate) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  EXPECT_EQ(server.set(SOL_SOCKET, SO_MAX_PACING_RATE, 100'000), 0);
  EXPECT_EQ(server.get(SOL_SOCKET, SO_MAX_PACING_RATE), 100'000);
  server.write(pattern(1, 30'000));
  peer.expect_units(1, 10'001);
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 10001");
  peer.expect_units(10'001, 12'001);
  for (int at = 12'001; at < 20'001; at += 2000) {
    peer.expect_after(20, segment(".", at, at + 1000));
    peer.expect(segment("P.", at + 1000, at + 2000));
  }
  EXPECT_EQ(info_of(server).tcpi_pacing_rate, 100'000U);
  EXPECT_EQ(info_of(server).tcpi_max_pacing_rate, 100'000U);
}

// RFC 3168 6.1.1: asked for with ECE and CWR, agreed to with ECE.
TEST(ecn, is_agreed_on_when_the_peer_asks) {
  for (const std::uint32_t setting : {0U, 1U, 2U}) {
    scripted_peer peer{with_ecn(setting)};
    static_cast<void>(peer.listen());
    peer.send("SEW 0:0(0) win 65535 <mss 1000>");
    peer.expect(setting == 0 ? "S. 0:0(0) ack 1 <...>" : "SE. 0:0(0) ack 1 <...>");
  }
}

TEST(ecn, a_syn_that_is_marked_itself_is_not_believed) {
  scripted_peer peer;
  static_cast<void>(peer.listen());
  peer.send("SEW 0:0(0) win 65535 tos 2 <mss 1000>");
  peer.expect("S. 0:0(0) ack 1 <...>");
}

TEST(ecn, is_asked_for_if_set_so_but_not_when_the_syn_is_repeated) {
  scripted_peer peer{with_ecn(1)};
  tcp::tcp_sock& sk = peer.tcp().create();
  EXPECT_EQ(peer.tcp().connect(sk, address_of_end[1], 40'000), -EINPROGRESS);
  peer.expect("SEW 0:0(0) <...>");
  peer.expect_after(1000, "S 0:0(0) <...>");
}

// RFC 3168 6.1.2: one reduction for a window, told with CWR on the first new data; 6.1.5: only new data is marked.
TEST(ecn, an_echo_reduces_cwnd_once_for_a_window) {
  scripted_peer peer;
  const endpoint listener = peer.listen();
  peer.send("SEW 0:0(0) win 65535 <mss 1000,sackOK>");
  peer.expect("SE. 0:0(0) ack 1 <...>");
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 1");
  int error = 0;
  tcp::tcp_sock* child = peer.tcp().accept(listener.sk(), error);
  ASSERT_NE(child, nullptr);
  const endpoint server{peer.network(), 0, *child};
  server.write(pattern(1, 20'000));
  for (int at = 1; at < 10'001; at += 2000) {
    peer.expect(segment(".", at, at + 1000, " tos 2"));
    peer.expect(segment("P.", at + 1000, at + 2000, " tos 2"));
  }
  peer.run_for_ms(100);
  peer.send("E. 1:1(0) ack 2001");
  EXPECT_EQ(info_of(server).tcpi_ca_state, ca_cwr);
  EXPECT_EQ(info_of(server).tcpi_snd_ssthresh, 7U);
  peer.expect(segment("W.", 10'001, 11'001, " tos 2"));
  peer.expect(segment("P.", 11'001, 12'001, " tos 2"));
  peer.run_for_ms(2);
  peer.send("E. 1:1(0) ack 10001");
  EXPECT_EQ(info_of(server).tcpi_snd_ssthresh, 7U);
  EXPECT_EQ(info_of(server).tcpi_delivered_ce, 10U);
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 12001");
  EXPECT_EQ(info_of(server).tcpi_ca_state, ca_open);
  EXPECT_EQ(info_of(server).tcpi_snd_cwnd, 7U);
}

// RFC 3168 6.1.3: CE is echoed until CWR comes; ACKs are not marked.
TEST(ecn, congestion_is_echoed_until_the_peer_answers) {
  scripted_peer peer;
  static_cast<void>(peer.listen());
  peer.send("SEW 0:0(0) win 65535 <mss 1000>");
  peer.expect("SE. 0:0(0) ack 1 <...>");
  peer.send(". 1:1(0) ack 1");
  peer.send("P. 1:1001(1000) ack 1 tos 2");
  peer.expect(". 1:1(0) ack 1001");
  peer.send("P. 1001:2001(1000) ack 1 tos 3");
  peer.expect("E. 1:1(0) ack 2001");
  peer.send("P. 2001:3001(1000) ack 1 tos 2");
  peer.expect("E. 1:1(0) ack 3001");
  peer.send("PW. 3001:4001(1000) ack 1 tos 2");
  peer.expect(". 1:1(0) ack 4001");
}

// RFC 8257 3.2, 3.3: alpha begins at 1 and falls by a sixteenth in each window without marks.
TEST(dctcp, reduces_by_the_fraction_that_was_marked) {
  network_settings settings = with_ecn(1);
  settings.host[0].tcp.tcp_congestion_control = "dctcp";
  scripted_peer peer{settings};
  tcp::tcp_sock& sk = peer.tcp().create();
  EXPECT_EQ(peer.tcp().connect(sk, address_of_end[1], 40'000), -EINPROGRESS);
  peer.expect("SEW 0:0(0) tos 2 <...>");
  peer.set_ports(40'000, peer.last().header.source_port);
  peer.run_for_ms(100);
  peer.send("SE. 0:0(0) ack 1 <mss 1000,sackOK>");
  peer.expect(". 1:1(0) ack 1 tos 2");
  const endpoint client{peer.network(), 0, sk};
  // Sixteen quiet windows, then one that is all marked: alpha is (15/16)^17 + 1/16, about 0.4.
  int at = 1;
  for (int window = 0; window < 16; ++window) {
    client.write(pattern(static_cast<std::size_t>(at), 1000));
    peer.expect(segment("P.", at, at + 1000, " tos 2"));
    peer.run_for_ms(100);
    at += 1000;
    peer.send(". 1:1(0) ack " + std::to_string(at));
  }
  client.write(pattern(static_cast<std::size_t>(at), 1000));
  peer.expect(segment("P.", at, at + 1000, " tos 2"));
  peer.run_for_ms(100);
  peer.send("E. 1:1(0) ack " + std::to_string(at + 1000));
  // 10 (1 - 0.4 / 2).
  EXPECT_EQ(info_of(client).tcpi_snd_ssthresh, 8U);
  EXPECT_EQ(info_of(client).tcpi_ca_state, ca_cwr);
}

// Whatever the SYN before it said, and by which header. Here the second one answers the peer's, which crossed the
// first.
TEST(dctcp, marks_the_next_syn_once_it_is_chosen) {
  scripted_peer peer{with_ecn(1)};
  peer.network().wire().set_features(0, {.tx_checksum = true});  // Without, headers are made anew each time.
  static_cast<void>(peer.accept_from_peer());                    // From now on the peer's Ethernet header is at hand.
  tcp::tcp_sock& sk = peer.tcp().create();
  EXPECT_EQ(peer.tcp().connect(sk, address_of_end[1], 40'001), -EINPROGRESS);
  peer.expect("SEW 0:0(0) <...>");
  peer.set_ports(40'001, peer.last().header.source_port);
  const std::string name = "dctcp";
  EXPECT_EQ(peer.tcp().setsockopt(sk, IPPROTO_TCP, TCP_CONGESTION, std::as_bytes(std::span{name})), 0);
  peer.send("SEW 0:0(0) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,wscale 7>");
  peer.expect("SE. 0:0(0) ack 1 tos 2 <...>");
}

TEST(dctcp, is_reno_with_a_peer_that_does_not_do_ecn) {
  scripted_peer peer;
  const endpoint server = peer.accept_after(100);
  const std::string name = "dctcp";
  EXPECT_EQ(peer.tcp().setsockopt(server.sk(), IPPROTO_TCP, TCP_CONGESTION, std::as_bytes(std::span{name})), 0);
  server.write(pattern(1, 10'000));
  peer.expect_units(1, 10'001);
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 1 <sack 1001:4001>");
  peer.expect(". 1:1001(1000) ack 1");
  EXPECT_EQ(info_of(server).tcpi_snd_ssthresh, 5U);
}

network_settings with_mtu_probing(std::uint32_t tcp_mtu_probing) {
  network_settings settings = scripted_peer::default_settings();
  settings.host[0].tcp.tcp_mtu_probing = tcp_mtu_probing;
  return settings;
}

/// Opened by the stack, in a round trip of 100 ms.
endpoint connect_after_100_ms(scripted_peer& peer, const std::string& options) {
  tcp::tcp_sock& sk = peer.tcp().create();
  EXPECT_EQ(peer.tcp().connect(sk, address_of_end[1], 40'000), -EINPROGRESS);
  peer.expect("S 0:0(0) <...>");
  peer.set_ports(40'000, peer.last().header.source_port);
  peer.run_for_ms(100);
  peer.send("S. 0:0(0) ack 1 " + options);
  peer.expect(". 1:1(0) ack 1");
  return {peer.network(), 0, sk};
}

// RFC 4821 7.2, 7.3: the search begins at tcp_base_mss; a probe is one segment of half way to the MSS.
TEST(mtu_probing, goes_up_by_probes_that_are_acknowledged) {
  scripted_peer peer{with_mtu_probing(2)};
  const endpoint client = connect_after_100_ms(peer, "<mss 1460,sackOK>");
  EXPECT_EQ(info_of(client).tcpi_snd_mss, 1024U);
  client.write(pattern(1, 10'240));
  peer.expect_units(1, 10'241, true, 1024);
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 10241");
  client.write(pattern(10'241, 40'000));
  // The first unit went while the rest was still being written.
  peer.expect_units(10'241, 12'289, true, 1024);
  peer.expect(segment(".", 12'289, 13'531));
  // What follows is small again, and lets duplicate ACKs tell if the probe is lost.
  peer.expect_units(13'531, 13'531 + 16 * 1024, true, 1024);
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 13531");
  EXPECT_EQ(info_of(client).tcpi_snd_mss, 1242U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPMTUPSuccess"), 1U);
}

// RFC 4821 7.6.2: a lost probe lowers the ceiling, not cwnd.
TEST(mtu_probing, a_lost_probe_does_not_reduce_cwnd) {
  scripted_peer peer{with_mtu_probing(2)};
  const endpoint client = connect_after_100_ms(peer, "<mss 1460,sackOK>");
  client.write(pattern(1, 10'240));
  peer.expect_units(1, 10'241, true, 1024);
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 10241");
  client.write(pattern(10'241, 40'000));
  peer.expect_units(10'241, 12'289, true, 1024);
  peer.expect(segment(".", 12'289, 13'531));
  peer.expect_units(13'531, 13'531 + 16 * 1024, true, 1024);
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 12289 <sack 13531:16603>");
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPMTUPFail"), 1U);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPSackRecovery"), 0U);
  EXPECT_GE(info_of(client).tcpi_snd_cwnd, 20U);
  EXPECT_EQ(info_of(client).tcpi_snd_ssthresh, 0x7fffffffU);
  peer.expect(segment(".", 12'289, 13'313));
}

// Linux: tcp_mtu_probing 1. Segments that vanish again and again are too large for somebody who does not say so.
TEST(mtu_probing, a_black_hole_makes_segments_smaller) {
  scripted_peer peer{with_mtu_probing(1)};
  const endpoint server = peer.accept_after(100, "<mss 1460>");
  EXPECT_EQ(info_of(server).tcpi_snd_mss, 1460U);
  server.write(pattern(1, 1460));
  peer.expect("P. 1:1461(1460) ack 1");
  for (const std::uint64_t gap : {300, 600, 1200}) peer.expect_after(gap, "P. 1:1461(1460) ack 1");
  peer.expect_after(2400, ". 1:1025(1024) ack 1");
  EXPECT_EQ(info_of(server).tcpi_snd_mss, 1024U);
}

// IP_TOS holds from the next segment on, whatever was sent before.
TEST(ip_tos, of_a_connection_in_use) {
  scripted_peer peer;
  peer.network().wire().set_features(0, {.tx_checksum = true});  // Without, headers are made anew each time.
  const endpoint server = peer.accept_from_peer("<mss 1460,sackOK,TS val 100 ecr 0,wscale 7>");
  std::uint32_t next = 1;
  for (const int tos : {0, 0x10, 0x10, 0x20, 0}) {
    EXPECT_EQ(peer.tcp().setsockopt(server.sk(), IPPROTO_IP, IP_TOS, std::as_bytes(std::span{&tos, 1})), 0);
    for (int i = 0; i < 2; ++i) {
      server.write("x");
      const std::string seq = std::to_string(next);
      peer.expect("P. " + seq + ":" + std::to_string(++next) + "(1) ack 1" +
                  (tos == 0 ? "" : " tos " + std::to_string(tos)));
      peer.send(". 1:1(0) ack " + std::to_string(next) + " <TS val 100 ecr 0>");
    }
  }
}

}  // namespace
}  // namespace fourtuple::support
