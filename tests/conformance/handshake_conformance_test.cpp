// SPDX-License-Identifier: Apache-2.0
// What the stack says on the wire when connections open: options, windows, timers (RFC 9293, RFC 7323, and Linux where
// they leave room).
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "tests/support/scripted_peer.hpp"

namespace fourtuple::support {
namespace {

tcp::tcp_sock& start_connect(scripted_peer& peer) {
  tcp::tcp_sock& sk = peer.tcp().create();
  EXPECT_EQ(peer.tcp().connect(sk, address_of_end[1], 40000), -EINPROGRESS);
  return sk;
}

network_settings without(bool timestamps, bool sack) {
  network_settings settings = scripted_peer::default_settings();
  settings.host[0].tcp.tcp_timestamps = !timestamps;
  settings.host[0].tcp.tcp_sack = !sack;
  return settings;
}

std::string timestamp_of(const scripted_peer& peer) {
  return std::to_string(peer.last().options.timestamps.value_or(packet::tcp_timestamps{}).value);
}

TEST(syn, carries_mss_sack_timestamps_and_wscale) {
  scripted_peer peer;
  start_connect(peer);
  peer.expect("S 0:0(0) win 65535 <...>");
  EXPECT_EQ(describe(peer.last(), peer.last().header.seq, 0),
            "S 0:0(0) win 65535 <mss 1460,sackOK,TS val " + timestamp_of(peer) + " ecr 0,wscale 8>");
}

TEST(syn, without_timestamps) {
  scripted_peer peer{without(true, false)};
  start_connect(peer);
  peer.expect("S 0:0(0) win 65535 <mss 1460,sackOK,wscale 8>");
}

TEST(syn_ack, offers_only_what_the_peer_offered) {
  const auto answer_to = [](std::string_view options) {
    scripted_peer peer;
    static_cast<void>(peer.listen());
    peer.send("S 0:0(0) win 65535 " + std::string{options});
    peer.expect("S. 0:0(0) ack 1 <...>");
    return describe(peer.last(), peer.last().header.seq, scripted_peer::initial_sequence + 0);
  };
  EXPECT_EQ(answer_to("<mss 1460,sackOK,wscale 7>"), "S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,wscale 8>");
  EXPECT_EQ(answer_to("<mss 1460,wscale 7>"), "S. 0:0(0) ack 1 win 65535 <mss 1460,wscale 8>");
  EXPECT_EQ(answer_to("<mss 1460>"), "S. 0:0(0) ack 1 win 65535 <mss 1460>");
  EXPECT_EQ(answer_to(""), "S. 0:0(0) ack 1 win 65535 <mss 1460>");
}

TEST(syn_ack, echoes_the_timestamp) {
  scripted_peer peer;
  static_cast<void>(peer.listen());
  peer.send("S 0:0(0) win 65535 <mss 1460,sackOK,TS val 777 ecr 0,wscale 7>");
  peer.expect("S. 0:0(0) ack 1 win 65535 <...>");
  ASSERT_TRUE(peer.last().options.timestamps);
  EXPECT_EQ(peer.last().options.timestamps->echo_reply, 777U);
}

TEST(timestamps, tick_once_a_millisecond) {
  scripted_peer peer;
  start_connect(peer);
  peer.expect("S 0:0(0) <...>");
  const std::uint32_t first = peer.last().options.timestamps->value;
  peer.expect_after(1000, "S 0:0(0) <...>");
  EXPECT_EQ(peer.last().options.timestamps->value - first, 1000U);
}

TEST(timestamps, take_twelve_bytes_of_each_segment) {
  scripted_peer peer;
  start_connect(peer);
  peer.expect("S 0:0(0) <...>");
  const auto stamp = timestamp_of(peer);
  peer.set_ports(40000, peer.last().header.source_port);
  peer.send("S. 0:0(0) ack 1 win 65535 <mss 1460,TS val 700 ecr " + stamp + ",wscale 7>");
  peer.expect(". 1:1(0) ack 1 <...>");
  EXPECT_TRUE(peer.last().options.timestamps);
}

TEST(window, after_the_handshake_is_1050_units) {
  scripted_peer peer{without(true, false)};
  start_connect(peer);
  peer.expect("S 0:0(0) <...>");
  peer.set_ports(40000, peer.last().header.source_port);
  peer.send("S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,wscale 7>");
  peer.expect(". 1:1(0) ack 1 win 1050");
}

// Whole segments of what timestamps leave; who opened did not know yet that there would be any.
TEST(window, after_the_handshake_is_1053_units_with_timestamps_and_1050_at_the_opener) {
  scripted_peer opener;
  start_connect(opener);
  opener.expect("S 0:0(0) <...>");
  const auto stamp = timestamp_of(opener);
  opener.set_ports(40000, opener.last().header.source_port);
  opener.send("S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,TS val 700 ecr " + stamp + ",wscale 7>");
  opener.expect(". 1:1(0) ack 1 win 1050 <...>");
  scripted_peer accepter;
  accepter.accept_after(100, "<mss 1460,sackOK,TS val 100 ecr 0,wscale 7>").write("x");
  accepter.expect("P. 1:2(1) ack 1 win 1053 <...>");
}

TEST(window, so_rcvbuf_20000_gives_13_segments) {
  scripted_peer peer;
  tcp::tcp_sock& sk = peer.tcp().create();
  const endpoint listener{peer.network(), 0, sk};
  EXPECT_EQ(listener.set(SOL_SOCKET, SO_RCVBUF, 20000), 0);
  EXPECT_EQ(peer.tcp().bind(sk, {}, 8080), 0);
  EXPECT_EQ(peer.tcp().listen(sk, 1), 0);
  peer.send("S 0:0(0) win 65535 <mss 1460,wscale 7>");
  peer.expect("S. 0:0(0) ack 1 win 18980 <mss 1460,wscale 0>");
}

TEST(syn_timer, is_linear_and_then_doubles) {
  scripted_peer peer;
  start_connect(peer);
  peer.expect("S 0:0(0) <...>");
  for (const std::uint64_t gap : {1, 1, 1, 1, 1, 2, 4, 8, 16}) peer.expect_after(gap * 1000, "S 0:0(0) <...>");
  peer.expect_silence(60'000);
}

TEST(syn_ack_timer, doubles_and_gives_up) {
  scripted_peer peer;
  static_cast<void>(peer.listen());
  peer.send("S 0:0(0) win 65535 <mss 1460>");
  peer.expect("S. 0:0(0) ack 1 <...>");
  for (const std::uint64_t gap : {1, 2, 4, 8, 16}) peer.expect_after(gap * 1000, "S. 0:0(0) ack 1 <...>");
  peer.expect_silence(100'000);
  EXPECT_EQ(peer.network().counter(0, "TcpRetransSegs"), 5U);
}

TEST(syn_ack_timer, duplicate_syn_is_answered_at_once) {
  scripted_peer peer;
  static_cast<void>(peer.listen());
  peer.send("S 0:0(0) win 65535 <mss 1460>");
  peer.expect("S. 0:0(0) ack 1 <...>");
  peer.run_for_ms(100);
  peer.send("S 0:0(0) win 65535 <mss 1460>");
  peer.expect("S. 0:0(0) ack 1 <...>");
}

TEST(accept_queue, holds_backlog_and_one_more) {
  scripted_peer peer;
  static_cast<void>(peer.listen(8080, 1));
  const auto open = [&](std::uint16_t port) {
    peer.set_ports(port, 8080);
    peer.send("S 0:0(0) win 65535 <mss 1460>");
  };
  for (std::uint16_t port = 40000; port < 40002; ++port) {
    open(port);
    peer.expect("S. 0:0(0) ack 1 <...>");
    peer.send(". 1:1(0) ack 1 win 65535");
  }
  open(40002);
  peer.expect_silence(10);
  EXPECT_EQ(peer.network().counter(0, "TcpExtListenOverflows"), 1U);
}

// RFC 6528: the clock and the tuple decide; two connections at one time differ by the hash.
TEST(initial_sequence_number, differs_by_tuple_and_by_secret) {
  std::vector<std::uint32_t> numbers;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    network_settings settings = scripted_peer::default_settings();
    settings.seed = seed;
    scripted_peer peer{settings};
    static_cast<void>(peer.listen(8080, 8));
    for (std::uint16_t port = 40000; port < 40003; ++port) {
      peer.set_ports(port, 8080);
      peer.send("S 0:0(0) win 65535 <mss 1460>");
      peer.expect("S. 0:0(0) ack 1 <...>");
      numbers.push_back(peer.last().header.seq);
    }
  }
  std::ranges::sort(numbers);
  for (std::size_t i = 1; i < numbers.size(); ++i) EXPECT_GT(numbers[i] - numbers[i - 1], 1000U);
}

// RFC 9293 3.10.7.3: an ACK of something that was not sent.
TEST(syn_sent, wrong_ack_is_reset_and_the_right_one_still_connects) {
  scripted_peer peer;
  tcp::tcp_sock& sk = start_connect(peer);
  peer.expect("S 0:0(0) <...>");
  peer.set_ports(40000, peer.last().header.source_port);
  peer.send("S. 0:0(0) ack 500 win 65535 <mss 1460>");
  peer.expect("R 500:500(0) win 0");
  peer.send("S. 0:0(0) ack 1 win 65535 <mss 1460>");
  peer.expect(". 1:1(0) ack 1");
  EXPECT_EQ(peer.tcp().state(sk), 1);
}

TEST(syn_sent, reset_counts_only_with_the_right_ack) {
  scripted_peer peer;
  tcp::tcp_sock& sk = start_connect(peer);
  peer.expect("S 0:0(0) <...>");
  peer.set_ports(40000, peer.last().header.source_port);
  peer.send("R 0:0(0)");
  peer.send("R. 0:0(0) ack 9");
  EXPECT_EQ(peer.tcp().state(sk), 2);
  peer.send("R. 0:0(0) ack 1");
  EXPECT_EQ(peer.tcp().state(sk), 7);
}

TEST(syn_sent, close_is_silent_and_a_late_syn_ack_is_reset) {
  scripted_peer peer;
  tcp::tcp_sock& sk = start_connect(peer);
  peer.expect("S 0:0(0) <...>");
  peer.set_ports(40000, peer.last().header.source_port);
  peer.tcp().close(sk);
  peer.expect_silence(100);
  peer.send("S. 0:0(0) ack 1 win 65535 <mss 1460>");
  peer.expect("R 1:1(0) win 0");
}

TEST(closed_port, syn_is_refused_and_ack_is_reset) {
  scripted_peer peer;
  peer.send("S 0:0(0) win 65535 <mss 1460>");
  peer.expect("R. 0:0(0) ack 1 win 0");
  peer.send(". 1:1(0) ack 5000");
  peer.expect("R 5000:5000(0) win 0");
  peer.send("R 1:1(0)");
  peer.expect_silence(10);
}

}  // namespace
}  // namespace fourtuple::support
