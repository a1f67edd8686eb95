// SPDX-License-Identifier: Apache-2.0
// How the congestion window grows, falls and is left alone (RFC 5681 3.1, RFC 6937, RFC 9406), and what TCP_INFO says
// of what held a sender up. Checked on Linux: see FOURTUPLE_PACKETDRILL_OBJECT.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "tests/packetdrill/script.hpp"

namespace fourtuple {
namespace {

using support::script;

std::string ack(int number) { return ". 1:1(0) ack " + std::to_string(number) + " win 1000"; }
std::string ack(int number, const std::string& sack) { return ack(number) + " <sack " + sack + ">"; }

/// Units of two segments, from one number to another; `pushed`: at the end of what was written.
void out_units(script& s, int from, int to, bool pushed = false) {
  for (int at = from; at < to; at += 2000) {
    const int end = std::min(at + 2000, to);
    const bool last = end == to && pushed;
    // One of several segments carries PSH on its last.
    s.out(0, (last || end - at > 1000 ? "P. " : ". ") + std::to_string(at) + ":" + std::to_string(end) + "(" +
                 std::to_string(end - at) + ") ack 1");
  }
}

/// An accepted connection with segments of 1000 bytes, and ten of them under way.
int ten_under_way(script& s, std::size_t bytes = 40'000) {
  const int fd = s.accept_connection(script::usual, "1000");
  EXPECT_EQ(s.write(fd, bytes), static_cast<std::int64_t>(bytes));
  out_units(s, 1, 10'001, bytes == 10'000);
  return fd;
}

TEST(slow_start, an_ack_for_each_segment_lets_two_go) {
  script s;
  const int fd = ten_under_way(s);
  s.in(105, ack(1001));
  out_units(s, 10'001, 12'001);
  s.in(2, ack(2001));
  out_units(s, 12'001, 14'001);
  s.in(2, ack(3001));
  out_units(s, 14'001, 16'001);
  EXPECT_EQ(s.info(fd).tcpi_snd_cwnd, 13U);
}

TEST(slow_start, an_ack_for_four_lets_eight_go) {
  script s;
  const int fd = ten_under_way(s);
  s.in(105, ack(4001));
  out_units(s, 10'001, 18'001);
  EXPECT_EQ(s.info(fd).tcpi_snd_cwnd, 14U);
}

TEST(slow_start, a_window_update_does_not_grow_it) {
  script s;
  const int fd = ten_under_way(s, 10'000);
  s.in(105, ack(10'001));
  EXPECT_EQ(s.info(fd).tcpi_snd_cwnd, 20U);
  s.in(10, ". 1:1(0) ack 10001 win 500");
  EXPECT_EQ(s.info(fd).tcpi_snd_cwnd, 20U);
}

TEST(slow_start, is_not_begun_anew_after_an_idle_time_if_so_set) {
  script s;
  const int fd = ten_under_way(s, 10'000);
  s.in(105, ack(10'001));
  s.wait(2000);
  EXPECT_EQ(s.write(fd, 20'000), 20'000);
  out_units(s, 10'001, 30'001, true);
}

TEST(slow_start, begins_anew_after_an_idle_time_otherwise) {
  script s;
  s.sysctl("net/ipv4/tcp_slow_start_after_idle", "1");
  const int fd = ten_under_way(s, 10'000);
  s.in(105, ack(10'001));
  EXPECT_EQ(s.info(fd).tcpi_snd_cwnd, 20U);
  s.wait(2000);
  EXPECT_EQ(s.write(fd, 20'000), 20'000);
  out_units(s, 10'001, 20'001);
  EXPECT_EQ(s.info(fd).tcpi_snd_cwnd, 10U);
  s.sysctl("net/ipv4/tcp_slow_start_after_idle", "0");
}

TEST(cwnd_moderation, there_is_none_in_disorder) {
  script s;
  const int fd = ten_under_way(s, 30'000);
  s.in(105, ack(10'001));
  out_units(s, 10'001, 30'001, true);
  EXPECT_EQ(s.info(fd).tcpi_snd_cwnd, 20U);
  // Two segments out of order: no loss yet.
  s.in(105, ack(10'001, "11001:12001"));
  s.in(0, ack(12'001));
  EXPECT_EQ(s.info(fd).tcpi_snd_cwnd, 21U);
  EXPECT_EQ(s.info(fd).tcpi_ca_state, 0);
}

TEST(prr, begins_behind_two_segments_of_limited_transmit) {
  script s;
  const int fd = ten_under_way(s, 60'000);
  s.in(105, ack(10'001));
  out_units(s, 10'001, 30'001);
  EXPECT_EQ(s.info(fd).tcpi_snd_cwnd, 20U);
  // The first of the twenty is lost.
  s.in(105, ack(10'001, "11001:12001"));
  s.out(0, ". 30001:31001(1000) ack 1");
  s.in(3, ack(10'001, "11001:13001"));
  s.out(0, ". 31001:32001(1000) ack 1");
  s.in(3, ack(10'001, "11001:14001"));
  s.out(0, ". 10001:11001(1000) ack 1");
  EXPECT_EQ(s.info(fd).tcpi_ca_state, 3);
  EXPECT_EQ(s.info(fd).tcpi_snd_ssthresh, 14U);
}

TEST(ecn, an_echo_begins_a_reduction_without_moderation) {
  script s;
  const int listener = s.listen();
  s.in(0, "SEW 0:0(0) win 32792 <mss 1000,sackOK,wscale 7>");
  s.out(0, "SE. 0:0(0) ack 1 <...>");
  s.in(100, ". 1:1(0) ack 1 win 1000");
  const int fd = static_cast<int>(s.accept(listener));
  ASSERT_GE(fd, 0);
  EXPECT_EQ(s.write(fd, 10'000), 10'000);
  for (int at = 1; at < 10'001; at += 2000) {
    s.out(0, "P. " + std::to_string(at) + ":" + std::to_string(at + 2000) + "(2000) ack 1 tos 2");
  }
  s.in(105, "E. 1:1(0) ack 2001 win 1000");
  EXPECT_EQ(s.info(fd).tcpi_ca_state, 2);
  EXPECT_EQ(s.info(fd).tcpi_snd_ssthresh, 7U);
  EXPECT_EQ(s.write(fd, 1000), 1000);
}

TEST(tcp_info, says_how_long_the_peers_window_held_the_sender_up) {
  script s;
  const int fd = s.accept_connection("<mss 1000,sackOK>", "2000");
  EXPECT_EQ(s.write(fd, 6000), 6000);
  // No segment is larger than half of the largest window that the peer has offered, and what fills half of it is pushed
  // (Linux: tcp_bound_to_half_wnd, forced_push).
  s.out(0, ". 1:1001(1000) ack 1");
  s.out(0, "P. 1001:2001(1000) ack 1");
  s.in(100, ". 1:1(0) ack 2001 win 2000");
  s.out(0, "P. 2001:4001(2000) ack 1");
  s.in(100, ". 1:1(0) ack 4001 win 2000");
  s.out(0, "P. 4001:6001(2000) ack 1");
  s.in(100, ". 1:1(0) ack 6001 win 2000");
  const tcp_info info = s.info(fd);
  EXPECT_NEAR(static_cast<double>(info.tcpi_busy_time), 300'000, 40'000);
  EXPECT_NEAR(static_cast<double>(info.tcpi_rwnd_limited), 200'000, 40'000);
  EXPECT_EQ(info.tcpi_sndbuf_limited, 0U);
}

TEST(tcp_info, counts_from_the_last_data_and_acknowledgement) {
  script s;
  const int fd = s.accept_connection();
  s.in(100, "P. 1:11(10) ack 1");
  s.out(0, ". 1:1(0) ack 11");
  s.wait(100);
  const tcp_info info = s.info(fd);
  EXPECT_NEAR(info.tcpi_last_data_recv, 100, 12);
}

TEST(tcp_info, counts_what_was_delivered_and_sent_again) {
  script s;
  const int fd = ten_under_way(s, 10'000);
  s.in(105, ack(1, "1001:4001"));
  s.out(0, ". 1:1001(1000) ack 1");
  s.in(100, ack(10'001));
  const tcp_info info = s.info(fd);
  EXPECT_EQ(info.tcpi_delivered, 11U);
  EXPECT_EQ(info.tcpi_total_retrans, 1U);
  EXPECT_EQ(info.tcpi_bytes_retrans, 1000U);
  EXPECT_EQ(info.tcpi_bytes_sent, 11'000U);
  EXPECT_EQ(info.tcpi_bytes_acked, 10'000U);
  EXPECT_EQ(info.tcpi_segs_out, 11U);
}

TEST(fast_retransmit, of_the_first_of_four_with_each_peers_way_of_sacking) {
  for (const bool blocks_grow : {true, false}) {
    script s;
    const int fd = s.accept_connection(script::usual, "1000");
    EXPECT_EQ(s.write(fd, 4000), 4000);
    out_units(s, 1, 4001, true);
    s.in(105, ack(1, "1001:2001"));
    s.in(0, ack(1, blocks_grow ? "1001:3001" : "2001:3001 1001:2001"));
    s.in(0, ack(1, blocks_grow ? "1001:4001" : "3001:4001 2001:3001 1001:2001"));
    s.out(0, ". 1:1001(1000) ack 1");
    s.in(100, ack(4001));
    EXPECT_EQ(s.info(fd).tcpi_ca_state, 0);
  }
}

TEST(eor, a_small_record_is_not_joined_when_it_is_sent_again) {
  script s;
  const int fd = s.accept_connection();
  EXPECT_EQ(s.send(fd, 100, MSG_EOR), 100);
  s.out(0, "P. 1:101(100) ack 1");
  EXPECT_EQ(s.set(fd, IPPROTO_TCP, TCP_NODELAY, 1), 0);
  EXPECT_EQ(s.send(fd, 200, MSG_EOR), 200);
  s.out(0, "P. 101:301(200) ack 1");
  EXPECT_EQ(s.write(fd, 300), 300);
  s.out(0, "P. 301:601(300) ack 1");
}

TEST(ecn, a_client_asks_and_marks_its_data) {
  script s;
  s.sysctl("net/ipv4/tcp_ecn", "1");
  const int fd = s.begin_connection();
  s.out(0, "SEW 0:0(0) <...>");
  s.in(50, "SE. 0:0(0) ack 1 win 65535 <mss 1000,sackOK,wscale 7>");
  s.out(0, ". 1:1(0) ack 1");
  EXPECT_EQ(s.write(fd, 500), 500);
  s.out(0, "P. 1:501(500) ack 1 tos 2");
  s.sysctl("net/ipv4/tcp_ecn", "2");
}

}  // namespace
}  // namespace fourtuple
