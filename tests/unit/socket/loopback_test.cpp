// SPDX-License-Identifier: Apache-2.0
// A host that talks to itself: by its own address, by 127.0.0.0/8 and by no address at all.
#include <netinet/tcp.h>

#include <array>
#include <vector>

#include "tests/unit/socket/socket_fixture.hpp"

namespace fourtuple::socket {
namespace {

using support::address_in;
using support::address_of_end;
using support::generic;

constexpr packet::ipv4_address localhost = packet::ipv4_address::loopback();
constexpr packet::ipv4_address localhost_9{0x7f000009};

/// Both ends are of the client's host; no frame may leave it.
class loopback : public socket_fixture {
 protected:
  void SetUp() override {
    hosts.network.wire().set_filter([this](int, const support::captured_segment*) {
      ++frames_on_wire;
      return support::fate{};
    });
  }
  void TearDown() override { EXPECT_EQ(frames_on_wire, 0); }

  int listen_at(packet::ipv4_address address, std::uint16_t port = 80) {
    const int fd = client.socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in in = address_in(address, port);
    EXPECT_EQ(client.bind(fd, generic(in), sizeof in), 0);
    EXPECT_EQ(client.listen(fd, 5), 0);
    return fd;
  }
  int connect_to(packet::ipv4_address address, std::uint16_t port = 80) {
    const int fd = client.socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in in = address_in(address, port);
    const int result = client.connect(fd, generic(in), sizeof in);
    return result == 0 ? fd : result;
  }
  std::uint32_t name(int fd, bool peer) {
    sockaddr_in in{};
    socklen_t length = sizeof in;
    EXPECT_EQ(peer ? client.getpeername(fd, generic(in), &length) : client.getsockname(fd, generic(in), &length), 0);
    return ntohl(in.sin_addr.s_addr);
  }

  int frames_on_wire = 0;
};

TEST_F(loopback, both_ends_of_one_host) {
  struct row {
    packet::ipv4_address bound, named, source, destination;
  };
  const packet::ipv4_address own = address_of_end[0];
  const std::array rows{row{{}, own, own, own}, row{{}, localhost, localhost, localhost},
                        row{localhost_9, localhost_9, localhost, localhost_9}, row{own, own, own, own},
                        row{{}, {}, localhost, localhost}};
  std::uint16_t port = 80;
  for (const row& r : rows) {
    const int at = listen_at(r.bound, ++port);
    near = connect_to(r.named, port);
    ASSERT_GE(near, 0) << port;
    far = client.accept(at, nullptr, nullptr);
    ASSERT_GE(far, 0);
    EXPECT_EQ(name(near, false), r.source.value);
    EXPECT_EQ(name(near, true), r.destination.value);
    EXPECT_EQ(name(far, false), r.destination.value);
    EXPECT_EQ(name(far, true), r.source.value);
    put(client, near, "there");
    EXPECT_EQ(get(client, far), "there");
    put(client, far, "and back");
    EXPECT_EQ(get(client, near), "and back");
    EXPECT_EQ(client.close(near), 0);
    EXPECT_EQ(get(client, far), "");
    EXPECT_EQ(client.close(far), 0);
  }
}

TEST_F(loopback, segments_are_as_large_as_linux_has_them_on_lo) {
  const int at = listen_at(localhost);
  near = connect_to(localhost);
  far = client.accept(at, nullptr, nullptr);
  tcp_info info{};
  socklen_t length = sizeof info;
  EXPECT_EQ(client.getsockopt(near, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
  EXPECT_EQ(info.tcpi_advmss, 65'483U) << "65495 without the timestamps' 12";
}

TEST_F(loopback, megabytes_both_ways) {
  const int at = listen_at({});
  near = connect_to(localhost);
  far = client.accept(at, nullptr, nullptr);
  constexpr std::size_t bytes = 3'000'000;
  std::vector<char> pattern(bytes);
  for (std::size_t i = 0; i < bytes; ++i) pattern[i] = static_cast<char>(i * 31 + i / 4093);
  const auto send_all = [&](int fd) {
    for (std::size_t sent = 0; sent < bytes;) {
      const ssize_t n = client.send(fd, pattern.data() + sent, bytes - sent, 0);
      ASSERT_GT(n, 0);
      sent += static_cast<std::size_t>(n);
    }
  };
  const auto receive_all = [&](int fd) {
    std::vector<char> got(bytes);
    for (std::size_t have = 0; have < bytes;) {
      const ssize_t n = client.recv(fd, got.data() + have, bytes - have, 0);
      ASSERT_GT(n, 0);
      have += static_cast<std::size_t>(n);
    }
    EXPECT_EQ(got, pattern);
  };
  hosts.threads.spawn([&] { send_all(near); });
  hosts.threads.spawn([&] { send_all(far); });
  hosts.threads.spawn([&] { receive_all(near); });
  receive_all(far);
  EXPECT_TRUE(hosts.threads.run_all());
  EXPECT_EQ(hosts.network.counter(0, "TcpRetransSegs"), 0U);
  EXPECT_EQ(hosts.network.counter(0, "LoopbackDropped"), 0U);
  EXPECT_EQ(hosts.network.counter(0, "IpFragFails"), 0U);
  EXPECT_LT(hosts.network.counter(0, "LoopbackPackets"), 1'000U) << "units go whole";
}

TEST_F(loopback, nobody_listens) { EXPECT_EQ(connect_to(localhost, 81), -ECONNREFUSED); }

// RFC 9293 3.10.7.3 (figure 8): a socket that connects to itself opens simultaneously, in Linux as well.
TEST_F(loopback, a_socket_may_talk_to_itself) {
  near = client.socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in in = address_in(localhost, 7777);
  ASSERT_EQ(client.bind(near, generic(in), sizeof in), 0);
  ASSERT_EQ(client.connect(near, generic(in), sizeof in), 0);
  put(client, near, "echo");
  EXPECT_EQ(get(client, near), "echo");
}

TEST_F(loopback, its_addresses_stay_in_the_host) {
  near = client.socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in in = address_in(localhost, 0);
  ASSERT_EQ(client.bind(near, generic(in), sizeof in), 0);
  const sockaddr_in out = address_in(address_of_end[1], 80);
  EXPECT_EQ(client.connect(near, generic(out), sizeof out), -EINVAL);
}

TEST_F(loopback, is_listed) {
  const int at = listen_at(localhost, 631);
  near = connect_to(localhost, 631);
  far = client.accept(at, nullptr, nullptr);
  const std::string listing = hosts.network.tcp(0).diag(false);
  EXPECT_NE(listing.find("127.0.0.1:631"), std::string::npos) << listing;
  std::size_t established = 0;
  for (std::size_t at_text = 0; (at_text = listing.find("ESTAB", at_text)) != std::string::npos; ++at_text) {
    ++established;
  }
  EXPECT_EQ(established, 2U) << listing;
}

}  // namespace
}  // namespace fourtuple::socket
