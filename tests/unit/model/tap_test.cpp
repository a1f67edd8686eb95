// SPDX-License-Identifier: Apache-2.0
// The TAP port, with a socket in the kernel's place and, where a network namespace can be made, with the Linux kernel:
// it answers an ARP request that comes out of the simulation. And what is said when a device cannot be opened.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "model/sim/paced_run.hpp"
#include "model/sim/time.hpp"
#include "model/wire/link.hpp"
#include "model/wire/tap_port.hpp"

namespace fourtuple::model {
namespace {

using sim::from_ns;
using testing::HasSubstr;
using wire::file_descriptor;
using wire::open_tap_device;

/// A tap_port at end b of a link; end a is the test's.
struct bench {
  explicit bench(file_descriptor device) : tap("tap", std::move(device)) {
    out.socket.bind(wire.from_a().socket);
    wire.to_a().socket.bind(in.socket);
    tap.out().socket.bind(wire.from_b().socket);
    wire.to_b().socket.bind(tap.in().socket);
  }
  wire::link wire{"wire", {.rate_bits_per_s = 1'000'000'000, .propagation_delay_ps = 1'000'000}};
  wire::tap_port tap;
  wire::frame_out out{"out"};
  wire::frame_in in{"in", [this](wire::frame&& content, sc_core::sc_time arrival) {
                      got.push_back(std::move(content));
                      arrivals.push_back(arrival);
                    }};
  std::vector<wire::frame> got;
  std::vector<sc_core::sc_time> arrivals;
};

std::pair<file_descriptor, file_descriptor> socket_pair() {
  std::array<int, 2> ends{-1, -1};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends.data()), 0);
  return {file_descriptor(ends[0]), file_descriptor(ends[1])};
}

wire::frame frame_of(std::size_t length, unsigned fill, bool bad = false) {
  return {.bytes = std::vector<std::byte>(length, static_cast<std::byte>(fill)), .bad = bad};
}

TEST(tap_port, writes_frames_when_they_arrive_but_not_bad_ones) {
  auto [device, kernel] = socket_pair();
  bench b(std::move(device));
  b.out.send(frame_of(100, 1), from_ns(0));
  b.out.send(frame_of(100, 2, true), from_ns(0));
  b.out.send(frame_of(20, 3), from_ns(0));
  std::array<std::byte, 2'000> buffer{};
  // 112 bytes at 8 ns, and 1 us.
  sc_core::sc_start(from_ns(1'895));
  EXPECT_EQ(read(kernel.value(), buffer.data(), buffer.size()), -1);
  sc_core::sc_start(from_ns(2));
  EXPECT_EQ(read(kernel.value(), buffer.data(), buffer.size()), 100);
  EXPECT_EQ(buffer[99], std::byte{1});
  sc_core::sc_start(from_ns(10'000));
  EXPECT_EQ(read(kernel.value(), buffer.data(), buffer.size()), 60);
  EXPECT_EQ(buffer[19], std::byte{3});
  EXPECT_EQ(buffer[20], std::byte{0});
  EXPECT_EQ(read(kernel.value(), buffer.data(), buffer.size()), -1);
  EXPECT_EQ(b.tap.counters().to_kernel, 2U);
  EXPECT_EQ(b.tap.counters().bad, 1U);
}

TEST(tap_port, counts_what_the_kernel_does_not_take) {
  auto [device, kernel] = socket_pair();
  bench b(std::move(device));
  kernel = file_descriptor();
  b.out.send(frame_of(100, 1), from_ns(0));
  sc_core::sc_start(from_ns(10'000));
  EXPECT_EQ(b.tap.counters().refused, 1U);
  EXPECT_EQ(b.tap.counters().to_kernel, 0U);
}

TEST(tap_port, frames_of_the_kernel_enter_now_in_order_and_not_all_at_once) {
  auto [device, kernel] = socket_pair();
  bench b(std::move(device));
  sc_core::sc_start(from_ns(5'000));
  std::size_t written = 0;
  for (unsigned i = 0; i < 200; ++i)
    if (write(kernel.value(), frame_of(42, i).bytes.data(), 42) == 42) ++written;
  ASSERT_GT(written, 1U);
  b.tap.receive();
  EXPECT_LE(b.got.size(), 64U);
  while (b.got.size() < written) b.tap.receive();
  EXPECT_EQ(b.arrivals[0], from_ns(5'000 + 72 * 8 + 1'000));
  for (std::size_t i = 0; i < written; ++i) {
    EXPECT_EQ(b.got[i].bytes.size(), 60U);
    EXPECT_EQ(b.got[i].bytes[0], static_cast<std::byte>(i));
  }
  b.tap.receive();
  EXPECT_EQ(b.got.size(), written);
  EXPECT_EQ(b.tap.counters().from_kernel, written);
  EXPECT_EQ(b.tap.counters().read_errors, 0U);
}

std::string error_of(const std::string& name) {
  const auto result = open_tap_device(name);
  return std::holds_alternative<std::string>(result) ? std::get<std::string>(result) : "opened";
}

TEST(tap_device, says_what_is_wrong_with_a_name) {
  EXPECT_THAT(error_of(""), HasSubstr("must have a name"));
  EXPECT_THAT(error_of("a-name-too-long1"), HasSubstr("too long: at most 15"));
  EXPECT_THAT(error_of("tap%d"), HasSubstr("not allowed"));
  EXPECT_THAT(error_of("../x"), HasSubstr("not allowed"));
}

/// Puts the process into a network of its own; with a user namespace if it has no privileges. The reason if not.
std::string enter_network_namespace() {
  if (unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0) return {};
  return std::string("cannot make a network namespace: ") + std::strerror(errno);
}

TEST(tap_device, a_device_has_one_user_and_other_devices_are_no_tap_devices) {
  if (const std::string reason = enter_network_namespace(); !reason.empty()) GTEST_SKIP() << reason;
  const auto first = open_tap_device("fourtuple0");
  if (const auto* reason = std::get_if<std::string>(&first)) GTEST_SKIP() << *reason;
  EXPECT_THAT(error_of("fourtuple0"), HasSubstr("another program uses it"));
  EXPECT_THAT(error_of("lo"), HasSubstr("not a TAP device"));
}

/// Brings the device up with an IPv4 address, as ip(8) does.
void configure(const std::string& name, const char* address) {
  const file_descriptor control(socket(AF_INET, SOCK_DGRAM, 0));
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  sockaddr_in inet{};
  inet.sin_family = AF_INET;
  ASSERT_EQ(inet_pton(AF_INET, address, &inet.sin_addr), 1);
  std::memcpy(&request.ifr_addr, &inet, sizeof inet);
  ASSERT_EQ(ioctl(control.value(), SIOCSIFADDR, &request), 0) << std::strerror(errno);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  ASSERT_EQ(ioctl(control.value(), SIOCSIFFLAGS, &request), 0) << std::strerror(errno);
}

/// RFC 826: who has 192.0.2.1? Tell 02:00:00:00:00:01, 192.0.2.2.
wire::frame arp_request() {
  constexpr std::array<unsigned, 42> bytes = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,   1, 0x08, 0x06,
                                              0,    1,    8,    0,    6,    4,    0, 1, 2, 0, 0,   0, 0,    1,
                                              192,  0,    2,    2,    0,    0,    0, 0, 0, 0, 192, 0, 2,    1};
  wire::frame content;
  for (const unsigned byte : bytes) content.bytes.push_back(static_cast<std::byte>(byte));
  return content;
}

TEST(tap_device, a_real_kernel_answers_through_a_paced_run) {
  if (const std::string reason = enter_network_namespace(); !reason.empty()) GTEST_SKIP() << reason;
  auto opened = open_tap_device("fourtuple0");
  if (const auto* reason = std::get_if<std::string>(&opened)) GTEST_SKIP() << *reason;
  bench b(std::move(std::get<file_descriptor>(opened)));
  configure("fourtuple0", "192.0.2.1");
  sim::posix_wall world;
  sim::paced_run run(world);
  run.add_input(b.tap.device_file(), [&] { b.tap.receive(); });
  b.out.send(arp_request(), from_ns(0));
  const auto answered = [&] {
    return std::any_of(b.got.begin(), b.got.end(), [](const wire::frame& content) {
      constexpr std::array reply = {std::byte{8}, std::byte{6}, std::byte{0}, std::byte{1}, std::byte{8},
                                    std::byte{0}, std::byte{6}, std::byte{4}, std::byte{0}, std::byte{2}};
      return std::equal(reply.begin(), reply.end(), content.bytes.begin() + 12);
    });
  };
  const std::atomic<bool> stop = false;
  EXPECT_EQ(run.run(from_ns(60'000'000'000), stop, answered), sim::paced_end::done);
  EXPECT_EQ(b.tap.counters().to_kernel, 1U);
}

}  // namespace
}  // namespace fourtuple::model
