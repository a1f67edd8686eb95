// SPDX-License-Identifier: Apache-2.0
// Ten thousand connections live for an hour of simulated time on a path that loses a segment now and then: each sends
// requests of its own at times of its own, and some are closed and opened again. Not a byte is lost or wrong, nobody is
// reset, and when all is over both stacks are as empty as they were in the beginning.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <queue>
#include <vector>

#include "host/sock/inet_hashinfo.hpp"
#include "tests/support/virtual_network.hpp"

namespace fourtuple::support {
namespace {

constexpr std::size_t connections = 10'000;
constexpr std::uint16_t first_port = 3'000;
constexpr std::uint16_t listeners = 8;
constexpr std::uint64_t hour_ns = 3'600 * base::ns_per_s;
constexpr std::uint64_t mean_gap_ns = 60 * base::ns_per_s;
constexpr std::size_t largest_message_bytes = 3'000;  // More than two segments.
constexpr unsigned lost_per_mille = 1;
constexpr unsigned reopened_per_mille = 20;

/// What a connection has sent and not yet seen come back.
struct conversation {
  tcp::tcp_sock* client = nullptr;
  tcp::tcp_sock* server = nullptr;
  std::uint64_t sent = 0;      ///< By the client, in all.
  std::uint64_t echoed = 0;    ///< By the server.
  std::uint64_t returned = 0;  ///< Seen by the client, and compared.
};

/// When a conversation does something next.
struct appointment {
  std::uint64_t at_ns;
  std::size_t who;
  bool operator>(const appointment& other) const {
    return at_ns != other.at_ns ? at_ns > other.at_ns : who > other.who;
  }
};

/// The n-th byte of every connection's stream.
std::byte stream_byte(std::uint64_t n) { return static_cast<std::byte>((n * 131 + (n >> 9)) & 0xff); }

class long_haul {
 public:
  long_haul() : network_(settings()), random_(99), all_(connections) {
    network_.wire().set_filter([this](int, const captured_segment* segment) {
      return fate{.drop = segment != nullptr && random_.chance(lost_per_mille)};
    });
    for (std::uint16_t i = 0; i < listeners; ++i) {
      tcp::tcp_sock& listener = network_.tcp(1).create();
      EXPECT_EQ(network_.tcp(1).bind(listener, {}, static_cast<std::uint16_t>(first_port + i)), 0);
      EXPECT_EQ(network_.tcp(1).listen(listener, 4096), 0);
      listeners_.push_back(&listener);
    }
  }

  void run() {
    for (std::size_t i = 0; i < connections; ++i) {
      open(i);
      meet_again(i);
    }
    const std::uint64_t end_ns = network_.clock().now_ns() + hour_ns;
    while (!appointments_.empty() && appointments_.top().at_ns < end_ns && !testing::Test::HasFailure()) {
      const appointment next = appointments_.top();
      appointments_.pop();
      let_pass(next.at_ns);
      act(all_[next.who], next.who);
      meet_again(next.who);
    }
    finish();
  }

  std::uint64_t bytes_returned = 0;
  std::uint64_t reopened = 0;

 private:
  static network_settings settings() {
    network_settings chosen;
    for (auto& host : chosen.host) host.ehash_entries = 16'384;
    return chosen;
  }

  void let_pass(std::uint64_t until_ns) {
    while (network_.step(until_ns)) {
      // What was sent is not looked at here, and there would be millions of it.
      network_.wire().clear_capture();
    }
  }

  void meet_again(std::size_t who) {
    const std::uint64_t gap_ns = random_.next() % (2 * mean_gap_ns);
    appointments_.push({network_.clock().now_ns() + gap_ns, who});
  }

  void open(std::size_t who) {
    conversation& c = all_[who];
    c = {};
    const auto index = static_cast<std::uint16_t>(who % listeners);
    c.client = &network_.tcp(0).create();
    const auto port = static_cast<std::uint16_t>(first_port + index);
    ASSERT_EQ(network_.tcp(0).connect(*c.client, address_of_end[1], port), -EINPROGRESS);
    int error = 0;
    ASSERT_TRUE(
        network_.run_until([&] { return (c.server = network_.tcp(1).accept(*listeners_[index], error)) != nullptr; }));
    ASSERT_EQ(network_.tcp(0).connect(*c.client, address_of_end[1], port), 0);
    network_.wire().clear_capture();
  }

  void act(conversation& c, std::size_t who) {
    collect(c);
    if (random_.chance(reopened_per_mille)) {
      finish_one(c);
      open(who);
      ++reopened;
      return;
    }
    std::array<std::byte, largest_message_bytes> message;
    const std::size_t bytes = 1 + random_.next() % largest_message_bytes;
    for (std::size_t i = 0; i < bytes; ++i) message[i] = stream_byte(c.sent + i);
    const std::span<const std::byte> piece{message.data(), bytes};
    ASSERT_EQ(network_.tcp(0).sendmsg(*c.client, {&piece, 1}, 0), static_cast<ssize_t>(bytes));
    c.sent += bytes;
  }

  /// The server sends back what has come, the client compares what has come back: mostly that of the time before.
  void collect(conversation& c) {
    std::array<std::byte, 65'536> buffer;
    ssize_t n = 0;
    while ((n = network_.tcp(1).recvmsg(*c.server, buffer, 0)) > 0) {
      const std::span<const std::byte> piece{buffer.data(), static_cast<std::size_t>(n)};
      ASSERT_EQ(network_.tcp(1).sendmsg(*c.server, {&piece, 1}, 0), n);
      c.echoed += static_cast<std::uint64_t>(n);
    }
    ASSERT_EQ(n, -EAGAIN);
    while ((n = network_.tcp(0).recvmsg(*c.client, buffer, 0)) > 0) {
      for (ssize_t i = 0; i < n; ++i) {
        ASSERT_EQ(buffer[static_cast<std::size_t>(i)], stream_byte(c.returned + static_cast<std::uint64_t>(i)));
      }
      c.returned += static_cast<std::uint64_t>(n);
      bytes_returned += static_cast<std::uint64_t>(n);
    }
    ASSERT_EQ(n, -EAGAIN);
  }

  void finish_one(conversation& c) {
    const auto complete = [&] {
      collect(c);
      return c.returned == c.sent;
    };
    ASSERT_TRUE(network_.run_until(complete)) << c.sent << " sent, " << c.returned << " came back";
    network_.tcp(0).close(*c.client);
    std::array<std::byte, 1> end;
    ASSERT_TRUE(network_.run_until([&] { return network_.tcp(1).recvmsg(*c.server, end, 0) == 0; }));
    network_.tcp(1).close(*c.server);
    network_.wire().clear_capture();
  }

  void finish() {
    for (conversation& c : all_) {
      finish_one(c);
      if (testing::Test::HasFailure()) return;
    }
    for (tcp::tcp_sock* listener : listeners_) network_.tcp(1).close(*listener);
    let_pass(network_.clock().now_ns() + 120 * base::ns_per_s);  // The last TIME_WAIT.
    for (int host = 0; host < 2; ++host) {
      sock::inet_hashinfo& tables = network_.host(host).hashinfo();
      EXPECT_EQ(tables.ehash().size(), 0U);
      for (std::uint32_t i = 0; i < tables.bhash().size(); ++i) EXPECT_EQ(tables.bhash().chain(i), nullptr);
      EXPECT_EQ(network_.counter(host, "TcpEstabResets"), 0U);
      EXPECT_EQ(network_.counter(host, "TcpAttemptFails"), 0U);
      EXPECT_GT(network_.counter(host, "TcpRetransSegs"), 0U) << "nothing was lost";
    }
  }

  virtual_network network_;
  seeded_random random_;
  std::vector<tcp::tcp_sock*> listeners_;
  std::vector<conversation> all_;
  std::priority_queue<appointment, std::vector<appointment>, std::greater<>> appointments_;
};

TEST(long_haul, an_hour_of_ten_thousand_connections) {
  long_haul haul;
  haul.run();
  EXPECT_GT(haul.bytes_returned, std::uint64_t{500} * 1'000 * 1'000);
  EXPECT_GT(haul.reopened, 5'000U);
}

}  // namespace
}  // namespace fourtuple::support
