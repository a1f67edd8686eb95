// SPDX-License-Identifier: Apache-2.0
// The device's connection table: installed when established, used on receive, never trusted, removed at the end.
#include <gtest/gtest.h>

#include <cerrno>

#include "host/sock/inet_hashinfo.hpp"
#include "tests/support/virtual_network.hpp"

namespace fourtuple::support {
namespace {

struct tcp_table : testing::Test {
  tcp_table() { network.wire().set_features(1, {.connection_table = true}); }

  packet::connection_tuple tuple_of(const connected_pair& pair) {
    const auto local = network.tcp(1).local_endpoint(pair.server.sk());
    const auto peer = network.tcp(1).peer_endpoint(pair.server.sk());
    return {local.address, peer.address, local.port, peer.port};
  }

  virtual_network network;
};

TEST_F(tcp_table, hits_once_established) {
  const connected_pair pair = connect_pair(network);
  ASSERT_EQ(network.wire().connections(1).size(), 1U);
  EXPECT_EQ(network.wire().connections(1).begin()->first, tuple_of(pair));
  const std::uint64_t misses = network.counter(1, "TcpTableMisses");
  EXPECT_EQ(transfer(network, pair.client, pair.server, 100'000), "");
  EXPECT_GT(network.counter(1, "TcpTableHits"), 60U);
  EXPECT_EQ(network.counter(1, "TcpTableMisses"), misses);
  EXPECT_TRUE(network.wire().connections(0).empty()) << "this device has no table";
}

TEST_F(tcp_table, is_cleared_at_the_end) {
  const connected_pair pair = connect_pair(network);
  pair.server.close();
  network.run_for_ms(20);
  pair.client.close();
  network.run_for_ms(50);
  EXPECT_TRUE(network.wire().connections(1).empty());
}

TEST_F(tcp_table, handle_of_another_connection_is_not_believed) {
  const connected_pair first = connect_pair(network, 2222);
  const connected_pair second = connect_pair(network, 2223);
  const auto handle_of_second = network.wire().connections(1).at(tuple_of(second));
  network.wire().force_handle(1, tuple_of(first), handle_of_second);
  EXPECT_EQ(transfer(network, first.client, first.server, 50'000), "");
  EXPECT_EQ(second.server.read().result, -EAGAIN);
  EXPECT_GT(network.counter(1, "TcpTableStale"), 30U);
}

TEST_F(tcp_table, handle_that_was_never_given_is_not_believed) {
  const connected_pair pair = connect_pair(network);
  for (const std::uint32_t handle : {0U, 0xffffffffU, 0x00200000U, 12345U}) {
    network.wire().force_handle(1, tuple_of(pair), handle);
    EXPECT_EQ(transfer(network, pair.client, pair.server, 20'000), "") << handle;
  }
}

TEST(tcp_rxhash, hash_of_a_device_is_believed_if_it_was_said_that_secrets_are_the_same) {
  virtual_network network;
  network.wire().set_hash_secret(1, network.host(1).hashinfo().ehash().secret());
  network.tcp(1).set_rxhash(true);
  const connected_pair pair = connect_pair(network);
  EXPECT_EQ(transfer(network, pair.client, pair.server, 20'000), "");
  // Where the hash of another secret leads to, there is no such connection.
  network.wire().set_hash_secret(1, network.host(1).hashinfo().ehash().secret() + 1);
  EXPECT_EQ(pair.client.write("lost"), 4);
  network.run_for_ms(50);
  EXPECT_EQ(pair.client.read().result, -ECONNRESET);
}

TEST(tcp_rxhash, hash_of_a_device_is_not_believed_otherwise) {
  virtual_network network;
  network.wire().set_hash_secret(1, network.host(1).hashinfo().ehash().secret() + 1);
  const connected_pair pair = connect_pair(network);
  EXPECT_EQ(transfer(network, pair.client, pair.server, 20'000), "");
}

}  // namespace
}  // namespace fourtuple::support
