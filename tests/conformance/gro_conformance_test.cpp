// SPDX-License-Identifier: Apache-2.0
// TCP behind GRO: what the stack answers to segments that come in one poll, and that data is intact whatever the
// network does to it (Linux: tcp_gro_receive, __tcp_ack_snd_check, tcp_measure_rcv_mss).
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "tests/support/scripted_peer.hpp"
#include "tests/support/tcp_info.hpp"

namespace fourtuple::support {
namespace {

class gro : public testing::Test {
 protected:
  gro() { peer.network().wire().set_features(0, {.rx_checksum = true}); }
  [[nodiscard]] std::uint64_t counter(std::string_view name) { return peer.network().counter(0, name); }

  scripted_peer peer;
};

TEST_F(gro, one_ack_for_a_unit) {
  const endpoint server = peer.accept_from_peer("<mss 1000>");
  peer.send_together({". 1:1001(1000) ack 1", ". 1001:2001(1000) ack 1", ". 2001:3001(1000) ack 1"});
  peer.expect(". 1:1(0) ack 3001");
  peer.expect_silence(100);
  EXPECT_EQ(server.read().bytes, pattern(1, 3000));
  EXPECT_EQ(counter("GroUnits"), 1U);
  EXPECT_EQ(counter("GroMerged"), 2U);
  EXPECT_EQ(counter("TcpExtTCPHPHits"), 1U);
}

TEST_F(gro, without_it_each_for_itself) {
  peer.network().host(0).ip().set_gro(false);
  static_cast<void>(peer.accept_from_peer("<mss 1000>"));
  peer.send_together({". 1:1001(1000) ack 1", ". 1001:2001(1000) ack 1", ". 2001:3001(1000) ack 1"});
  peer.expect(". 1:1(0) ack 1001");
  peer.expect(". 1:1(0) ack 2001");
  peer.expect(". 1:1(0) ack 3001");
  EXPECT_EQ(counter("GroUnits"), 0U);
}

TEST_F(gro, the_peers_segment_size_is_that_of_its_segments) {
  const endpoint server = peer.accept_from_peer("<mss 1000>");
  peer.send_together({". 1:701(700) ack 1", ". 701:1401(700) ack 1", ". 1401:2101(700) ack 1"});
  peer.expect(". 1:1(0) ack 2101");
  EXPECT_EQ(info_of(server).tcpi_rcv_mss, 700U);
}

// What header prediction does not expect is taken apart again.
TEST_F(gro, behind_a_hole_each_is_sacked) {
  const endpoint server = peer.accept_from_peer("<mss 1000,sackOK>");
  peer.send_together({". 1001:2001(1000) ack 1", ". 2001:3001(1000) ack 1"});
  peer.expect(". 1:1(0) ack 1 <sack 1001:2001>");
  peer.expect(". 1:1(0) ack 1 <sack 1001:3001>");
  peer.send_together({". 1:501(500) ack 1", ". 501:1001(500) ack 1"});
  peer.expect(". 1:1(0) ack 501 <sack 1001:3001>");
  peer.expect(". 1:1(0) ack 3001");
  EXPECT_EQ(server.read().bytes, pattern(1, 3000));
}

TEST_F(gro, what_was_received_before_is_left_out) {
  const endpoint server = peer.accept_from_peer("<mss 1000>");
  peer.send(". 1:1501(1500) ack 1");
  peer.expect(". 1:1(0) ack 1501");
  peer.send_together({". 1:1001(1000) ack 1", ". 1001:2001(1000) ack 1", ". 2001:3001(1000) ack 1"});
  peer.run_for_ms(100);
  EXPECT_EQ(server.read().bytes, pattern(1, 3000));
}

TEST_F(gro, a_fin_may_be_the_last_of_a_unit) {
  const endpoint server = peer.accept_from_peer("<mss 1000>");
  peer.send_together({". 1:1001(1000) ack 1", "FP. 1001:2001(1000) ack 1"});
  peer.run_for_ms(100);
  EXPECT_EQ(server.read().bytes, pattern(1, 2000));
  EXPECT_EQ(server.read().result, 0);
  EXPECT_EQ(counter("GroMerged"), 1U);
}

TEST_F(gro, nothing_is_taken_beyond_the_window) {
  network_settings settings = scripted_peer::default_settings();
  settings.host[0].tcp.tcp_rmem = {4096, 8000, 8000};
  scripted_peer small{settings};
  small.network().wire().set_features(0, {.rx_checksum = true});
  const endpoint server = small.accept_from_peer("<mss 1000>");
  small.send_together({". 1:1001(1000) ack 1", ". 1001:2001(1000) ack 1", ". 2001:3001(1000) ack 1",
                       ". 3001:4001(1000) ack 1", ". 4001:5001(1000) ack 1", ". 5001:6001(1000) ack 1"});
  small.run_for_ms(100);
  const auto got = server.read();
  EXPECT_LE(got.result, 4000);
  EXPECT_GT(got.result, 0);
  EXPECT_EQ(got.bytes, pattern(1, static_cast<std::size_t>(got.result)));
}

TEST_F(gro, a_damaged_segment_is_dropped_alone) {
  const endpoint server = peer.accept_from_peer("<mss 1000>");
  peer.network().wire().set_filter([](int from_end, const captured_segment* s) {
    fate f;
    f.damage = from_end == 1 && s != nullptr && s->header.seq % 7 == 0 && !s->payload.empty();
    return f;
  });
  for (int at = 1; at < 20'001; at += 2000) {
    peer.send_together({". " + std::to_string(at) + ":" + std::to_string(at + 1000) + "(1000) ack 1",
                        ". " + std::to_string(at + 1000) + ":" + std::to_string(at + 2000) + "(1000) ack 1"});
  }
  const auto got = server.read();
  EXPECT_EQ(got.bytes, pattern(1, got.bytes.size()));
}

/// Both ends merge; the wire is as bad as it likes.
class gro_weather : public testing::TestWithParam<fate> {};

TEST_P(gro_weather, data_is_intact) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    network_settings settings;
    settings.seed = seed;
    virtual_network network{settings};
    for (int end = 0; end < 2; ++end) {
      network.wire().set_features(end, {.rx_checksum = true, .connection_table = true});
    }
    network.wire().set_polls(true);
    seeded_random random{seed * 99};
    network.wire().set_filter([&](int, const captured_segment* s) {
      if (s == nullptr || !random.chance(50)) return fate{};
      return GetParam();
    });
    const connected_pair pair = connect_pair(network);
    EXPECT_EQ(transfer(network, pair.client, pair.server, 2'000'000), "") << "seed " << seed;
    EXPECT_EQ(transfer(network, pair.server, pair.client, 500'000), "") << "seed " << seed;
    EXPECT_GT(network.counter(1, "GroMerged"), 500U);
  }
}

INSTANTIATE_TEST_SUITE_P(all, gro_weather,
                         testing::Values(fate{}, fate{.drop = true}, fate{.damage = true}, fate{.copies = 2},
                                         fate{.extra_delay_ns = 3 * base::ns_per_ms}));

}  // namespace
}  // namespace fourtuple::support
