// SPDX-License-Identifier: Apache-2.0
// The memory of all sockets together: tcp_mem (Linux: tcp(7), __sk_mem_raise_allocated, tcp_check_oom).
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "host/tcp/tcp_sock.hpp"
#include "tests/support/scripted_peer.hpp"

namespace fourtuple::support {
namespace {

constexpr int closed = 7;
constexpr std::array<std::uint32_t, 3> next_to_none{0, 0, 1};

network_settings with_tcp_mem(int host, std::array<std::uint32_t, 3> pages) {
  network_settings settings;
  settings.host[host].tcp.tcp_mem = pages;
  return settings;
}

/// As somebody writes to the sysctl.
void set_tcp_mem(tcp::tcp& protocol, std::array<std::uint32_t, 3> pages) {
  tcp::tcp_config config = protocol.config();
  config.tcp_mem = pages;
  protocol.set_config(config);
}

std::uint64_t mem(virtual_network& network, int host) { return network.tcp(host).sockstat().mem_pages; }

/// Writes what fits of the pattern from `at` on, and lets it arrive.
std::size_t fill(virtual_network& network, const connected_pair& pair, std::size_t bytes, std::uint32_t at = 0) {
  const auto all = pattern(at, bytes);
  const ssize_t sent = pair.client.write(all);
  network.run_for_ms(1000);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

void close_all(virtual_network& network, const connected_pair& pair) {
  pair.client.close();
  network.run_for_ms(100);
  pair.server.close();
  pair.listener.close();
  network.run_for_ms(120'000);
}

TEST(tcp_mem, counts_what_the_queues_hold_in_pages) {
  virtual_network network;
  const connected_pair pair = connect_pair(network);
  EXPECT_EQ(mem(network, 1), 0U);
  ASSERT_EQ(fill(network, pair, 100'000), 100'000U);
  EXPECT_GE(mem(network, 1), 100'000U / 4096);
  EXPECT_LE(mem(network, 1), 2 * 100'000U / 4096);
  EXPECT_EQ(pair.server.read(200'000).bytes, pattern(0, 100'000));
  close_all(network, pair);
  for (const int host : {0, 1}) {
    EXPECT_EQ(network.tcp(host).sockstat().alloc, 0U);
    EXPECT_EQ(mem(network, host), 0U);
    EXPECT_EQ(network.counter(host, "TcpExtTCPMemoryPressures"), 0U);
  }
}

TEST(tcp_mem, what_is_in_flight_counts_for_the_sender) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer();
  EXPECT_EQ(peer.tcp().sockstat().mem_pages, 0U);
  EXPECT_EQ(server.write(pattern(0, 10'000)), 10'000);
  EXPECT_GE(peer.tcp().sockstat().mem_pages, 3U);
  EXPECT_EQ(to_string(peer.tcp().sockstat()),
            "TCP: inuse 2 orphan 0 tw 0 alloc 2 mem " + std::to_string(peer.tcp().sockstat().mem_pages));
  peer.send("R 1:1(0)");
  EXPECT_EQ(peer.tcp().sockstat().mem_pages, 0U);
}

TEST(memory_pressure, is_entered_above_the_second_value_and_left_below_the_first) {
  virtual_network network{with_tcp_mem(1, {8, 24, 4096})};
  const connected_pair pair = connect_pair(network);
  ASSERT_EQ(fill(network, pair, 50'000), 50'000U);
  EXPECT_EQ(network.counter(1, "TcpExtTCPMemoryPressures"), 0U);
  ASSERT_EQ(fill(network, pair, 50'000, 50'000), 50'000U);
  EXPECT_TRUE(network.tcp(1).sockstat().pressure);
  EXPECT_EQ(network.counter(1, "TcpExtTCPMemoryPressures"), 1U);
  EXPECT_EQ(network.counter(1, "TcpExtTCPMemoryPressuresChrono"), 0U);
  EXPECT_EQ(pair.server.read(200'000).bytes, pattern(0, 100'000));
  close_all(network, pair);
  EXPECT_FALSE(network.tcp(1).sockstat().pressure);
  EXPECT_EQ(network.counter(1, "TcpExtTCPMemoryPressures"), 1U);
  const std::uint64_t lasted_ms = network.counter(1, "TcpExtTCPMemoryPressuresChrono");
  EXPECT_GE(lasted_ms, 900U);
  EXPECT_LE(lasted_ms, 2000U);
}

// Linux: __tcp_select_window, tcp_adjust_rcv_ssthresh.
TEST(memory_pressure, leaves_a_window_of_four_segments_to_who_has_filled_half_his_buffer) {
  network_settings settings = scripted_peer::default_settings();
  settings.host[0].tcp.tcp_mem = {2, 4, 4096};
  settings.host[0].tcp.tcp_rmem = {4096, 65'536, 65'536};
  scripted_peer peer{settings};
  const endpoint server = peer.accept_after(10, "<mss 1000,sackOK>");
  int at = 1;
  for (; at < 20'000; at += 1000) {
    peer.send("P. " + std::to_string(at) + ":" + std::to_string(at + 1000) + "(1000) ack 1");
    peer.expect(". 1:1(0) ack " + std::to_string(at + 1000), 50);
  }
  ASSERT_TRUE(peer.tcp().sockstat().pressure);
  // What was offered before is not taken back.
  const std::uint32_t edge = peer.last().header.ack_seq + peer.last().header.window;
  while (static_cast<std::int32_t>(peer.last().header.ack_seq + 4 * 1460 - edge) < 0) {
    peer.send("P. " + std::to_string(at) + ":" + std::to_string(at + 1000) + "(1000) ack 1");
    peer.expect(". 1:1(0) ack " + std::to_string(at + 1000), 50);
    at += 1000;
  }
  EXPECT_LE(peer.last().header.window, 4 * 1460);
  EXPECT_EQ(server.read(65'536).bytes, pattern(1, static_cast<std::size_t>(at - 1)));
  peer.drain();
  // The window comes back when there is no pressure any more, and not at once.
  set_tcp_mem(peer.tcp(), {1000, 2000, 3000});
  std::uint16_t window = 0;
  for (int i = 0; i < 40; ++i) {
    peer.send("P. " + std::to_string(at) + ":" + std::to_string(at + 1000) + "(1000) ack 1");
    at += 1000;
    EXPECT_EQ(server.read(65'536).bytes.size(), 1000U);
    peer.run_for_ms(100);
    peer.expect(". 1:1(0) ack " + std::to_string(at), 50);
    if (i == 0) {
      EXPECT_LE(peer.last().header.window, 3 * 4 * 1460);
    }
    window = peer.last().header.window;
    peer.drain();
  }
  EXPECT_FALSE(peer.tcp().sockstat().pressure);
  EXPECT_GT(window, 20'000);
}

TEST(memory_pressure, buffers_do_not_grow) {
  virtual_network plenty{with_tcp_mem(1, {10'000, 20'000, 30'000})};
  virtual_network scarce{with_tcp_mem(1, {0, 0, 30'000})};
  std::uint32_t rcvbuf[2]{};
  int i = 0;
  for (virtual_network* network : {&plenty, &scarce}) {
    const connected_pair pair = connect_pair(*network);
    EXPECT_EQ(transfer(*network, pair.client, pair.server, 4'000'000), "");
    rcvbuf[i++] = pair.server.sk().sk_rcvbuf;
  }
  EXPECT_GT(rcvbuf[0], 540'000U);
  EXPECT_EQ(rcvbuf[1], 540'000U);
}

// RFC 9293 leaves what to do without memory to the receiver; Linux says so with a window of 0 (ICSK_ACK_NOMEM).
TEST(memory_limit, data_that_has_no_place_is_dropped_and_the_window_closed) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer("<mss 1000,sackOK>");
  for (int at = 1; at < 8001; at += 1000) {
    peer.send("P. " + std::to_string(at) + ":" + std::to_string(at + 1000) + "(1000) ack 1");
    peer.expect(". 1:1(0) ack " + std::to_string(at + 1000));
  }
  set_tcp_mem(peer.tcp(), next_to_none);
  peer.send("P. 8001:9001(1000) ack 1");
  // Two pages hold 8192 bytes.
  peer.expect(". 1:1(0) ack 8001 win 0");
  EXPECT_GE(peer.network().counter(0, "TcpExtTCPRcvQDrop"), 1U);
  EXPECT_GE(peer.network().counter(0, "TcpExtPruneCalled"), 1U);
  peer.drain();
  EXPECT_EQ(server.read(65'536).bytes, pattern(1, 8000));
  // Who has nothing that waits to be read always gets something.
  peer.expect(". 1:1(0) ack 8001");
  EXPECT_GE(peer.last().header.window, 1000);
  peer.send("P. 8001:9001(1000) ack 1");
  peer.expect(". 1:1(0) ack 9001", 50);
  EXPECT_EQ(server.read(65'536).bytes, pattern(8001, 1000));
}

TEST(memory_limit, what_is_furthest_ahead_makes_room_for_what_is_next) {
  network_settings settings = scripted_peer::default_settings();
  scripted_peer peer{settings};
  const endpoint server = peer.accept_from_peer("<mss 1000,sackOK>");
  peer.send("P. 1:1001(1000) ack 1");
  peer.expect(". 1:1(0) ack 1001");
  for (int at = 20'001; at < 24'001; at += 1000) {
    peer.send("P. " + std::to_string(at) + ":" + std::to_string(at + 1000) + "(1000) ack 1");
    peer.expect(". 1:1(0) ack 1001 <sack 20001:" + std::to_string(at + 1000) + ">");
  }
  set_tcp_mem(peer.tcp(), {3, 4, 4});
  for (int at = 1001; at < 5001; at += 1000) {
    peer.send("P. " + std::to_string(at) + ":" + std::to_string(at + 1000) + "(1000) ack 1");
    peer.run_for_ms(1);
    peer.drain();
  }
  EXPECT_GE(peer.network().counter(0, "TcpExtOfoPruned"), 1U);
  const auto read = server.read(65'536);
  EXPECT_GE(read.bytes.size(), 4000U);
  EXPECT_EQ(read.bytes, pattern(1, read.bytes.size()));
}

TEST(memory_limit, a_writer_gets_his_least_and_then_waits_for_acknowledgements) {
  network_settings settings = scripted_peer::default_settings();
  settings.host[0].tcp.tcp_mem = next_to_none;
  scripted_peer peer{settings};
  const endpoint server = peer.accept_from_peer("<mss 1000,sackOK>");
  ssize_t sent = 0;
  for (ssize_t some = 0; sent < 100'000 && (some = server.write(pattern(0, 1000))) > 0;) sent += some;
  // tcp_wmem's first value at least, in what Linux counts for a segment.
  EXPECT_GE(sent, 2000);
  EXPECT_LE(sent, 8000);
  EXPECT_EQ(server.write(pattern(0, 1000)), -EAGAIN);
  EXPECT_EQ(server.poll() & EPOLLOUT, 0U);
  peer.drain();
  peer.send(". 1:1(0) ack " + std::to_string(1 + sent));
  EXPECT_NE(server.poll() & EPOLLOUT, 0U);
  EXPECT_GE(server.write(pattern(0, 1000)), 1000);
}

/// Two connections whose senders write all the time and whose readers begin late: everything comes through.
void two_greedy_connections(virtual_network& network) {
  const connected_pair first = connect_pair(network, 2222);
  const connected_pair second = connect_pair(network, 2223);
  constexpr std::size_t bytes = 400'000;
  const auto all = pattern(0, bytes);
  std::size_t written[2]{};
  std::vector<std::byte> read[2];
  const connected_pair* pairs[2] = {&first, &second};
  const auto work = [&](bool reading) {
    for (int i = 0; i < 2; ++i) {
      const ssize_t sent = pairs[i]->client.write(std::span(all).subspan(written[i]));
      if (sent > 0) written[i] += static_cast<std::size_t>(sent);
      const auto got = reading ? pairs[i]->server.read() : endpoint::reading{};
      if (got.result > 0) read[i].insert(read[i].end(), got.bytes.begin(), got.bytes.end());
    }
    return read[0].size() == bytes && read[1].size() == bytes;
  };
  const std::uint64_t start_ms = network.now_ms();
  EXPECT_TRUE(network.run_until([&] { return work(network.now_ms() - start_ms > 2000); }, 600'000))
      << read[0].size() << " and " << read[1].size() << " of " << bytes;
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(read[i] == all);
  close_all(network, first);
  close_all(network, second);
  for (const int host : {0, 1})
    EXPECT_EQ(to_string(network.tcp(host).sockstat()), "TCP: inuse 0 orphan 0 tw 0 alloc 0 mem 0");
}

TEST(memory_limit, two_greedy_receivers_get_everything) {
  virtual_network network{with_tcp_mem(1, {4, 8, 12})};
  two_greedy_connections(network);
  EXPECT_GE(network.counter(1, "TcpExtTCPMemoryPressures"), 1U);
  EXPECT_GE(network.counter(1, "TcpExtTCPRcvQDrop"), 1U);
}

TEST(memory_limit, two_greedy_senders_get_everything_through) {
  virtual_network network{with_tcp_mem(0, {4, 8, 12})};
  two_greedy_connections(network);
  EXPECT_GE(network.counter(0, "TcpExtTCPMemoryPressures"), 1U);
}

TEST(memory_limit, both_ends_with_next_to_nothing_still_talk) {
  network_settings settings = with_tcp_mem(0, next_to_none);
  settings.host[1].tcp.tcp_mem = next_to_none;
  virtual_network network{settings};
  two_greedy_connections(network);
}

// Linux: tcp_check_oom in tcp_close.
TEST(orphan, that_would_keep_memory_above_the_limit_is_reset_when_it_is_closed) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer();
  EXPECT_EQ(server.write(pattern(0, 20'000)), 20'000);
  peer.drain();
  set_tcp_mem(peer.tcp(), next_to_none);
  server.close();
  bool reset = false;
  while (peer.next()) reset = reset || peer.last().header.flags.rst;
  EXPECT_TRUE(reset);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPAbortOnMemory"), 1U);
  EXPECT_EQ(peer.tcp().sockstat().orphan, 0U);
  EXPECT_EQ(peer.tcp().sockstat().mem_pages, 0U);
}

// Linux: tcp_out_of_resources in tcp_write_timeout.
TEST(orphan, that_is_not_acknowledged_is_reset_at_its_timeout_if_memory_is_short) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer();
  EXPECT_EQ(server.write(pattern(0, 20'000)), 20'000);
  server.close();
  EXPECT_EQ(peer.tcp().sockstat().orphan, 1U);
  set_tcp_mem(peer.tcp(), next_to_none);
  peer.drain();
  peer.run_for_ms(5000);
  bool reset = false;
  while (peer.next()) reset = reset || peer.last().header.flags.rst;
  EXPECT_TRUE(reset);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPAbortOnMemory"), 1U);
  EXPECT_EQ(peer.tcp().sockstat().orphan, 0U);
}

// Linux: tcp_out_of_resources in tcp_probe_timer.
TEST(orphan, that_waits_for_a_window_is_reset_if_memory_is_short) {
  scripted_peer peer;
  const endpoint server = peer.accept_from_peer("<mss 1000,sackOK>", 1000);
  EXPECT_EQ(server.write(pattern(0, 20'000)), 20'000);
  peer.drain();
  peer.send(". 1:1(0) ack 1001 win 0");
  server.close();
  EXPECT_EQ(peer.tcp().sockstat().orphan, 1U);
  set_tcp_mem(peer.tcp(), next_to_none);
  peer.run_for_ms(5000);
  bool reset = false;
  while (peer.next()) reset = reset || peer.last().header.flags.rst;
  EXPECT_TRUE(reset);
  EXPECT_EQ(peer.network().counter(0, "TcpExtTCPAbortOnMemory"), 1U);
}

/// What idle socks have kept is taken back when others want it.
TEST(memory_limit, idle_sockets_do_not_keep_pages_that_others_need) {
  virtual_network network{with_tcp_mem(0, {40, 60, 80})};
  std::vector<connected_pair> pairs;
  for (std::uint16_t port = 3000; port < 3100; ++port) {
    pairs.push_back(connect_pair(network, port));
    EXPECT_EQ(pairs.back().client.write("hello"), 5);
    network.run_for_ms(100);
  }
  EXPECT_LE(mem(network, 0), 60U);
  EXPECT_EQ(network.counter(0, "TcpExtTCPMemoryPressures"), 0U);
  for (const connected_pair& pair : pairs) EXPECT_EQ(pair.server.read().text(), "hello");
}

}  // namespace
}  // namespace fourtuple::support
