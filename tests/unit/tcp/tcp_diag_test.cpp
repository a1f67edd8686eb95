// SPDX-License-Identifier: Apache-2.0
// The listing of sockets: what ss would show of listeners, connections and TIME_WAIT, and the numbers of connections.
#include <gtest/gtest.h>

#include <string>

#include "host/tcp/tcp.hpp"
#include "tests/support/virtual_network.hpp"

namespace fourtuple::support {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(tcp_diag, shows_listener_connection_and_time_wait) {
  virtual_network network;
  const connected_pair pair = connect_pair(network);
  const std::string server = network.tcp(1).diag(false);
  EXPECT_TRUE(has(server, "State   Recv-Q  Send-Q  Local Address:Port")) << server;
  EXPECT_TRUE(has(server, "LISTEN  0       8       *:2222")) << server;
  EXPECT_TRUE(has(server, "ESTAB   0       0       192.168.0.2:2222")) << server;
  EXPECT_LT(server.find("LISTEN"), server.find("ESTAB"));
  EXPECT_FALSE(has(server, "cwnd:"));

  EXPECT_EQ(pair.client.write(std::string(100, 'x')), 100);
  const std::string sending = network.tcp(0).diag(true);
  EXPECT_TRUE(has(sending, "ESTAB  0       100 ")) << sending;
  EXPECT_TRUE(has(sending, " cubic ")) << sending;
  EXPECT_TRUE(has(sending, " cwnd:10 ")) << sending;
  EXPECT_TRUE(has(sending, " unacked:1 ")) << sending;
  EXPECT_TRUE(has(sending, " rtt:")) << sending;
  network.run_for_ms(100);
  EXPECT_TRUE(has(network.tcp(1).diag(false), "ESTAB   100     0 ")) << network.tcp(1).diag(false);

  EXPECT_EQ(pair.server.read().bytes.size(), 100U);
  pair.client.close();
  network.run_for_ms(100);
  EXPECT_TRUE(has(network.tcp(0).diag(false), "FIN-WAIT-2  0")) << network.tcp(0).diag(false);
  // The FIN counts, as on Linux.
  EXPECT_TRUE(has(network.tcp(1).diag(false), "CLOSE-WAIT  1")) << network.tcp(1).diag(false);
  pair.server.close();
  network.run_for_ms(100);
  EXPECT_TRUE(has(network.tcp(0).diag(true), "TIME-WAIT  0       0 ")) << network.tcp(0).diag(true);
}

}  // namespace
}  // namespace fourtuple::support
