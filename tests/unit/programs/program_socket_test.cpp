// SPDX-License-Identifier: Apache-2.0
// What a program sees of its socket: that the kernel's socketpair shows what TCP would, and the other way round.
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "tests/unit/programs/world_fixture.hpp"

namespace fourtuple::programs {
namespace {

using program_socket_test = world_fixture;

std::string number(int error) { return "errno " + std::to_string(error); }

TEST_F(program_socket_test, bytes_go_both_ways) {
  connect_both();
  EXPECT_EQ(write(near, "question"), 8);
  run_ms();
  EXPECT_EQ(read(far), "question");
  EXPECT_EQ(write(far, "answer"), 6);
  run_ms();
  EXPECT_EQ(read(near), "answer");
  EXPECT_EQ(read(near), number(EAGAIN));
  EXPECT_EQ(events(near), POLLOUT);
}

TEST_F(program_socket_test, a_socket_that_connects_is_not_writable_until_it_is_connected) {
  fill_listener(2222);
  near = socket("client");
  EXPECT_EQ(connect(near, 2222, server_address).result, 0);
  EXPECT_EQ(events(near), 0);
  EXPECT_EQ(write(near, "early"), -EAGAIN);
  EXPECT_EQ(connect(near, 2222, server_address).result, -EALREADY);
  run_ms();
  EXPECT_EQ(events(near), POLLOUT);
  EXPECT_EQ(option(near, SOL_SOCKET, SO_ERROR), 0);
  EXPECT_EQ(write(near, "now"), 3);
  run_ms();
  far = accept(listener);
  EXPECT_EQ(read(far), "now");
  EXPECT_EQ(connect(near, 2222, server_address).result, 1);
  EXPECT_EQ(connect(near, 2222, server_address).result, -EISCONN);
}

TEST_F(program_socket_test, a_refused_connection_shows_all_that_tcp_shows) {
  near = socket("client");
  EXPECT_EQ(connect(near, 2222, server_address).result, 0);
  run_ms();
  // Linux: tcp_poll of a socket in CLOSE with sk_err set.
  EXPECT_EQ(events(near), POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
  EXPECT_EQ(option(near, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
  EXPECT_EQ(option(near, SOL_SOCKET, SO_ERROR), 0);
}

TEST_F(program_socket_test, a_refused_connection_can_be_tried_again_on_the_same_socket) {
  near = socket("client");
  EXPECT_EQ(connect(near, 2222, server_address).result, 0);
  run_ms();
  EXPECT_EQ(connect(near, 2222, server_address).result, -ECONNREFUSED);
  fill_listener(2222);
  answer again = connect(near, 2222, server_address);
  EXPECT_EQ(again.result, 0);
  ASSERT_TRUE(again.carried.valid());
  near = std::move(again.carried);
  run_ms();
  EXPECT_EQ(events(near), POLLOUT);
  EXPECT_EQ(write(near, "second"), 6);
  run_ms();
  far = accept(listener);
  EXPECT_EQ(read(far), "second");
}

TEST_F(program_socket_test, half_close_is_an_end_of_file_behind_the_bytes_and_the_other_way_goes_on) {
  connect_both();
  EXPECT_EQ(write(near, "last words"), 10);
  ::shutdown(near.get(), SHUT_WR);
  run_ms();
  EXPECT_EQ(events(far), POLLIN | POLLOUT | POLLRDHUP);
  EXPECT_EQ(read(far), "last words");
  EXPECT_EQ(read(far), "");
  EXPECT_EQ(write(far, "reply"), 5);
  run_ms();
  EXPECT_EQ(read(near), "reply");
  far.reset();
  run_ms();
  EXPECT_EQ(read(near), "");
  near.reset();
  listener.reset();
  run_ms();
  EXPECT_EQ(server->sockets().size(), 0U);
}

TEST_F(program_socket_test, close_sends_what_was_written_and_then_fin) {
  connect_both();
  EXPECT_EQ(write(near, "all of it"), 9);
  near.reset();
  run_ms();
  EXPECT_EQ(read(far), "all of it");
  EXPECT_EQ(read(far), "");
  EXPECT_EQ(hosts.network.counter(0, "TcpOutRsts"), 0U);
  // The listener and the end that is still open.
  EXPECT_EQ(server->sockets().size(), 2U);
}

TEST_F(program_socket_test, close_with_unread_bytes_is_a_reset) {
  connect_both();
  EXPECT_EQ(write(far, "nobody reads this"), 17);
  run_ms();
  near.reset();
  run_ms();
  EXPECT_EQ(hosts.network.counter(0, "TcpOutRsts"), 1U);
  EXPECT_EQ(option(far, SOL_SOCKET, SO_ERROR), ECONNRESET);
  EXPECT_EQ(read(far), "");
  EXPECT_EQ(events(far), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
}

TEST_F(program_socket_test, a_reset_comes_behind_the_bytes_that_were_there) {
  connect_both();
  EXPECT_EQ(write(near, "before"), 6);
  run_ms();
  const linger abort{.l_onoff = 1, .l_linger = 0};
  EXPECT_EQ(set(near, SOL_SOCKET, SO_LINGER, &abort, sizeof abort), 0);
  near.reset();
  run_ms();
  EXPECT_EQ(read(far), "before");
  EXPECT_EQ(read(far), "");
  EXPECT_EQ(option(far, SOL_SOCKET, SO_ERROR), ECONNRESET);
  EXPECT_EQ(write(far, "x"), -EPIPE);
}

TEST_F(program_socket_test, data_for_a_program_that_has_closed_is_answered_with_a_reset) {
  connect_both();
  near.reset();
  run_ms();
  EXPECT_EQ(read(far), "");
  EXPECT_EQ(write(far, "too late"), 8);
  run_ms();
  EXPECT_EQ(option(far, SOL_SOCKET, SO_ERROR), EPIPE);
}

TEST_F(program_socket_test, a_descriptor_that_was_duplicated_keeps_the_connection) {
  connect_both();
  const descriptor copy(::dup(near.get()));
  near.reset();
  run_ms();
  EXPECT_EQ(events(far), POLLOUT);
  EXPECT_EQ(write(copy, "still here"), 10);
  run_ms();
  EXPECT_EQ(read(far), "still here");
}

TEST_F(program_socket_test, a_reader_that_is_slow_stops_the_writer) {
  connect_both();
  // Small buffers, so that it is over soon.
  const int bytes = 4096;
  EXPECT_EQ(set(near, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), 0);
  const std::string piece(16384, 'x');
  std::size_t written = 0;
  for (int idle = 0; idle < 20;) {
    const ssize_t sent = write(near, piece);
    if (sent > 0) written += static_cast<std::size_t>(sent);
    idle = sent > 0 ? 0 : idle + 1;
    run_ms(20);
  }
  // Two pairs, a send and a receive buffer; nothing grows without end.
  EXPECT_GT(written, 100'000U);
  EXPECT_LT(written, 2'000'000U);
  EXPECT_EQ(events(near), 0);
  std::size_t received = 0;
  for (int idle = 0; idle < 20;) {
    const std::string got = read(far, 65536);
    const bool any = !got.starts_with("errno");
    if (any) received += got.size();
    idle = any ? 0 : idle + 1;
    if (!any) run_ms(20);
  }
  EXPECT_EQ(received, written);
  EXPECT_EQ(events(near), POLLOUT);
}

TEST_F(program_socket_test, shutdown_of_both_directions_is_not_a_close) {
  connect_both();
  ::shutdown(near.get(), SHUT_RDWR);
  run_ms();
  EXPECT_EQ(read(far), "");
  EXPECT_EQ(server->sockets().size(), 3U);
  near.reset();
  for (int i = 0; i < 64; ++i) serve(), server->serve_files();
  EXPECT_EQ(server->sockets().size(), 2U);
}

TEST_F(program_socket_test, only_as_many_connections_are_taken_as_the_program_accepts) {
  listener = socket("server");
  ASSERT_EQ(bind(listener, 2222), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  std::vector<descriptor> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(socket("client"));
    EXPECT_EQ(connect(clients.back(), 2222, server_address).result, 0);
    run_ms(100);
  }
  // One in the message, and backlog + 1 in the stack's queue. The last one's SYN was dropped, and comes again.
  EXPECT_EQ(hosts.network.counter(1, "TcpPassiveOpens"), 3U);
  EXPECT_EQ(events(clients[2]), POLLOUT);
  EXPECT_EQ(events(clients[3]), 0);
  const descriptor first = accept(listener);
  EXPECT_TRUE(first.valid());
  run_ms(5'000);
  EXPECT_EQ(events(clients[3]), POLLOUT);
}

TEST_F(program_socket_test, connections_that_nobody_accepted_are_reset_with_their_listener) {
  fill_listener(2222);
  near = socket("client");
  descriptor second = socket("client");
  EXPECT_EQ(connect(near, 2222, server_address).result, 0);
  EXPECT_EQ(connect(second, 2222, server_address).result, 0);
  run_ms();
  listener.reset();
  run_ms();
  EXPECT_EQ(option(near, SOL_SOCKET, SO_ERROR), ECONNRESET);
  EXPECT_EQ(option(second, SOL_SOCKET, SO_ERROR), ECONNRESET);
  near.reset();
  second.reset();
  for (int i = 0; i < 64; ++i) serve(), server->serve_files();
  EXPECT_EQ(server->sockets().size(), 0U);
}

TEST_F(program_socket_test, options_and_addresses_are_the_stacks) {
  connect_both();
  const int on = 1;
  EXPECT_EQ(set(near, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
  EXPECT_EQ(option(near, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option(near, SOL_SOCKET, SO_DOMAIN), AF_INET);
  EXPECT_EQ(option(listener, SOL_SOCKET, SO_ACCEPTCONN), 1);
  preload::request what;
  what.op = preload::operation::getpeername;
  const answer peer = ask(what, {}, near.get());
  sockaddr_in in{};
  ASSERT_EQ(peer.payload.size(), sizeof in);
  std::memcpy(&in, peer.payload.data(), sizeof in);
  EXPECT_EQ(ntohl(in.sin_addr.s_addr), server_address);
  EXPECT_EQ(ntohs(in.sin_port), 2222);
  const descriptor third = socket("server");
  EXPECT_EQ(bind(third, 2222), -EADDRINUSE);
  EXPECT_EQ(bind(third, 80, 0x7f000001), preload::outside);
  EXPECT_EQ(connect(third, 80, 0x08080808).result, preload::outside);
}

TEST_F(program_socket_test, a_close_that_lingers_is_answered_when_the_peer_has_everything) {
  connect_both();
  const linger option{.l_onoff = 1, .l_linger = 10};
  EXPECT_EQ(set(near, SOL_SOCKET, SO_LINGER, &option, sizeof option), 0);
  const descriptor connection = connect_to_world();
  preload::request what;
  what.op = preload::operation::linger;
  EXPECT_EQ(write(near, "to the end"), 10);
  send_request(connection.get(), what, {}, near.get());
  serve();
  EXPECT_EQ(receive_answer(connection.get()).result, 10);
  near.reset();
  what.op = preload::operation::closed;
  send_request(connection.get(), what, {});
  serve();
  EXPECT_FALSE(receive_answer(connection.get()).connected);
  // A round trip, and the peer's delayed ACK.
  run_ms(100);
  EXPECT_TRUE(receive_answer(connection.get()).connected);
  EXPECT_EQ(read(far), "to the end");
}

}  // namespace
}  // namespace fourtuple::programs
