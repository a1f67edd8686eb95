// SPDX-License-Identifier: Apache-2.0
// The short ways of the host stack (header prediction, the ACK of a whole flight, a SYN's or a FIN's as well, the
// message of one segment) do what the long ways would: the same conversation over the same bad path, once with and once
// without them, is the same on the wire, segment by segment and to the nanosecond, leaves the same counters, and looks
// the same to TCP_INFO on its way. Units of GRO have no long way: what is not predicted is taken apart.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_sock.hpp"
#include "host/tcp/tcp_window.hpp"
#include "tests/support/frames.hpp"
#include "tests/support/virtual_network.hpp"

namespace fourtuple::support {
namespace {

/// How the path is, in events a thousand frames.
struct path {
  unsigned lost = 0;
  unsigned doubled = 0;
  unsigned overtaken = 0;
};

struct conversation {
  std::uint64_t seed = 1;
  path over;
  bool nic_knows_connections = true;
  bool of_many_connections = false;  ///< Which are hardly used, instead of one that is.
};

/// What is left of a conversation.
struct remains {
  std::vector<captured_segment> wire;
  std::map<std::string, std::uint64_t> counters;
  std::uint64_t predicted = 0;    ///< Segments that went the short way.
  std::vector<std::string> info;  ///< Listings of all connections with what TCP_INFO says, now and then.
};

/// Which way was gone is all that these count (in Linux, too).
bool tells_the_way(const std::string& name) {
  static const std::set<std::string> names{"TcpExtTCPHPHits", "TcpExtTCPHPAcks", "TcpExtTCPPureAcks"};
  return names.contains(name);
}

/// The window that would be offered next, the short way and the long way.
void expect_one_window(tcp::tcp_sock& sk) {
  const auto before = sk.net->counters;
  const std::uint32_t rcv_wnd = sk.rcv_wnd;
  const std::uint32_t rcv_wup = sk.rcv_wup;
  const tcp::icsk_ack_state ack = sk.icsk_ack;
  const bool header_prediction = sk.header_prediction;
  const auto select = [&](std::uint16_t (*way)(tcp::tcp_sock&) noexcept) {
    const std::uint16_t window = way(sk);
    const std::uint32_t offered = sk.rcv_wnd;
    sk.net->counters = before;
    sk.rcv_wnd = rcv_wnd;
    sk.rcv_wup = rcv_wup;
    sk.icsk_ack = ack;
    sk.header_prediction = header_prediction;
    return std::pair{window, offered};
  };
  EXPECT_EQ(select([](tcp::tcp_sock& tp) noexcept { return tcp::tcp_select_window(tp); }),
            select(tcp::tcp_select_window_slow));
}

class stage {
 public:
  stage(const conversation& what, bool short_ways)
      : what_(what), random_(what.seed), network_({.seed = what.seed, .host = {}}) {
    const ip::net_device_features features{
        .rx_checksum = true, .tx_checksum = true, .connection_table = what.nic_knows_connections};
    for (const int end : {0, 1}) {
      network_.wire().set_features(end, features);
      tcp::tcp_sock& any = network_.tcp(end).create();
      any.net->short_ways = short_ways;
      network_.tcp(end).close(any);
    }
    network_.wire().set_filter([this](int, const captured_segment*) { return next_fate(); });
  }

  remains play() {
    if (what_.of_many_connections) {
      open_and_end_many();
    } else {
      talk_at_length();
    }
    network_.run_for_ms(120'000);
    look();
    return {network_.wire().capture(), counters(),
            network_.counter(0, "TcpExtTCPHPHits") + network_.counter(1, "TcpExtTCPHPHits"), info_};
  }

 private:
  void talk_at_length() {
    const connected_pair pair = connect_pair(network_);
    for (const endpoint& end : {pair.client, pair.server}) end.set(IPPROTO_TCP, TCP_NODELAY, 1);
    for (int i = 0; i < 600; ++i) {
      const bool is_client = random_.chance(500);
      act(is_client ? pair.client : pair.server);
      // Now and then long enough for delayed ACKs, and for the pause after which cwnd starts anew.
      if (random_.chance(600)) network_.run_for_ms(random_.next() % (random_.chance(50) ? 1'500 : 30));
      for (const endpoint& end : {pair.client, pair.server}) expect_one_window(end.sk());
      if (i % 10 == 0) look();
    }
    pair.client.close();
    network_.run_for_ms(5'000);
    while (pair.server.read().result > 0) continue;
    pair.server.close();
  }

  void open_and_end_many() {
    constexpr std::uint16_t port = 2222;
    const endpoint listener{network_, 1, network_.tcp(1).create()};
    ASSERT_EQ(listener.tcp().bind(listener.sk(), {}, port), 0);
    ASSERT_EQ(listener.tcp().listen(listener.sk(), 64), 0);
    for (int i = 0; i < 200; ++i) {
      const endpoint client{network_, 0, network_.tcp(0).create()};
      ASSERT_EQ(client.tcp().connect(client.sk(), address_of_end[1], port), -EINPROGRESS);
      open_.push_back(client);
      for (std::uint64_t n = random_.next() % 5; n > 0; --n) {
        network_.run_for_ms(random_.next() % 12);
        accept_all(listener);
        use_or_end_one();
        look();
      }
    }
    while (!open_.empty()) use_or_end_one();
  }

  void accept_all(const endpoint& listener) {
    int error = 0;
    while (tcp::tcp_sock* child = listener.tcp().accept(listener.sk(), error)) open_.emplace_back(network_, 1, *child);
  }

  void use_or_end_one() {
    if (open_.empty()) return;
    const std::size_t which = random_.next() % open_.size();
    const endpoint end = open_[which];
    const std::uint64_t choice = random_.next() % 100;
    if (choice < 25) {
      end.write(pattern(sent_++, 1 + random_.next() % 3'000));
    } else if (choice < 45) {
      static_cast<void>(end.read(1 + random_.next() % 4'000));
    } else if (choice < 60) {
      end.shutdown(SHUT_WR);
    } else {
      const linger reset{choice < 75 ? 1 : 0, 0};
      end.tcp().setsockopt(end.sk(), SOL_SOCKET, SO_LINGER, std::as_bytes(std::span{&reset, 1}));
      end.close();
      open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
    }
  }

  void look() {
    for (const int end : {0, 1}) info_.push_back(network_.tcp(end).diag(true));
  }

  fate next_fate() {
    return {.drop = random_of_path_.chance(what_.over.lost),
            .copies = random_of_path_.chance(what_.over.doubled) ? 2U : 1U,
            .extra_delay_ns = random_of_path_.chance(what_.over.overtaken) ? random_of_path_.next() % 20'000'000 : 0};
  }

  /// Mostly short messages and reads; sometimes what fills several segments, or another option.
  void act(const endpoint& end) {
    const std::uint64_t choice = random_.next() % 100;
    if (choice < 50) {
      end.write(pattern(sent_, 1 + random_.next() % 200));
    } else if (choice < 60) {
      end.write(pattern(sent_, 1 + random_.next() % 20'000));
    } else if (choice < 95) {
      static_cast<void>(end.read(1 + random_.next() % (random_.chance(300) ? 100 : 65'536)));
    } else if (choice < 98) {
      end.set(IPPROTO_TCP, TCP_QUICKACK, static_cast<int>(random_.next() % 2));
    } else {
      end.set(IPPROTO_TCP, TCP_NODELAY, static_cast<int>(random_.next() % 2));
    }
    sent_ += 1000;
  }

  std::map<std::string, std::uint64_t> counters() {
    std::map<std::string, std::uint64_t> result;
    for (const int end : {0, 1}) {
      for (const auto& [name, value] : network_.host(end).counters()) {
        if (!tells_the_way(std::string(name))) result[std::to_string(end) + " " + std::string(name)] = value;
      }
    }
    return result;
  }

  conversation what_;
  seeded_random random_;
  seeded_random random_of_path_{what_.seed + 1000};
  std::uint64_t sent_ = 0;
  std::vector<std::string> info_;
  virtual_network network_;
  std::vector<endpoint> open_;
};

void expect_equal(const captured_segment& with, const captured_segment& without, std::size_t number) {
  const auto where = [&] { return "segment " + std::to_string(number); };
  ASSERT_EQ(with.time_ns, without.time_ns) << where();
  ASSERT_EQ(with.from_end, without.from_end) << where();
  ASSERT_EQ(with.tos, without.tos) << where();
  ASSERT_TRUE(with.header == without.header) << where();
  ASSERT_TRUE(with.options == without.options) << where();
  ASSERT_EQ(with.payload, without.payload) << where();
}

void expect_the_same(const conversation& what) {
  const remains with = stage(what, true).play();
  const remains without = stage(what, false).play();
  for (std::size_t i = 0; i < std::min(with.wire.size(), without.wire.size()); ++i) {
    expect_equal(with.wire[i], without.wire[i], i);
    if (testing::Test::HasFatalFailure()) return;
  }
  EXPECT_EQ(with.wire.size(), without.wire.size());
  EXPECT_GT(with.wire.size(), 500U);
  EXPECT_GT(with.predicted, what.of_many_connections ? 0U : 100U);
  EXPECT_EQ(without.predicted, 0U);
  EXPECT_EQ(with.counters, without.counters);
  // The first that differs says it all; each is several lines.
  EXPECT_EQ(with.info.size(), without.info.size());
  const auto [one, other] = std::ranges::mismatch(with.info, without.info);
  if (one != with.info.end() && other != without.info.end()) {
    EXPECT_EQ(*one, *other);
  }
}

class short_ways : public testing::TestWithParam<std::uint64_t> {};

TEST_P(short_ways, over_a_good_path) { expect_the_same({.seed = GetParam(), .over = {}}); }
TEST_P(short_ways, over_a_bad_path) {
  expect_the_same({.seed = GetParam(), .over = {.lost = 20, .doubled = 10, .overtaken = 20}});
}
TEST_P(short_ways, behind_a_device_that_knows_no_connections) {
  expect_the_same({.seed = GetParam(), .over = {.lost = 5, .overtaken = 5}, .nic_knows_connections = false});
}
TEST_P(short_ways, of_many_connections_that_are_hardly_used) {
  expect_the_same({.seed = GetParam(), .over = {}, .of_many_connections = true});
}
TEST_P(short_ways, of_many_connections_over_a_bad_path) {
  expect_the_same(
      {.seed = GetParam(), .over = {.lost = 40, .doubled = 20, .overtaken = 40}, .of_many_connections = true});
}

INSTANTIATE_TEST_SUITE_P(conversations, short_ways, testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace fourtuple::support
