// SPDX-License-Identifier: Apache-2.0
// What waits for a device that is full, and what is turned away.
#include "host/ip/qdisc.hpp"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <vector>

namespace fourtuple::ip {
namespace {

// A device with room for a number of frames; remembers the first header byte of each.
class small_device final : public net_device {
 public:
  std::size_t room = 0;
  unsigned queues = 1;
  std::optional<unsigned> full;  ///< One of the queues.
  std::vector<std::byte> sent;
  unsigned flushes = 0;
  net_device_receiver* receiver = nullptr;

  [[nodiscard]] net_device_features features() const noexcept override { return {.rx_checksum = true}; }
  [[nodiscard]] packet::mac_address address() const noexcept override { return {{1, 2, 3, 4, 5, 6}}; }
  [[nodiscard]] std::uint16_t mtu() const noexcept override { return 1400; }
  [[nodiscard]] unsigned num_tx_queues() const noexcept override { return queues; }
  [[nodiscard]] unsigned pick_tx(const packet::tx_sk_buff& skb) const noexcept override {
    return std::to_integer<unsigned>(skb.headers()[0]) % queues;
  }
  void set_receiver(net_device_receiver& to) noexcept override { receiver = &to; }
  [[nodiscard]] netdev_tx xmit(const packet::tx_sk_buff& skb) override {
    if (room == 0 || full == pick_tx(skb)) return netdev_tx::busy;
    --room;
    sent.push_back(skb.headers()[0]);
    return netdev_tx::ok;
  }
  void flush() override { ++flushes; }
  void connection_insert(const packet::connection_tuple&, std::uint32_t) override { ++inserted; }
  void connection_delete(const packet::connection_tuple&) override { ++deleted; }
  unsigned inserted = 0;
  unsigned deleted = 0;
};

class stack_above final : public net_device_receiver {
 public:
  unsigned wakes = 0;
  std::size_t received = 0;
  void receive(std::span<const packet::sk_buff> list) override { received += list.size(); }
  void tx_wake() override { ++wakes; }
};

packet::tx_sk_buff frame(int number, std::span<const std::byte> payload = {}) {
  packet::tx_sk_buff skb;
  skb.push(14)[0] = static_cast<std::byte>(number);
  EXPECT_TRUE(skb.append(payload));
  return skb;
}

struct qdisc_test : testing::Test {
  small_device device;
  stack_above above;
  qdisc queue{device, 3};
  std::array<std::byte, 10> payload{};

  qdisc_test() { queue.set_receiver(above); }
  [[nodiscard]] std::vector<int> sent() const {
    std::vector<int> numbers;
    for (const std::byte byte : device.sent) numbers.push_back(std::to_integer<int>(byte));
    return numbers;
  }
};

TEST_F(qdisc_test, a_device_with_room_gets_everything_at_once) {
  device.room = 2;
  EXPECT_EQ(queue.xmit(frame(1)), netdev_tx::ok);
  EXPECT_EQ(queue.xmit(frame(2, payload)), netdev_tx::ok);
  EXPECT_EQ(sent(), (std::vector{1, 2}));
  EXPECT_EQ(queue.queued(), 0U);
}

TEST_F(qdisc_test, a_full_device_turns_payload_away_and_keeps_the_rest_for_later) {
  EXPECT_EQ(queue.xmit(frame(1, payload)), netdev_tx::busy);
  EXPECT_EQ(queue.xmit(frame(2)), netdev_tx::ok);
  EXPECT_EQ(queue.xmit(frame(3, payload)), netdev_tx::busy);
  EXPECT_EQ(queue.xmit(frame(4)), netdev_tx::ok);
  EXPECT_TRUE(sent().empty());
  device.room = 1;
  device.receiver->tx_wake();
  EXPECT_EQ(sent(), (std::vector{2}));
  EXPECT_EQ(above.wakes, 0U) << "there is no room yet for those above";
  // Does not overtake what waits, though the device would take it.
  device.room = 5;
  EXPECT_EQ(queue.xmit(frame(5)), netdev_tx::ok);
  device.receiver->tx_wake();
  EXPECT_EQ(sent(), (std::vector{2, 4, 5}));
  EXPECT_EQ(above.wakes, 1U);
  EXPECT_GE(device.flushes, 1U);
}

// A device with two transmit queues, of which the second one's frames have odd numbers.
TEST_F(qdisc_test, a_full_queue_holds_up_nobody_else_s_frames) {
  device.queues = 2;
  device.full = 1;
  device.room = 10;
  EXPECT_EQ(queue.num_tx_queues(), 2U);
  EXPECT_EQ(queue.xmit(frame(1)), netdev_tx::ok);
  EXPECT_EQ(queue.xmit(frame(3, payload)), netdev_tx::busy);
  EXPECT_EQ(queue.xmit(frame(5)), netdev_tx::ok);
  EXPECT_EQ(queue.xmit(frame(2)), netdev_tx::ok);
  EXPECT_EQ(queue.xmit(frame(4, payload)), netdev_tx::ok);
  EXPECT_EQ(sent(), (std::vector{2, 4}));
  // The other queue's flows have reason to go on, though this one is full still.
  device.receiver->tx_wake();
  EXPECT_EQ(above.wakes, 1U);
  EXPECT_EQ(sent(), (std::vector{2, 4}));
  device.full.reset();
  device.receiver->tx_wake();
  EXPECT_EQ(sent(), (std::vector{2, 4, 1, 5}));
  EXPECT_EQ(queue.queued(), 2U);
}

TEST_F(qdisc_test, it_is_bounded_and_counts_what_is_lost) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(queue.xmit(frame(i)), netdev_tx::ok);
  EXPECT_EQ(queue.queued(), 3U);
  EXPECT_EQ(queue.dropped(), 2U);
  device.room = 10;
  device.receiver->tx_wake();
  EXPECT_EQ(sent(), (std::vector{0, 1, 2}));
}

TEST_F(qdisc_test, everything_else_is_the_device_s) {
  EXPECT_EQ(queue.mtu(), 1400);
  EXPECT_EQ(queue.address(), device.address());
  EXPECT_TRUE(queue.features().rx_checksum);
  queue.connection_insert({}, 1);
  queue.connection_delete({});
  EXPECT_EQ(device.inserted + device.deleted, 2U);
  const std::array<packet::sk_buff, 2> list{};
  device.receiver->receive(list);
  EXPECT_EQ(above.received, 2U);
}

}  // namespace
}  // namespace fourtuple::ip
