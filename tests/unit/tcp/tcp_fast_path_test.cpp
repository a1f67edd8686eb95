// SPDX-License-Identifier: Apache-2.0
// A segment that comes in order on an established connection, whose device knows the connection and found no fault: it
// is delivered without looking anything up, without reading its payload for a checksum, and without asking for memory.
// A program of its own, since it counts what operator new is asked for.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "host/base/kmem_cache.hpp"
#include "host/packet/ethernet.hpp"
#include "host/packet/ipv4_header.hpp"
#include "host/sock/inet_hashinfo.hpp"
#include "host/tcp/tcp_sock.hpp"
#include "tests/support/frames.hpp"
#include "tests/support/virtual_network.hpp"

namespace {
std::size_t allocations = 0;
}

// The compiler sees malloc on one side of an inlined pair and not on the other.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes); memory != nullptr) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(bytes);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

namespace fourtuple::support {
namespace {

constexpr std::size_t ip_checksum_at = packet::ethernet_header::untagged_bytes + 10;
constexpr std::size_t tcp_checksum_at =
    packet::ethernet_header::untagged_bytes + packet::ipv4_header::min_bytes + packet::tcp_header::checksum_offset;

constexpr std::size_t window_at = packet::ethernet_header::untagged_bytes + packet::ipv4_header::min_bytes + 14;

struct tcp_fast_path : testing::Test {
  tcp_fast_path() {
    network.wire().set_features(1, {.rx_checksum = true, .tx_checksum = true, .connection_table = true});
    pair.emplace(connect_pair(network));
    // A conversation: ACKs wait for data then, and memory that was used before is at hand.
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(transfer(network, pair->client, pair->server, 64), "");
      EXPECT_EQ(transfer(network, pair->server, pair->client, 64), "");
    }
  }

  /// The next segment of the client, which is lost on the wire.
  std::vector<std::byte> next_frame(std::string_view text) {
    network.wire().set_filter([](int from, const captured_segment*) { return fate{.drop = from == 0}; });
    network.wire().clear_capture();
    EXPECT_EQ(pair->client.write(text), static_cast<ssize_t>(text.size()));
    network.wire().set_filter({});
    EXPECT_EQ(network.wire().capture().size(), 1U);
    return assemble(network.wire().capture().at(0), mac_of_end(0), mac_of_end(1));
  }

  packet::sk_buff as_received(std::span<const std::byte> frame) {
    packet::sk_buff skb;
    skb.frame = frame;
    skb.network_checksum = packet::ip_summed::unnecessary;
    skb.transport_checksum = packet::ip_summed::unnecessary;
    skb.table_hit = true;
    skb.handle = network.wire().connections(1).begin()->second;
    return skb;
  }

  virtual_network network;
  std::optional<connected_pair> pair;
};

TEST_F(tcp_fast_path, asks_for_no_memory) {
  if (!base::kmem_cache::keeps) GTEST_SKIP() << "under AddressSanitizer all memory goes back at once";
  const auto frame = next_frame("sixty-four bytes would do as well");
  const packet::sk_buff skb = as_received(frame);
  const std::uint64_t predicted = network.counter(1, "TcpExtTCPHPHits");
  const std::size_t before = allocations;
  network.host(1).ip().receive({&skb, 1});
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_EQ(network.counter(1, "TcpExtTCPHPHits") - predicted, 1U);
  EXPECT_EQ(pair->server.read().text(), "sixty-four bytes would do as well");
}

TEST_F(tcp_fast_path, takes_another_window_with_the_ack_of_all_that_is_in_flight) {
  network.run_for_ms(100);  // What was said before is acknowledged by then.
  EXPECT_EQ(pair->server.write("a question"), 10);
  network.run_for_ms(6);
  const tcp::tcp_sock& server = pair->server.sk();
  ASSERT_EQ(server.packets_out, 1U) << "its ACK waits for the answer";
  auto frame = next_frame("an answer");
  put16(frame, window_at, 5);
  const packet::sk_buff skb = as_received(frame);
  const std::uint64_t predicted = network.counter(1, "TcpExtTCPHPHits");
  network.host(1).ip().receive({&skb, 1});
  EXPECT_EQ(network.counter(1, "TcpExtTCPHPHits") - predicted, 1U);
  EXPECT_EQ(server.packets_out, 0U);
  EXPECT_EQ(server.snd_wnd, 5U << server.snd_wscale);
  EXPECT_EQ(pair->server.read().text(), "an answer");
}

TEST_F(tcp_fast_path, takes_another_window_the_long_way_if_that_is_all) {
  network.run_for_ms(100);
  auto frame = next_frame("nothing is in flight");
  put16(frame, window_at, 5);
  const packet::sk_buff skb = as_received(frame);
  const std::uint64_t predicted = network.counter(1, "TcpExtTCPHPHits");
  network.host(1).ip().receive({&skb, 1});
  EXPECT_EQ(network.counter(1, "TcpExtTCPHPHits"), predicted);
  EXPECT_EQ(pair->server.read().text(), "nothing is in flight");
}

TEST_F(tcp_fast_path, looks_nothing_up) {
  const auto frame = next_frame("found by its handle");
  const packet::sk_buff skb = as_received(frame);
  // Nobody who hashes the tuple finds the connection any more.
  ASSERT_TRUE(network.host(1).hashinfo().inet_unhash(pair->server.sk()));
  network.host(1).ip().receive({&skb, 1});
  EXPECT_EQ(pair->server.read().text(), "found by its handle");
}

TEST_F(tcp_fast_path, sums_nothing) {
  auto frame = next_frame("the device said that it is good");
  put16(frame, ip_checksum_at, 0x1234);
  put16(frame, tcp_checksum_at, 0x1234);
  const packet::sk_buff skb = as_received(frame);
  network.host(1).ip().receive({&skb, 1});
  EXPECT_EQ(pair->server.read().text(), "the device said that it is good");
  EXPECT_EQ(network.counter(1, "TcpInCsumErrors"), 0U);
}

TEST_F(tcp_fast_path, believes_the_device_in_nothing_else) {
  const auto whole = next_frame("and what does not fit goes the long way");
  // Cut off, for another host, a fragment, and with the handle of nobody.
  const auto receive_changed = [&](std::size_t at, std::uint16_t value) {
    auto frame = whole;
    put16(frame, at, value);
    const packet::sk_buff skb = as_received(frame);
    network.host(1).ip().receive({&skb, 1});
  };
  constexpr std::size_t ip_at = packet::ethernet_header::untagged_bytes;
  receive_changed(ip_at + 2, 9'999);
  EXPECT_EQ(network.counter(1, "IpExtInTruncatedPkts"), 1U);
  receive_changed(0, 0x0212);
  receive_changed(ip_at + 6, 0x2000);
  EXPECT_EQ(network.counter(1, "IpReasmReqds"), 1U);
  EXPECT_EQ(pair->server.read().result, -EAGAIN);
  packet::sk_buff skb = as_received(whole);
  skb.handle ^= 1;
  const std::uint64_t stale = network.counter(1, "TcpTableStale");
  network.host(1).ip().receive({&skb, 1});
  EXPECT_EQ(network.counter(1, "TcpTableStale") - stale, 1U);
  EXPECT_EQ(pair->server.read().text(), "and what does not fit goes the long way");
}

}  // namespace
}  // namespace fourtuple::support
