// SPDX-License-Identifier: Apache-2.0
// Recoveries of many segments: SACK blocks that join what was in several, proportional rate reduction over two gaps
// (RFC 6937), when slow start ends before a loss (RFC 9406; Linux: hystart_update), and connections that fail before
// they are open. Checked on Linux: see FOURTUPLE_PACKETDRILL_OBJECT.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "tests/packetdrill/script.hpp"

namespace fourtuple {
namespace {

using support::script;

constexpr std::uint32_t no_ssthresh = 0x7fffffff;
enum : std::uint8_t { open = 0, disorder = 1, recovery = 3 };

std::string ack(int number) { return ". 1:1(0) ack " + std::to_string(number) + " win 1000"; }
std::string ack(int number, const std::string& sack) { return ack(number) + " <sack " + sack + ">"; }
std::string segment(int at) { return ". " + std::to_string(at) + ":" + std::to_string(at + 1000) + "(1000) ack 1"; }

/// Units of two segments, from one number to another.
void out_units(script& s, int from, int to) {
  for (int at = from; at < to; at += 2000) {
    s.out(0, "P. " + std::to_string(at) + ":" + std::to_string(at + 2000) + "(2000) ack 1");
  }
}

/// An accepted connection with segments of 1000 bytes, and ten of them under way.
int ten_under_way(script& s) {
  const int fd = s.accept_connection(script::usual, "1000");
  EXPECT_EQ(s.write(fd, 10'000), 10'000);
  out_units(s, 1, 10'001);
  return fd;
}

TEST(sack_shift, the_third_the_seventh_and_the_ninth_and_then_their_neighbours) {
  script s;
  const int fd = ten_under_way(s);
  s.in(105, ack(1, "2001:3001"));
  s.in(1, ack(1, "2001:3001 6001:7001"));
  s.in(1, ack(1, "2001:3001 6001:7001 8001:9001"));
  s.out(0, segment(1));
  EXPECT_EQ(s.info(fd).tcpi_snd_ssthresh, 7U);
  EXPECT_EQ(s.info(fd).tcpi_sacked, 3U);
  EXPECT_EQ(s.info(fd).tcpi_lost, 6U);
  s.in(12, ack(1, "2001:4001 6001:7001 8001:9001"));
  s.out(0, segment(1001));
  s.in(20, ack(1, "2001:4001 6001:7001 8001:10001"));
  s.out(0, segment(4001));
  EXPECT_EQ(s.info(fd).tcpi_sacked, 5U);
  EXPECT_EQ(s.info(fd).tcpi_lost, 5U);
  EXPECT_EQ(s.info(fd).tcpi_reordering, 6U);
  s.in(50, ack(10'001));
  EXPECT_EQ(s.info(fd).tcpi_ca_state, open);
  EXPECT_EQ(s.info(fd).tcpi_snd_cwnd, 7U);
}

TEST(sack_shift, what_lies_below_shows_reordering_and_delays_the_recovery) {
  script s;
  const int fd = ten_under_way(s);
  s.in(105, ack(1, "7001:8001"));
  s.in(1, ack(1, "3001:4001 7001:8001"));
  s.in(1, ack(1, "3001:5001 7001:8001"));
  s.in(1, ack(1, "3001:5001 7001:9001"));
  s.in(1, ack(1, "3001:5001 7001:10001"));
  EXPECT_EQ(s.info(fd).tcpi_ca_state, disorder);
  EXPECT_EQ(s.info(fd).tcpi_snd_ssthresh, no_ssthresh);
  EXPECT_EQ(s.info(fd).tcpi_sacked, 5U);
  EXPECT_EQ(s.info(fd).tcpi_reordering, 5U);
  // A quarter of the round trip later what is older counts as lost.
  s.out(27, segment(1));
  s.in(15, ack(1, "1001:2001 3001:5001 7001:10001"));
  s.out(0, segment(2001));
  EXPECT_EQ(s.info(fd).tcpi_ca_state, recovery);
  EXPECT_EQ(s.info(fd).tcpi_reordering, 9U);
  EXPECT_EQ(s.info(fd).tcpi_lost, 4U);
  s.in(40, ack(10'001));
  EXPECT_EQ(s.info(fd).tcpi_ca_state, open);
  EXPECT_EQ(s.info(fd).tcpi_snd_cwnd, s.info(fd).tcpi_snd_ssthresh);
}

TEST(sack_shift, a_block_that_swallows_its_neighbour) {
  script s;
  const int fd = ten_under_way(s);
  s.in(105, ack(1, "7001:8001"));
  s.in(1, ack(1, "5001:6001 7001:8001"));
  s.in(1, ack(1, "5001:8001"));
  s.in(1, ack(1, "5001:9001"));
  s.in(1, ack(1, "5001:10001"));
  EXPECT_EQ(s.info(fd).tcpi_sacked, 5U);
  s.out(27, segment(1));
  s.in(15, ack(6001));
  s.in(1, ack(10'001));
  EXPECT_EQ(s.info(fd).tcpi_ca_state, open);
  EXPECT_EQ(s.info(fd).tcpi_reordering, 9U);
}

TEST(prr, two_gaps_in_forty_segments) {
  script s;
  const int fd = ten_under_way(s);
  s.in(105, ack(10'001));
  EXPECT_EQ(s.write(fd, 60'000), 60'000);
  out_units(s, 10'001, 30'001);
  s.in(105, ack(30'001));
  out_units(s, 30'001, 70'001);
  EXPECT_EQ(s.info(fd).tcpi_snd_cwnd, 40U);
  const auto sacked = [&](int below, int gap_end = 0) {
    std::string blocks = gap_end == 0 ? "" : "46001:" + std::to_string(gap_end) + " ";
    return ack(30'001, blocks + "34001:" + std::to_string(below));
  };
  // Segments 1 to 4 are lost: seven of ten that arrive let another one go.
  s.in(105, sacked(35'001));
  s.in(1, sacked(36'001));
  s.in(1, sacked(37'001));
  s.out(0, segment(30'001));
  EXPECT_EQ(s.info(fd).tcpi_snd_ssthresh, 28U);
  s.in(1, sacked(38'001));
  s.out(0, segment(31'001));
  s.in(1, sacked(39'001));
  s.out(0, segment(32'001));
  s.in(1, sacked(40'001));
  EXPECT_EQ(s.info(fd).tcpi_ca_state, recovery);
  // And 11 to 16.
  s.in(1, sacked(40'001, 47'001));
  s.out(0, segment(33'001));
  s.out(0, segment(40'001));
  for (int at = 41'001; at <= 45'001; at += 1000) {
    s.in(1, sacked(40'001, at + 7000));
    s.out(0, segment(at));
  }
  s.in(1, sacked(40'001, 60'001));
  EXPECT_EQ(s.info(fd).tcpi_snd_cwnd, 28U);
  EXPECT_EQ(s.info(fd).tcpi_retrans, 10U);
}

// RFC 9406 4.2: eight round trips of a round that are all longer by an eighth end slow start.
TEST(hystart, a_longer_round_trip_ends_slow_start) {
  script s;
  const int fd = s.accept_connection(script::usual, "1000");
  EXPECT_EQ(s.write(fd, 130'000), 130'000);
  out_units(s, 1, 10'001);
  int acked = 1;
  int sent = 10'001;
  const auto round = [&](double rtt_ms) {
    s.wait(rtt_ms);
    for (const int end = sent; acked < end;) {
      acked += 2000;
      s.in(0, ack(acked));
      out_units(s, sent, sent + 4000);
      sent += 4000;
    }
  };
  round(105);
  round(105);
  EXPECT_EQ(s.info(fd).tcpi_snd_cwnd, 40U);
  EXPECT_EQ(s.info(fd).tcpi_snd_ssthresh, no_ssthresh);
  s.wait(150);
  for (int i = 0; i < 8; ++i) {
    acked += 2000;
    s.in(0, ack(acked));
    out_units(s, sent, sent + 4000);
    sent += 4000;
  }
  EXPECT_EQ(s.info(fd).tcpi_snd_ssthresh, no_ssthresh);
  acked += 2000;
  s.in(0, ack(acked));
  EXPECT_EQ(s.info(fd).tcpi_snd_ssthresh, 56U);
}

// Linux: tcp_rcv_synsent_state_process. What answers is an older connection; it goes when it gets the reset.
TEST(syn_sent, an_acknowledgement_of_something_else_is_reset_and_the_syn_goes_again) {
  script s;
  const int fd = s.begin_connection();
  s.out(0, "S 0:0(0) <...>");
  s.in(10, ". 5000:5000(0) ack 100 win 1000");
  s.out(0, "R 100:100(0)");
  s.out(2, "S 0:0(0) <...>");
  s.in(10, "S. 0:0(0) ack 1 win 1000 <mss 1000>");
  s.out(0, ". 1:1(0) ack 1");
  EXPECT_EQ(s.info(fd).tcpi_state, 1);
}

// Linux: __inet_stream_connect.
// Linux: tcp_write_timeout. Two retransmissions with doubling gaps would be over after seven seconds.
TEST(connect, few_syn_retries_bound_the_linear_ones_as_well) {
  script s;
  s.sysctl("net/ipv4/tcp_syn_retries", "2");
  const int fd = s.begin_connection();
  s.out(0, "S 0:0(0) <...>");
  for (int i = 0; i < 5; ++i) s.out(1000, "S 0:0(0) <...>");
  s.wait(1900);
  EXPECT_EQ(s.poll(fd, POLLOUT), 0U);
  s.wait(900);
  EXPECT_EQ(s.get(fd, SOL_SOCKET, SO_ERROR), ETIMEDOUT);
}

TEST(orphan, is_given_up_after_as_many_retransmissions_as_are_asked_for) {
  script s;
  s.sysctl("net/ipv4/tcp_orphan_retries", "1");
  const int fd = s.accept_connection();
  EXPECT_EQ(s.write(fd, 1000), 1000);
  s.out(0, "P. 1:1001(1000) ack 1");
  EXPECT_EQ(s.close(fd), 0);
  s.out(0, "F. 1001:1001(0) ack 1");
  s.out(202, "F. 1001:1001(0) ack 1");
  s.out(300, "P. 1:1001(1000) ack 1");
  s.silence(2500);
}

TEST(connect, a_socket_is_as_good_as_new_when_its_failure_was_told) {
  script s;
  const int fd = s.begin_connection();
  s.out(0, "S 0:0(0) <...>");
  s.in(20, "R. 0:0(0) ack 1 win 0");
  EXPECT_EQ(s.connect(fd), -ECONNREFUSED);
  EXPECT_EQ(s.poll(fd, POLLIN | POLLOUT), static_cast<unsigned>(POLLOUT | POLLHUP));
  EXPECT_EQ(s.read(fd, 10), -ENOTCONN);
  EXPECT_EQ(s.connect(fd), -EINPROGRESS);
  s.out(0, "S 0:0(0) <...>");
  s.in(20, "S. 0:0(0) ack 1 win 1000 <mss 1000>");
  s.out(0, ". 1:1(0) ack 1");
  EXPECT_EQ(s.connect(fd), 0);
}

}  // namespace
}  // namespace fourtuple
