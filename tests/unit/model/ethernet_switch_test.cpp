// SPDX-License-Identifier: Apache-2.0
// The switch: it learns and forgets, floods what it does not know, keeps order, takes the time that a port's rate asks
// for, and drops and marks where its queue says.
#include "model/wire/ethernet_switch.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "model/sim/time.hpp"

namespace fourtuple::model::wire {
namespace {

constexpr std::uint64_t gbit = 1'000'000'000;
constexpr std::uint64_t forwarding_ps = 500'000;

struct arrival {
  std::uint64_t time_ps;
  std::vector<std::byte> bytes;
};

// A station at each port; frames go in and come out without a link, so that times are the switch's own.
class ethernet_switch_test : public testing::Test {
 protected:
  struct station {
    frame_out out;
    frame_in in;
    std::vector<arrival> received;
    explicit station(std::size_t number)
        : out(("out_" + std::to_string(number)).c_str()),
          in(("in_" + std::to_string(number)).c_str(), [this](frame&& content, sc_core::sc_time at) {
            received.push_back({sim::to_ps(at), std::move(content.bytes)});
          }) {}
  };

  void build(std::size_t ports, ethernet_switch_config config = {}) {
    config.port_rates_bits_per_s.assign(ports, gbit);
    config.forwarding_ps = forwarding_ps;
    device_ = std::make_unique<ethernet_switch>("switch", config);
    for (std::size_t i = 0; i < ports; ++i) {
      stations_.push_back(std::make_unique<station>(i));
      stations_[i]->out.socket.bind(device_->from_link(i).socket);
      device_->to_link(i).socket.bind(stations_[i]->in.socket);
    }
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
  }

  // Stations have the addresses 02:00:00:00:00:0N, and a frame without further content is of 60 bytes.
  static std::vector<std::byte> bytes(std::uint8_t to, std::uint8_t from, std::size_t length = 60) {
    std::vector<std::byte> result(length);
    result[0] = std::byte{2};
    result[5] = std::byte{to};
    result[6] = std::byte{2};
    result[11] = std::byte{from};
    return result;
  }
  void send(std::size_t port, std::vector<std::byte> content, std::uint64_t delay_ps = 0, bool bad = false) {
    stations_[port]->out.send({.bytes = std::move(content), .bad = bad}, sim::from_ps(delay_ps));
  }
  void run_us(double time) { sc_core::sc_start(sc_core::sc_time(time, sc_core::SC_US)); }
  [[nodiscard]] const std::vector<arrival>& received(std::size_t port) const { return stations_[port]->received; }

  std::unique_ptr<ethernet_switch> device_;
  std::vector<std::unique_ptr<station>> stations_;
};

TEST_F(ethernet_switch_test, floods_what_it_does_not_know_and_learns_who_is_where) {
  build(3);
  send(0, bytes(1, 0));
  run_us(10);
  EXPECT_EQ(received(0).size(), 0U);
  EXPECT_EQ(received(1).size(), 1U);
  EXPECT_EQ(received(2).size(), 1U);
  send(1, bytes(0, 1));
  run_us(10);
  EXPECT_EQ(received(0).size(), 1U);
  EXPECT_EQ(received(2).size(), 1U) << "the answer goes to the one who asked alone";
  send(0, bytes(1, 0));
  run_us(10);
  EXPECT_EQ(received(1).size(), 2U);
  EXPECT_EQ(received(2).size(), 1U);
  EXPECT_EQ(device_->counters(0).flooded, 1U);
  EXPECT_EQ(device_->addresses(), 2U);
}

TEST_F(ethernet_switch_test, sends_groups_to_all_others) {
  build(3);
  std::vector<std::byte> broadcast = bytes(0, 0);
  std::fill_n(broadcast.begin(), 6, std::byte{0xff});
  send(0, broadcast);
  run_us(10);
  EXPECT_EQ(received(0).size(), 0U);
  EXPECT_EQ(received(1).size(), 1U);
  EXPECT_EQ(received(2).size(), 1U);
}

TEST_F(ethernet_switch_test, takes_forwarding_time_and_then_the_ports_rate) {
  build(2);
  for (int i = 0; i < 3; ++i) send(0, bytes(1, 0, 1'000), 1'000'000);
  run_us(100);
  ASSERT_EQ(received(1).size(), 3U);
  // When the first bit may leave: the link behind adds the frame's own time.
  const std::uint64_t frame_ps = (1'000 + 24) * 8 * 1'000;
  EXPECT_EQ(received(1)[0].time_ps, 1'000'000 + forwarding_ps);
  EXPECT_EQ(received(1)[1].time_ps, received(1)[0].time_ps + frame_ps);
  EXPECT_EQ(received(1)[2].time_ps, received(1)[1].time_ps + frame_ps);
}

TEST_F(ethernet_switch_test, handles_frames_in_the_order_of_their_arrival_whoever_calls_first) {
  build(3);
  send(0, bytes(2, 0), 5'000);
  send(1, bytes(2, 1), 4'000);
  run_us(10);
  ASSERT_EQ(received(2).size(), 2U);
  EXPECT_EQ(received(2)[0].bytes[11], std::byte{1});
  EXPECT_EQ(received(2)[1].bytes[11], std::byte{0});
}

TEST_F(ethernet_switch_test, drops_what_its_queue_has_no_room_for) {
  build(2, {.port_rates_bits_per_s = {}, .queue_bytes = 3'000});
  for (int i = 0; i < 5; ++i) send(0, bytes(1, 0, 1'000));
  run_us(100);
  EXPECT_EQ(received(1).size(), 3U);
  EXPECT_EQ(device_->counters(1).dropped_queue_full, 2U);
  EXPECT_EQ(device_->counters(1).sent, 3U);
  EXPECT_EQ(device_->counters(1).queue_most_bytes, 3'000U);
  EXPECT_EQ(device_->counters(0).received, 5U);
}

TEST_F(ethernet_switch_test, marks_congestion_above_its_threshold) {
  build(2, {.port_rates_bits_per_s = {}, .queue_bytes = 100'000, .mark_above_bytes = 1'500});
  std::vector<std::byte> packet = bytes(1, 0, 1'000);
  packet[12] = std::byte{0x08};
  packet[14] = std::byte{0x45};
  packet[15] = std::byte{0x02};  // ECT(0).
  packet[16] = std::byte{(1'000 - 14) >> 8};
  packet[17] = std::byte{(1'000 - 14) & 0xff};
  for (int i = 0; i < 4; ++i) send(0, packet);
  run_us(100);
  ASSERT_EQ(received(1).size(), 4U);
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(std::to_integer<int>(received(1)[i].bytes[15] & std::byte{3}), i < 2 ? 2 : 3) << i;
  EXPECT_EQ(device_->counters(1).congestion_marked, 2U);
}

TEST_F(ethernet_switch_test, drops_bad_frames_and_what_is_for_the_same_port) {
  build(2);
  send(0, bytes(1, 0), 0, true);
  send(0, std::vector<std::byte>(13));
  run_us(10);
  EXPECT_EQ(device_->counters(0).dropped_bad, 2U);
  EXPECT_EQ(device_->addresses(), 0U) << "nothing is learnt from them";
  send(0, bytes(9, 8));
  run_us(10);
  send(0, bytes(8, 9));
  run_us(10);
  EXPECT_EQ(device_->counters(0).dropped_local, 1U);
}

TEST_F(ethernet_switch_test, learns_no_more_than_it_can_and_forgets_the_old) {
  build(2, {.port_rates_bits_per_s = {}, .most_addresses = 2, .ageing_ps = 50'000'000});
  for (std::uint8_t from = 10; from < 20; ++from) send(0, bytes(1, from));
  run_us(20);
  EXPECT_EQ(device_->addresses(), 2U);
  const std::uint64_t flooded = device_->counters(1).flooded;
  send(1, bytes(10, 1));
  run_us(10);
  EXPECT_EQ(device_->counters(1).flooded, flooded) << "known";
  run_us(60);
  send(1, bytes(10, 1));
  run_us(10);
  EXPECT_EQ(device_->counters(1).flooded, flooded + 1) << "too long ago";
  EXPECT_EQ(device_->addresses(), 1U) << "its place is free for another one";
}

TEST(ethernet_switch_config, says_what_is_wrong) {
  EXPECT_TRUE(config_error(ethernet_switch_config{}));
  EXPECT_TRUE(config_error(ethernet_switch_config{.port_rates_bits_per_s = {1, 0}}));
  EXPECT_TRUE(config_error(
      ethernet_switch_config{.port_rates_bits_per_s = {1, 1}, .queue_bytes = 100, .mark_above_bytes = 100}));
  EXPECT_FALSE(config_error(ethernet_switch_config{.port_rates_bits_per_s = {1, 1}}));
}

}  // namespace
}  // namespace fourtuple::model::wire
