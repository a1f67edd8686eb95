// SPDX-License-Identifier: Apache-2.0
// Congestion control as a peer and an application see it: which algorithm there is, and what losses do to ssthresh and
// cwnd (RFC 5681, RFC 9438).
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>

#include "tests/support/scripted_peer.hpp"
#include "tests/support/tcp_info.hpp"

namespace fourtuple::support {
namespace {

network_settings with_congestion_control(const std::string& name) {
  network_settings settings = scripted_peer::default_settings();
  settings.host[0].tcp.tcp_congestion_control = name;
  return settings;
}

std::string congestion_control_of(const endpoint& e) {
  std::array<char, 16> text{};
  EXPECT_GT(e.tcp().getsockopt(e.sk(), IPPROTO_TCP, TCP_CONGESTION, std::as_writable_bytes(std::span{text})), 0);
  return text.data();
}

int choose(const endpoint& e, std::string_view name) {
  return e.tcp().setsockopt(e.sk(), IPPROTO_TCP, TCP_CONGESTION, std::as_bytes(std::span{name}));
}

/// A connection whose handshake took 100 ms, with segments of 1000 bytes, ten of which are in flight.
endpoint ten_in_flight(scripted_peer& peer, const endpoint& listener) {
  peer.send("S 0:0(0) win 65535 <mss 1000,sackOK>");
  peer.expect("S. 0:0(0) ack 1 <...>");
  peer.run_for_ms(100);
  peer.send(". 1:1(0) ack 1 win 65535");
  int error = 0;
  tcp::tcp_sock* child = peer.tcp().accept(listener.sk(), error);
  if (child == nullptr) throw std::runtime_error("nothing to accept");
  const endpoint server{peer.network(), 0, *child};
  server.write(pattern(1, 10'000));
  peer.expect_units(1, 10'001);
  return server;
}

TEST(congestion_control, is_cubic_unless_chosen_otherwise) {
  scripted_peer peer;
  const endpoint listener = peer.listen();
  EXPECT_EQ(congestion_control_of(listener), "cubic");
  EXPECT_EQ(choose(listener, "reno"), 0);
  EXPECT_EQ(congestion_control_of(listener), "reno");
  EXPECT_EQ(choose(listener, "vegas"), -ENOENT);
  EXPECT_EQ(congestion_control_of(listener), "reno");
  const endpoint server = ten_in_flight(peer, listener);
  EXPECT_EQ(congestion_control_of(server), "reno");
  EXPECT_EQ(choose(server, "cubic"), 0);
  EXPECT_EQ(congestion_control_of(server), "cubic");
}

TEST(congestion_control, default_is_a_tunable) {
  scripted_peer peer{with_congestion_control("reno")};
  EXPECT_EQ(congestion_control_of(peer.listen()), "reno");
  EXPECT_THROW(scripted_peer{with_congestion_control("vegas")}, std::invalid_argument);
}

// RFC 9438 4.6: 0.7 of cwnd; RFC 5681 3.1: half of it.
TEST(ssthresh, after_a_timeout_at_ten_is_seven_with_cubic_and_five_with_reno) {
  for (const auto& [name, ssthresh] : {std::pair{"cubic", 7U}, std::pair{"reno", 5U}}) {
    scripted_peer peer{with_congestion_control(name)};
    const endpoint server = ten_in_flight(peer, peer.listen());
    peer.run_for_ms(1000);
    EXPECT_EQ(info_of(server).tcpi_ca_state, 4) << name;
    EXPECT_EQ(info_of(server).tcpi_snd_ssthresh, ssthresh) << name;
    EXPECT_EQ(info_of(server).tcpi_snd_cwnd, 1U) << name;
  }
}

// RFC 6937: when all that was in flight has arrived, cwnd is ssthresh.
TEST(ssthresh, is_cwnd_after_fast_recovery) {
  for (const auto& [name, ssthresh] : {std::pair{"cubic", 7U}, std::pair{"reno", 5U}}) {
    scripted_peer peer{with_congestion_control(name)};
    const endpoint server = ten_in_flight(peer, peer.listen());
    peer.run_for_ms(100);
    peer.send(". 1:1(0) ack 1 <sack 1001:4001>");
    peer.expect(". 1:1001(1000) ack 1");
    EXPECT_EQ(info_of(server).tcpi_ca_state, 3) << name;
    EXPECT_EQ(info_of(server).tcpi_snd_ssthresh, ssthresh) << name;
    peer.send(". 1:1(0) ack 1 <sack 1001:10001>");
    peer.send(". 1:1(0) ack 10001");
    EXPECT_EQ(info_of(server).tcpi_ca_state, 0) << name;
    EXPECT_EQ(info_of(server).tcpi_snd_cwnd, ssthresh) << name;
  }
}

}  // namespace
}  // namespace fourtuple::support
