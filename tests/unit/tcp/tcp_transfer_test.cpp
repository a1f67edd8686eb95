// SPDX-License-Identifier: Apache-2.0
// Moving data: megabytes under loss, duplication, reordering and damage come through whole; windows hold; a busy device
// stops nothing for good.
#include <gtest/gtest.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

#include "tests/support/virtual_network.hpp"

namespace fourtuple::support {
namespace {

struct weather {
  const char* name;
  unsigned loss;
  unsigned duplication;
  unsigned reordering;
  unsigned damage;
  bool sack;
};

class tcp_weather : public testing::TestWithParam<weather> {};

TEST_P(tcp_weather, data_is_intact) {
  const weather& w = GetParam();
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    network_settings settings;
    settings.seed = seed;
    settings.host[0].tcp.tcp_sack = w.sack;
    virtual_network network{settings};
    seeded_random random{seed * 77};
    network.wire().set_filter([&](int, const captured_segment* s) {
      fate f;
      if (s == nullptr) return f;
      f.drop = random.chance(w.loss);
      f.damage = random.chance(w.damage);
      f.copies = random.chance(w.duplication) ? 2 : 1;
      if (random.chance(w.reordering)) f.extra_delay_ns = random.next() % (8 * base::ns_per_ms);
      return f;
    });
    const connected_pair pair = connect_pair(network);
    EXPECT_EQ(transfer(network, pair.client, pair.server, 1'000'000), "") << w.name << " seed " << seed;
    EXPECT_EQ(transfer(network, pair.server, pair.client, 300'000), "") << w.name << " seed " << seed;
    EXPECT_EQ(network.counter(1, "TcpInCsumErrors") + network.counter(0, "TcpInCsumErrors") > 0, w.damage != 0);
    pair.client.close();
    const bool end = network.run_until([&] { return pair.server.read().result == 0; }, 300'000);
    EXPECT_TRUE(end) << w.name << " seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(
    all, tcp_weather,
    testing::Values(weather{"fine", 0, 0, 0, 0, true}, weather{"loss1", 10, 0, 0, 0, true},
                    weather{"loss5", 50, 0, 0, 0, true}, weather{"loss15", 150, 0, 0, 0, true},
                    weather{"loss1_reno", 10, 0, 0, 0, false}, weather{"loss5_reno", 50, 0, 0, 0, false},
                    weather{"duplication", 0, 200, 0, 0, true}, weather{"reordering", 0, 0, 200, 0, true},
                    weather{"reordering_reno", 0, 0, 200, 0, false}, weather{"damage", 0, 0, 0, 30, true},
                    weather{"everything", 30, 50, 100, 10, true}, weather{"everything_reno", 30, 50, 100, 10, false}),
    [](const auto& p) { return std::string{p.param.name}; });

TEST(tcp_transfer, both_ways_at_once) {
  virtual_network network;
  const connected_pair pair = connect_pair(network);
  for (std::size_t at = 0; at < 300'000; at += 10'000) {
    ASSERT_EQ(pair.client.write(pattern(at, 10'000)), 10'000);
    ASSERT_EQ(pair.server.write(pattern(at, 10'000)), 10'000);
    network.run_for_ms(30);
    ASSERT_EQ(pair.client.read().bytes, pattern(at, 10'000));
    ASSERT_EQ(pair.server.read().bytes, pattern(at, 10'000));
  }
  // What is read late is acknowledged late, and may be probed for; nothing else is sent twice.
  const auto both = [&](std::string_view name) { return network.counter(0, name) + network.counter(1, name); };
  EXPECT_EQ(both("TcpRetransSegs"), both("TcpExtTCPLossProbes"));
  EXPECT_LE(both("TcpRetransSegs"), 2U);
}

TEST(tcp_transfer, no_loss_needs_no_retransmission) {
  virtual_network network;
  const connected_pair pair = connect_pair(network);
  EXPECT_EQ(transfer(network, pair.client, pair.server, 5'000'000), "");
  EXPECT_EQ(network.counter(0, "TcpRetransSegs"), 0U);
  EXPECT_GT(network.counter(1, "TcpExtTCPHPHits"), 3000U);
}

TEST(tcp_transfer, slow_reader_closes_and_opens_the_window) {
  virtual_network network;
  const connected_pair pair = connect_pair(network);
  std::size_t written = 0;
  const auto fill = [&] {
    for (;;) {
      const ssize_t n = pair.client.write(pattern(written, 50'000));
      if (n < 0) break;
      written += static_cast<std::size_t>(n);
    }
  };
  for (int i = 0; i < 50; ++i) {
    fill();
    network.run_for_ms(20);
  }
  EXPECT_EQ(pair.client.write("x"), -EAGAIN);
  EXPECT_EQ(pair.client.poll() & EPOLLOUT, 0U);
  EXPECT_GT(network.counter(1, "TcpExtTCPToZeroWindowAdv"), 0U);
  network.run_for_ms(5'000);
  EXPECT_GT(network.counter(0, "TcpExtTCPWinProbe"), 2U);
  std::size_t read = 0;
  const bool all = network.run_until([&] {
    for (;;) {
      const auto got = pair.server.read(10'000);
      if (got.result <= 0) break;
      EXPECT_EQ(got.bytes, pattern(read, got.bytes.size()));
      read += got.bytes.size();
    }
    return read == written;
  });
  EXPECT_TRUE(all) << read << " of " << written;
  EXPECT_EQ(pair.client.poll() & EPOLLOUT, EPOLLOUT);
}

TEST(tcp_transfer, lost_window_update_is_found_by_probing) {
  virtual_network network;
  const connected_pair pair = connect_pair(network);
  std::size_t written = 0;
  for (int i = 0; i < 50; ++i) {
    for (ssize_t n = 0; n >= 0; written += static_cast<std::size_t>(std::max<ssize_t>(n, 0))) {
      n = pair.client.write(pattern(written, 50'000));
    }
    network.run_for_ms(20);
  }
  network.wire().set_filter([](int end, const captured_segment* s) { return fate{.drop = s != nullptr && end == 1}; });
  std::size_t read = 0;
  for (auto got = pair.server.read(); got.result > 0; got = pair.server.read()) read += got.bytes.size();
  network.run_for_ms(10);
  network.wire().set_filter({});
  const bool all = network.run_until([&] {
    for (auto got = pair.server.read(); got.result > 0; got = pair.server.read()) read += got.bytes.size();
    return read == written;
  });
  EXPECT_TRUE(all) << read << " of " << written;
}

TEST(tcp_transfer, small_receive_buffer) {
  virtual_network network;
  tcp::tcp_sock& listener = network.tcp(1).create();
  const endpoint l{network, 1, listener};
  EXPECT_EQ(l.set(SOL_SOCKET, SO_RCVBUF, 3000), 0);
  EXPECT_EQ(l.get(SOL_SOCKET, SO_RCVBUF), 6000);
  ASSERT_EQ(network.tcp(1).bind(listener, {}, 80), 0);
  ASSERT_EQ(network.tcp(1).listen(listener, 1), 0);
  tcp::tcp_sock& sk = network.tcp(0).create();
  ASSERT_EQ(network.tcp(0).connect(sk, address_of_end[1], 80), -EINPROGRESS);
  network.run_for_ms(30);
  int error = 0;
  tcp::tcp_sock* child = network.tcp(1).accept(listener, error);
  ASSERT_NE(child, nullptr);
  EXPECT_EQ(transfer(network, {network, 0, sk}, {network, 1, *child}, 100'000), "");
}

TEST(tcp_transfer, busy_device_holds_the_sock_and_wakes_it) {
  virtual_network network;
  const connected_pair pair = connect_pair(network);
  network.wire().set_busy(0, true);
  EXPECT_EQ(pair.client.write("held back"), 9);
  network.run_for_ms(20);
  EXPECT_EQ(pair.server.read().result, -EAGAIN);
  network.wire().set_busy(0, false);
  network.run_for_ms(20);
  EXPECT_EQ(pair.server.read().text(), "held back");
  seeded_random random{5};
  std::size_t turns = 0;
  network.wire().set_filter([&](int, const captured_segment*) {
    ++turns;
    return fate{};
  });
  bool busy = false;
  EXPECT_EQ(transfer(network, pair.client, pair.server, 10'000), "");
  for (int i = 0; i < 200; ++i) {
    busy = random.chance(500);
    network.wire().set_busy(0, busy);
    pair.client.write(pattern(0, 500));
    network.run_for_ms(3);
  }
  network.wire().set_busy(0, false);
  network.run_for_ms(2000);
  std::size_t read = 0;
  for (auto got = pair.server.read(); got.result > 0; got = pair.server.read()) read += got.bytes.size();
  EXPECT_EQ(read, 100'000U);
}

TEST(tcp_transfer, peek_and_trunc) {
  virtual_network network;
  const connected_pair pair = connect_pair(network);
  pair.client.write("abcdefgh");
  network.run_for_ms(20);
  EXPECT_EQ(pair.server.read(3, MSG_PEEK).text(), "abc");
  EXPECT_EQ(pair.server.read(2).text(), "ab");
  EXPECT_EQ(pair.server.read(2, MSG_TRUNC).result, 2);
  EXPECT_EQ(pair.server.read(100).text(), "efgh");
  EXPECT_EQ(pair.server.read(100).result, -EAGAIN);
}

TEST(tcp_transfer, tcp_info_tells_the_state) {
  virtual_network network;
  const connected_pair pair = connect_pair(network);
  EXPECT_EQ(transfer(network, pair.client, pair.server, 100'000), "");
  network.run_for_ms(100);
  tcp_info info{};
  const auto bytes = std::as_writable_bytes(std::span{&info, 1});
  EXPECT_EQ(network.tcp(0).getsockopt(pair.client.sk(), IPPROTO_TCP, TCP_INFO, bytes), static_cast<int>(sizeof(info)));
  EXPECT_EQ(info.tcpi_state, 1);
  EXPECT_EQ(info.tcpi_unacked, 0U);
  EXPECT_EQ(info.tcpi_snd_mss, 1448U);
  EXPECT_NEAR(info.tcpi_rtt, 10'000U, 5'000U);
  EXPECT_GE(info.tcpi_snd_cwnd, 10U);
  EXPECT_EQ(info.tcpi_snd_wscale, 8);
  EXPECT_EQ(info.tcpi_bytes_received, 0U);
  EXPECT_EQ(info.tcpi_data_segs_in, 0U);
  EXPECT_EQ(info.tcpi_rcv_rtt, 0U);

  EXPECT_EQ(network.tcp(1).getsockopt(pair.server.sk(), IPPROTO_TCP, TCP_INFO, bytes), static_cast<int>(sizeof(info)));
  EXPECT_EQ(info.tcpi_bytes_received, 100'000U);
  EXPECT_EQ(info.tcpi_data_segs_in, 70U) << "69 full ones and a rest";
  EXPECT_EQ(info.tcpi_segs_in, 72U) << "and the SYN, and the ACK of the handshake";
  EXPECT_EQ(info.tcpi_rcv_ooopack, 0U);
  EXPECT_NEAR(info.tcpi_rcv_rtt, 10'000U, 5'000U);
  pair.client.close();
  network.run_for_ms(100);
  network.tcp(1).getsockopt(pair.server.sk(), IPPROTO_TCP, TCP_INFO, bytes);
  EXPECT_EQ(info.tcpi_bytes_received, 100'001U) << "the FIN counts";
}

TEST(tcp_transfer, tcp_info_of_a_listener_tells_its_queue) {
  virtual_network network;
  const connected_pair pair = connect_pair(network, 2222, 8);
  tcp::tcp_sock& another = network.tcp(0).create();
  EXPECT_EQ(network.tcp(0).connect(another, address_of_end[1], 2222), -EINPROGRESS);
  network.run_for_ms(100);
  tcp_info info{};
  network.tcp(1).getsockopt(pair.listener.sk(), IPPROTO_TCP, TCP_INFO, std::as_writable_bytes(std::span{&info, 1}));
  EXPECT_EQ(info.tcpi_state, 10);
  EXPECT_EQ(info.tcpi_unacked, 1U);
  EXPECT_EQ(info.tcpi_sacked, 8U);
  EXPECT_EQ(info.tcpi_reordering, 3U);
  EXPECT_EQ(info.tcpi_rto, 0U) << "Linux leaves out what only a connection has";
}

}  // namespace
}  // namespace fourtuple::support
