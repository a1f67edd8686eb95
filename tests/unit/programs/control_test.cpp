// SPDX-License-Identifier: Apache-2.0
// The world's socket: who may connect, what a request needs, and what a client that breaks the rules can do.
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <random>

#include "tests/unit/programs/hostile_clients.hpp"
#include "tests/unit/programs/world_fixture.hpp"

namespace fourtuple::programs {
namespace {

using control_test = world_fixture;

TEST_F(control_test, the_socket_is_the_users_alone_and_goes_away) {
  struct stat status {};
  ASSERT_EQ(::stat((directory / "w").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  server.reset();
  EXPECT_FALSE(std::filesystem::exists(directory / "w"));
}

TEST_F(control_test, a_directory_that_others_can_write_to_is_refused) {
  std::filesystem::permissions(directory, std::filesystem::perms::all);
  const auto opened = control_socket::open(directory / "other");
  ASSERT_TRUE(std::holds_alternative<std::string>(opened));
  EXPECT_NE(std::get<std::string>(opened).find("does not belong to you alone"), std::string::npos);
}

TEST_F(control_test, a_name_in_use_is_refused_and_one_left_behind_is_taken_over) {
  EXPECT_TRUE(std::holds_alternative<std::string>(control_socket::open(directory / "w")));
  {
    // As if its world had been killed: bound, and nobody listens.
    const descriptor left(::socket(AF_UNIX, SOCK_SEQPACKET, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (directory / "left").string().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(left.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  EXPECT_TRUE(std::holds_alternative<control_socket>(control_socket::open(directory / "left")));
  std::ofstream(directory / "file") << "a file";
  EXPECT_TRUE(std::holds_alternative<std::string>(control_socket::open(directory / "file")));
  EXPECT_TRUE(std::filesystem::is_regular_file(directory / "file"));
}

TEST_F(control_test, names_of_hosts_resolve) {
  preload::request what;
  what.op = preload::operation::resolve;
  const answer found = ask(what, std::as_bytes(std::span("server", 6)));
  EXPECT_EQ(found.result, 0);
  EXPECT_EQ(found.payload.size(), 4U);
  EXPECT_EQ(ask(what, std::as_bytes(std::span("nobody", 6))).result, -ENOENT);
  EXPECT_EQ(ask(what, std::as_bytes(std::span("ser\0er", 6))).result, -ENOENT);
}

TEST_F(control_test, without_a_descriptor_of_a_socket_nothing_can_be_said_about_it) {
  connect_both();
  preload::request what;
  what.op = preload::operation::getpeername;
  EXPECT_EQ(ask(what).result, -ENOTSOCK);
  const descriptor file(::open("/dev/null", O_RDONLY));
  EXPECT_EQ(ask(what, {}, file.get()).result, -ENOTSOCK);
  EXPECT_EQ(server->counters().wrong_descriptors, 2U);
}

TEST_F(control_test, a_socket_of_the_same_name_elsewhere_is_not_the_socket) {
  connect_both();
  sockaddr_un name{};
  socklen_t length = sizeof name;
  ASSERT_EQ(::getsockname(near.get(), reinterpret_cast<sockaddr*>(&name), &length), 0);
  // The name alone can be had: names of datagram sockets are others than those of stream sockets.
  const descriptor forged(::socket(AF_UNIX, SOCK_DGRAM, 0));
  ASSERT_EQ(::bind(forged.get(), reinterpret_cast<const sockaddr*>(&name), length), 0);
  preload::request what;
  what.op = preload::operation::shutdown;
  what.argument = SHUT_RDWR;
  EXPECT_EQ(ask(what, {}, forged.get()).result, -ENOTSOCK);
  EXPECT_EQ(write(near, "unharmed"), 8);
  run_ms();
  EXPECT_EQ(read(far), "unharmed");
}

TEST_F(control_test, messages_that_are_not_exactly_so_end_the_connection) {
  const auto ends = [&](preload::request what, std::size_t bytes) {
    const descriptor connection = connect_to_world();
    std::vector<std::byte> message(std::max(bytes, sizeof what));
    std::memcpy(message.data(), &what, sizeof what);
    ::send(connection.get(), message.data(), bytes, 0);
    serve();
    char byte = 0;
    return ::recv(connection.get(), &byte, 1, MSG_DONTWAIT) == 0;
  };
  preload::request good;
  good.op = preload::operation::resolve;
  preload::request wrong_magic = good;
  wrong_magic.magic = 1;
  preload::request reserved = good;
  reserved.reserved = 1;
  preload::request longer = good;
  longer.payload_bytes = 100;
  preload::request unknown = good;
  unknown.op = static_cast<preload::operation>(999);
  EXPECT_FALSE(ends(good, sizeof good));
  EXPECT_TRUE(ends(wrong_magic, sizeof good));
  EXPECT_TRUE(ends(reserved, sizeof good));
  EXPECT_TRUE(ends(longer, sizeof good));
  EXPECT_TRUE(ends(good, sizeof good + 1));
  EXPECT_TRUE(ends(good, sizeof good - 1));
  EXPECT_TRUE(ends(good, sizeof good + preload::most_payload_bytes + 1));
  EXPECT_TRUE(ends(unknown, sizeof good));
  EXPECT_EQ(server->counters().malformed, 7U);
}

TEST_F(control_test, sleepers_are_woken_in_time_and_not_before) {
  const descriptor connection = connect_to_world();
  const std::uint64_t until_ns = hosts.network.clock().now_ns() + 30 * base::ns_per_ms;
  preload::request what;
  what.op = preload::operation::sleep_until;
  send_request(connection.get(), what, std::as_bytes(std::span(&until_ns, 1)));
  serve();
  EXPECT_EQ(server->next_wake_up_ns(), until_ns);
  run_ms(20);
  server->wake_sleepers();
  EXPECT_FALSE(receive_answer(connection.get()).connected);
  run_ms(20);
  server->wake_sleepers();
  EXPECT_TRUE(receive_answer(connection.get()).connected);
  EXPECT_EQ(server->next_wake_up_ns(), base::never_ns);
}

// Random messages, half of them nearly right, from clients that hold sockets of their own, mixed with honest traffic.
TEST_F(control_test, random_clients_disturb_nobody) {
  connect_both();
  std::mt19937 generator(20'250'101);
  hostile_clients hostile(*this, [&generator] { return static_cast<std::uint32_t>(generator()); });
  for (int round = 0; round < 20'000; ++round) {
    hostile.round();
    if (round % 16 != 0) continue;
    const std::string text = "round " + std::to_string(round);
    ASSERT_EQ(write(near, text), static_cast<ssize_t>(text.size()));
    run_ms(12);
    ASSERT_EQ(read(far), text);
  }
  EXPECT_GT(server->counters().malformed, 100U);
  EXPECT_GT(server->counters().requests, 10'000U);
}

}  // namespace
}  // namespace fourtuple::programs
