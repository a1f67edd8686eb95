// SPDX-License-Identifier: Apache-2.0
// The world's socket: who may connect, what a request needs, and what a client that breaks the rules can do.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
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

TEST_F(control_test, sockets_are_listed_of_one_host_or_of_all) {
  connect_both();
  const auto listed = [&](std::string_view host) -> std::string {
    preload::request what;
    what.op = preload::operation::show;
    const answer got = ask(what, std::as_bytes(std::span(host.data(), host.size())));
    if (got.result != 0) return "errno " + std::to_string(-got.result);
    std::string text(65536, '\0');
    const ssize_t bytes = ::pread(got.carried.get(), text.data(), text.size(), 0);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(bytes, 0)));
    return text;
  };
  const std::string all = listed("");
  EXPECT_NE(all.find("client at "), std::string::npos) << all;
  EXPECT_NE(all.find("LISTEN"), std::string::npos) << all;
  EXPECT_NE(all.find("192.168.0.2:2222"), std::string::npos) << all;
  EXPECT_EQ(listed("client").find("LISTEN"), std::string::npos);
  EXPECT_EQ(listed("nobody"), "errno " + std::to_string(ENOENT));
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

// A socket of the kernel whose close() waits an hour: its peer has stopped reading, and SO_LINGER says so.
class lingering_socket {
 public:
  lingering_socket() {
    const descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof in;
    auto* const address = reinterpret_cast<sockaddr*>(&in);
    EXPECT_EQ(::bind(listener.get(), address, sizeof in), 0);
    EXPECT_EQ(::listen(listener.get(), 1), 0);
    EXPECT_EQ(::getsockname(listener.get(), address, &length), 0);
    file_ = descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(file_.get(), address, sizeof in), 0);
    peer_ = descriptor(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const std::string much(1'000'000, 'x');
    while (::send(file_.get(), much.data(), much.size(), MSG_DONTWAIT) > 0) {
    }
    const linger hour{.l_onoff = 1, .l_linger = 3600};
    EXPECT_EQ(::setsockopt(file_.get(), SOL_SOCKET, SO_LINGER, &hour, sizeof hour), 0);
  }
  [[nodiscard]] int file() const { return file_.get(); }
  /// Leaves the copy that somebody was sent as the last one.
  void give_away() { file_.reset(); }
  /// Nothing is left to wait for.
  void release() { peer_.reset(); }

 private:
  descriptor file_;
  descriptor peer_;
};

bool send_text(int connection, std::string_view text, const std::vector<int>& files) {
  return world_fixture::send_packet(connection, std::as_bytes(std::span(text.data(), text.size())), files);
}

// If the world closed one of them itself, this test would take an hour.
TEST_F(control_test, a_descriptor_that_is_slow_to_close_holds_nobody_up) {
  connect_both();
  std::array<lingering_socket, 5> slow;
  preload::request good;
  good.op = preload::operation::getpeername;
  const std::string_view request(reinterpret_cast<const char*>(&good), sizeof good);
  // As the proof of a request; one too many; in a message of nonsense; in an empty one, and in one that is never read.
  const descriptor first = connect_to_world();
  EXPECT_TRUE(send_text(first.get(), request, {slow[0].file()}));
  const descriptor second = connect_to_world();
  EXPECT_TRUE(send_text(second.get(), request, {near.get(), slow[1].file()}));
  const descriptor third = connect_to_world();
  EXPECT_TRUE(send_text(third.get(), "nonsense", {slow[2].file()}));
  const descriptor fourth = connect_to_world();
  EXPECT_TRUE(send_text(fourth.get(), "", {slow[3].file()}));
  EXPECT_TRUE(send_text(fourth.get(), request, {slow[4].file()}));
  for (lingering_socket& one : slow) one.give_away();
  run_ms();
  EXPECT_EQ(write(near, "undisturbed"), 11);
  run_ms();
  EXPECT_EQ(read(far), "undisturbed");
  EXPECT_EQ(server->counters().malformed, 3U);
  EXPECT_EQ(server->counters().wrong_descriptors, 1U);
  for (lingering_socket& one : slow) one.release();
}

// Numbers of sockets can be guessed; their names cannot, so nobody can be there first.
TEST_F(control_test, a_name_cannot_be_taken_before_its_socket_is_made) {
  near = socket("client");
  sockaddr_un name{};
  socklen_t length = sizeof name;
  ASSERT_EQ(::getsockname(near.get(), reinterpret_cast<sockaddr*>(&name), &length), 0);
  const std::string text(name.sun_path, length - offsetof(sockaddr_un, sun_path));
  const std::size_t nonce = text.find(preload::nonce_separator);
  ASSERT_NE(nonce, std::string::npos);
  far = socket("client");
  length = sizeof name;
  ASSERT_EQ(::getsockname(far.get(), reinterpret_cast<sockaddr*>(&name), &length), 0);
  const std::string other(name.sun_path, length - offsetof(sockaddr_un, sun_path));
  EXPECT_NE(text.substr(nonce), other.substr(other.find(preload::nonce_separator)));
}

// Random messages, half of them nearly right, from clients that hold sockets of their own, mixed with honest traffic.
TEST_F(control_test, random_clients_disturb_nobody) {
  connect_both();
  std::mt19937 generator(20'250'101);
  hostile_clients hostile(
      *this, [&generator] { return static_cast<std::uint32_t>(generator()); }, "round");
  for (int round = 0; round < 20'000; ++round) {
    hostile.round();
    if (round % 16 != 0) continue;
    const std::string text = "round " + std::to_string(round);
    ASSERT_EQ(write(near, text), static_cast<ssize_t>(text.size()));
    run_ms(12);
    ASSERT_EQ(read(far), text);
  }
  EXPECT_EQ(hostile.stolen(), 0U);
  EXPECT_GT(server->counters().malformed, 100U);
  EXPECT_GT(server->counters().requests, 10'000U);
}

}  // namespace
}  // namespace fourtuple::programs
