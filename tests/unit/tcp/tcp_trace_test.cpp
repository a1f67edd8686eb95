// SPDX-License-Identifier: Apache-2.0
// What an observer of the stack is told: the functions of a handshake in Linux's order, states with what they were
// before, a loss and its repair; and nothing once it no longer listens.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <vector>

#include "host/sock/inet_hashinfo.hpp"
#include "host/tcp/tcp_trace.hpp"
#include "tests/support/virtual_network.hpp"

namespace fourtuple::support {
namespace {

class recorder final : public tcp::tcp_observer {
 public:
  void on_trace(const tcp::trace_event& event) noexcept override {
    std::string line(name_of(event.what));
    if (event.what == tcp::tracepoint::inet_sock_set_state)
      line.append(" ").append(name_of(event.old_state)).append(" ").append(name_of(event.new_state));
    lines.push_back(line);
    tuples.push_back(event.tuple);
    bytes.push_back(event.bytes);
  }
  [[nodiscard]] std::vector<std::string> without(const std::string& name) const {
    std::vector<std::string> rest;
    std::ranges::copy_if(lines, std::back_inserter(rest), [&](const auto& line) { return line != name; });
    return rest;
  }
  [[nodiscard]] std::size_t count(const std::string& name) const {
    return static_cast<std::size_t>(std::ranges::count(lines, name));
  }
  std::vector<std::string> lines;
  std::vector<packet::connection_tuple> tuples;
  std::vector<std::uint32_t> bytes;
};

TEST(tcp_trace, handshake_in_linux_order) {
  virtual_network network;
  recorder client;
  recorder server;
  network.tcp(0).set_observer(&client);
  network.tcp(1).set_observer(&server);
  static_cast<void>(connect_pair(network));
  const std::vector<std::string> active = {"inet_sock_set_state TCP_CLOSE TCP_SYN_SENT", "tcp_v4_connect", "tcp_v4_rcv",
                                           "tcp_rcv_synsent_state_process",
                                           "inet_sock_set_state TCP_SYN_SENT TCP_ESTABLISHED"};
  EXPECT_EQ(client.without("tcp_probe"), active);
  const std::vector<std::string> passive = {"inet_sock_set_state TCP_CLOSE TCP_LISTEN",
                                            "tcp_v4_rcv",
                                            "tcp_conn_request",
                                            "inet_csk_reqsk_queue_hash_add",
                                            "tcp_send_synack",
                                            "tcp_v4_rcv",
                                            "tcp_check_req",
                                            "inet_sock_set_state TCP_NEW_SYN_RECV TCP_SYN_RECV",
                                            "inet_csk_complete_hashdance",
                                            "inet_sock_set_state TCP_SYN_RECV TCP_ESTABLISHED",
                                            "inet_csk_accept"};
  EXPECT_EQ(server.without("tcp_probe"), passive);
  EXPECT_EQ(server.tuples.back().local_port, 2222);
  EXPECT_EQ(server.tuples.back().local, address_of_end[1]);
  EXPECT_EQ(server.tuples.back().foreign_port, client.tuples.back().local_port);
}

TEST(tcp_trace, loss_and_repair) {
  virtual_network network;
  const connected_pair pair = connect_pair(network);
  recorder client;
  recorder server;
  network.tcp(0).set_observer(&client);
  network.tcp(1).set_observer(&server);
  int segment = 0;
  network.wire().set_filter([&](int end, const captured_segment* s) {
    fate f;
    f.drop = s != nullptr && end == 0 && !s->payload.empty() && ++segment == 2;
    return f;
  });
  ASSERT_EQ(transfer(network, pair.client, pair.server, 20'000), "");
  network.run_for_ms(100);
  EXPECT_EQ(client.count("tcp_enter_recovery"), 1U);
  EXPECT_GE(client.count("tcp_retransmit_skb"), 1U);
  EXPECT_EQ(client.count("tcp_retransmit_skb"), network.counter(0, "TcpRetransSegs"));
  EXPECT_EQ(client.count("tcp_end_cwnd_reduction"), 1U);
  EXPECT_GT(server.count("tcp_data_queue_ofo"), 0U);
  const auto sent_again = std::ranges::find(client.lines, "tcp_retransmit_skb") - client.lines.begin();
  EXPECT_GT(client.bytes[static_cast<std::size_t>(sent_again)], 1000U);
}

TEST(tcp_trace, orderly_end_and_silence_afterwards) {
  virtual_network network;
  const connected_pair pair = connect_pair(network);
  recorder client;
  network.tcp(0).set_observer(&client);
  pair.client.close();
  network.run_for_ms(100);
  pair.server.close();
  network.run_for_ms(100);
  EXPECT_EQ(client.count("tcp_send_fin"), 1U);
  // FIN_WAIT2 is a small sock already.
  EXPECT_EQ(client.count("tcp_time_wait"), 1U);
  EXPECT_EQ(client.lines.back(), "tcp_timewait_state_process");
  network.tcp(0).set_observer(nullptr);
  const std::size_t before = client.lines.size();
  network.run_for_ms(120'000);
  EXPECT_EQ(client.lines.size(), before);
  EXPECT_EQ(network.host(0).hashinfo().ehash().size(), 0U);
}

}  // namespace
}  // namespace fourtuple::support
