// SPDX-License-Identifier: Apache-2.0
//
// Shows that driver and device understand each other: the driver on the functional model of the NIC, whose wire is
// looped back, so that what is sent is received.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <memory>
#include <set>

#include "host/base/byte_order.hpp"
#include "host/packet/checksum.hpp"
#include "model/nic/device.hpp"
#include "tests/unit/driver/fake_nic.hpp"
#include "tests/unit/nic/frame_builder.hpp"

namespace fourtuple::driver::test {
namespace {

constexpr std::uint64_t message_address = 0xfee0'0000;
constexpr std::size_t tcp_start = 34;
constexpr std::size_t tcp_checksum_offset = 16;
constexpr std::size_t tcp_header_end = 54;

/// The functional model with host memory and interrupts at once, and a wire that comes back.
class looped_device final : public mmio, public interrupt_controller, private model::nic::device_port {
 public:
  explicit looped_device(fake_memory& memory) : memory_(memory) {}

  std::uint32_t read32(std::uint32_t offset) override {
    settle();
    return device_->read_register(offset).value_or(0xffffffff);
  }
  void write32(std::uint32_t offset, std::uint32_t value) override {
    device_->write_register(offset, value);
    settle();
  }
  msi_message connect(std::function<void()> handler) override {
    handlers_.push_back(std::move(handler));
    return {message_address, static_cast<std::uint32_t>(handlers_.size() - 1)};
  }

  /// Accesses to the page of this address are refused.
  void refuse(std::uint64_t address) { refused_pages_.insert(address / 4096); }
  void refuse_nothing() { refused_pages_.clear(); }
  /// Reads are answered only after go_on().
  void hold_reads() { hold_reads_ = true; }
  void go_on() {
    hold_reads_ = false;
    std::ranges::move(held_, std::back_inserter(answers_));
    held_.clear();
    settle();
  }

 private:
  std::uint64_t clock() const override { return now_; }
  void write_memory(std::uint64_t address, std::span<const std::byte> bytes) override {
    if (address == message_address) {
      handlers_.at(std::to_integer<std::size_t>(bytes[0]))();
      answers_.push_back([this] { device_->memory_written(true); });
      return;
    }
    const bool ok = !refused_pages_.contains(address / 4096);
    if (ok) std::ranges::copy(bytes, memory_.at(address, bytes.size()));
    answers_.push_back([this, ok] { device_->memory_written(ok); });
  }
  void read_memory(std::uint64_t address, std::uint32_t length) override {
    const bool ok = !refused_pages_.contains(address / 4096);
    std::vector<std::byte> bytes(length);
    if (ok) std::copy_n(memory_.at(address, length), length, bytes.begin());
    (hold_reads_ ? held_ : answers_).push_back([this, ok, bytes] { device_->memory_read(ok, bytes); });
  }
  std::uint64_t transmit(std::vector<std::byte> frame) override {
    answers_.push_back([this, frame] { device_->receive(frame, false); });
    return now_;
  }
  std::unique_ptr<model::nic::device> power_up() {
    return std::make_unique<model::nic::device>(model::nic::device_config{},
                                                static_cast<model::nic::device_port&>(*this));
  }
  void settle() {
    while (!answers_.empty()) {
      const auto next = std::move(answers_.front());
      answers_.pop_front();
      ++now_;
      next();
    }
    if (!device_->reset_requested()) return;
    held_.clear();
    device_ = power_up();
  }

  fake_memory& memory_;
  std::unique_ptr<model::nic::device> device_ = power_up();
  std::uint64_t now_ = 0;
  std::deque<std::function<void()>> answers_;
  std::deque<std::function<void()>> held_;
  bool hold_reads_ = false;
  std::vector<std::function<void()>> handlers_;
  std::set<std::uint64_t> refused_pages_;
};

class DriverOnModel : public testing::Test {
 protected:
  explicit DriverOnModel(const nic_options& options = small_options())
      : driver(
            device, memory, device, options, [] {}, [this](std::string_view line) { log.emplace_back(line); }) {
    driver.set_receiver(receiver);
    EXPECT_EQ(driver.open(), nic_result::ok);
  }

  /// A TCP segment to ourselves, its checksum left to the device.
  packet::tx_sk_buff segment(std::size_t payload_bytes, std::uint16_t foreign_port) {
    fourtuple::test::frame_spec spec;
    spec.destination = small_options().address.bytes;
    spec.source_port = foreign_port;
    spec.payload.assign(payload_bytes, static_cast<std::uint8_t>(foreign_port));
    spec.pad_to_minimum = false;
    frame = fourtuple::test::build_frame(spec);
    packet::tx_sk_buff skb;
    const auto tcp = skb.push(tcp_header_end - tcp_start);
    std::copy_n(frame.begin() + tcp_start, tcp.size(), tcp.begin());
    skb.set_checksum_partial(tcp_checksum_offset);
    base::store_be(tcp, tcp_checksum_offset,
                   packet::pseudo_header_sum({spec.source_address}, {spec.destination_address}, 6,
                                             static_cast<std::uint16_t>(tcp.size() + payload_bytes)));
    std::copy_n(frame.begin(), tcp_start, skb.push(tcp_start).begin());
    EXPECT_TRUE(skb.append(std::span(frame).subspan(tcp_header_end)));
    return skb;
  }

  fake_memory memory;
  looped_device device{memory};
  recording_receiver receiver;
  std::vector<std::string> log;
  nic_driver driver;
  std::vector<std::byte> frame;  ///< Of the last segment, with its checksum.
};

TEST_F(DriverOnModel, WhatIsSentComesBackWithGoodVerdicts) {
  for (std::uint16_t i = 0; i < 2000; ++i) {
    ASSERT_EQ(driver.xmit(segment(i % 1460, static_cast<std::uint16_t>(1000 + i))), ip::netdev_tx::ok);
    driver.flush();
    ASSERT_TRUE(driver.poll_pending()) << i;
    ASSERT_EQ(driver.poll(8), 1U);
    driver.complete();
    frame.resize(std::max<std::size_t>(frame.size(), 60));
    ASSERT_EQ(receiver.frames.back(), frame);
    ASSERT_EQ(receiver.skbs.back().network_checksum, packet::ip_summed::unnecessary);
    ASSERT_EQ(receiver.skbs.back().transport_checksum, packet::ip_summed::unnecessary);
    ASSERT_FALSE(receiver.skbs.back().table_hit);
  }
  EXPECT_EQ(driver.counters().bad_completions, 0U);
  EXPECT_EQ(driver.counters().tx_busy, 0U);
  std::map<std::string_view, std::uint64_t> counters;
  for (const auto& [name, value] : driver.device_counters()) counters[name] = value;
  EXPECT_EQ(counters.at("tx_checksum_inserted"), 2000U);
  EXPECT_EQ(counters.at("rx_delivered"), 2000U);
  EXPECT_EQ(counters.at("table_miss"), 2000U);
}

TEST_F(DriverOnModel, ConnectionsInTheTableAreHit) {
  const auto tuple = [](std::uint16_t port) {
    return packet::connection_tuple{{0x0a00'0001}, {0x0a00'0002}, 80, port};
  };
  for (std::uint16_t i = 0; i < 300; ++i) {
    driver.connection_insert(tuple(static_cast<std::uint16_t>(1000 + i)), 7000U + i);
    driver.poll(8);
  }
  driver.connection_delete(tuple(1005));
  driver.poll(8);
  EXPECT_EQ(driver.table().counters().inserts_done + driver.table().counters().inserts_full, 300U);
  unsigned hits = 0;
  for (std::uint16_t i = 0; i < 300; ++i) {
    ASSERT_EQ(driver.xmit(segment(100, static_cast<std::uint16_t>(1000 + i))), ip::netdev_tx::ok);
    driver.flush();
    ASSERT_EQ(driver.poll(8), 1U);
    const auto& skb = receiver.skbs.back();
    hits += skb.table_hit;
    EXPECT_EQ(skb.handle, skb.table_hit ? 7000U + i : 0);
    EXPECT_NE(i == 5, skb.table_hit) << i;
  }
  EXPECT_EQ(hits, driver.table().entries());
}

TEST_F(DriverOnModel, RefusedReceiveWriteIsRecovered) {
  const std::uint64_t ring =
      device.read32(regs::queues_rx_base(0)) | std::uint64_t{device.read32(regs::queues_rx_base(0) + 4)} << 32;
  device.refuse(ring);
  ASSERT_EQ(driver.xmit(segment(100, 1)), ip::netdev_tx::ok);
  driver.flush();
  ASSERT_TRUE(driver.event_pending());
  device.refuse_nothing();
  driver.handle_event();
  ASSERT_EQ(log.size(), 2U);
  EXPECT_NE(log[0].find("receive data"), std::string::npos);
  ASSERT_EQ(driver.xmit(segment(100, 2)), ip::netdev_tx::ok);
  driver.flush();
  EXPECT_EQ(driver.poll(8), 1U);
  EXPECT_EQ(receiver.frames.back(), frame);
}

nic_options several_transmit_queues() {
  nic_options options = small_options();
  options.queues = options.tx_queues = 4;
  options.completion_entries_log2 = 6;  // Whatever one queue sends comes back into one.
  return options;
}

class DriverOnModelWithTransmitQueues : public DriverOnModel {
 protected:
  DriverOnModelWithTransmitQueues() : DriverOnModel(several_transmit_queues()) {}

  /// The queue of a segment() to this foreign port, which is its own source port: the frame comes from the foreign
  /// side.
  [[nodiscard]] unsigned queue_of(std::uint16_t foreign_port) { return driver.pick_tx(segment(1, foreign_port)); }
  std::uint16_t port_of_queue(unsigned queue) {
    for (std::uint16_t port = 1000;; ++port)
      if (queue_of(port) == queue) return port;
  }
};

TEST_F(DriverOnModelWithTransmitQueues, AConnectionStaysInItsQueueAndAllAreUsed) {
  ASSERT_EQ(driver.num_tx_queues(), 4U);
  for (std::uint16_t i = 0; i < 2000; ++i) {
    const auto port = static_cast<std::uint16_t>(1000 + i % 100);
    const unsigned queue = queue_of(port);
    const std::uint64_t before = driver.counters().tx_frames_of_queue[queue];
    ASSERT_EQ(driver.xmit(segment(i % 1460, port)), ip::netdev_tx::ok);
    EXPECT_EQ(driver.counters().tx_frames_of_queue[queue], before + 1);
    driver.flush();
    ASSERT_EQ(driver.poll(8), 1U);
    driver.complete();
    frame.resize(std::max<std::size_t>(frame.size(), 60));
    ASSERT_EQ(receiver.frames.back(), frame);
  }
  for (unsigned queue = 0; queue < 4; ++queue) EXPECT_GT(driver.counters().tx_frames_of_queue[queue], 200U);
  EXPECT_EQ(driver.counters().tx_frames, 2000U);
  EXPECT_EQ(driver.counters().bad_completions, 0U);
  EXPECT_EQ(driver.counters().tx_busy, 0U);
}

TEST_F(DriverOnModelWithTransmitQueues, WhatHasNoConnectionGoesOutOfTheFirstOne) {
  packet::tx_sk_buff arp;
  std::ranges::copy(frame_of(60, 1), arp.push(60).begin());
  EXPECT_EQ(driver.pick_tx(arp), 0U);
  packet::tx_sk_buff fragment = segment(100, port_of_queue(3));
  fragment.headers()[20] |= std::byte{0x20};  // More fragments.
  EXPECT_EQ(driver.pick_tx(fragment), 0U);
  packet::tx_sk_buff icmp = segment(100, port_of_queue(3));
  icmp.headers()[23] = std::byte{1};
  EXPECT_EQ(driver.pick_tx(icmp), 0U);
}

TEST_F(DriverOnModelWithTransmitQueues, AFullQueueLeavesTheOthersAlone) {
  const std::uint16_t full = port_of_queue(2);
  const std::uint16_t other = port_of_queue(1);
  device.hold_reads();
  for (unsigned i = 0; i < 16; ++i) ASSERT_EQ(driver.xmit(segment(100, full)), ip::netdev_tx::ok);
  ASSERT_EQ(driver.xmit(segment(100, full)), ip::netdev_tx::busy);
  ASSERT_EQ(driver.xmit(segment(100, other)), ip::netdev_tx::ok);
  EXPECT_EQ(receiver.wakes, 0U);
  driver.flush();
  device.go_on();
  while (driver.poll(8) != 0) {
  }
  EXPECT_EQ(receiver.wakes, 1U);
  EXPECT_EQ(receiver.frames.size(), 17U);
  EXPECT_EQ(driver.counters().tx_frames_of_queue[2], 16U);
  EXPECT_EQ(driver.counters().tx_frames_of_queue[1], 1U);
  ASSERT_EQ(driver.xmit(segment(100, full)), ip::netdev_tx::ok);
}

TEST_F(DriverOnModelWithTransmitQueues, AHaltedQueueIsRestarted) {
  const std::uint16_t halted = port_of_queue(3);
  const std::uint64_t ring =
      device.read32(regs::queues_tx_base(3)) | std::uint64_t{device.read32(regs::queues_tx_base(3) + 4)} << 32;
  device.refuse(ring);
  ASSERT_EQ(driver.xmit(segment(100, halted)), ip::netdev_tx::ok);
  driver.flush();
  ASSERT_TRUE(driver.event_pending());
  device.refuse_nothing();
  driver.handle_event();
  EXPECT_EQ(driver.counters().queue_restarts, 1U);
  EXPECT_EQ(driver.counters().tx_lost_in_restart, 1U);
  ASSERT_EQ(driver.xmit(segment(100, halted)), ip::netdev_tx::ok);
  driver.flush();
  EXPECT_EQ(driver.poll(8), 1U);
  EXPECT_EQ(receiver.frames.back(), frame);
}

TEST_F(DriverOnModelWithTransmitQueues, AResetEmptiesAllOfThem) {
  device.hold_reads();
  for (unsigned queue = 0; queue < 4; ++queue)
    ASSERT_EQ(driver.xmit(segment(100, port_of_queue(queue))), ip::netdev_tx::ok);
  driver.flush();
  device.go_on();
  ASSERT_EQ(driver.reset(), nic_result::ok);
  for (unsigned queue = 0; queue < 4; ++queue)
    ASSERT_EQ(driver.xmit(segment(100, port_of_queue(queue))), ip::netdev_tx::ok);
  const std::size_t before = receiver.frames.size();
  driver.flush();
  EXPECT_EQ(driver.poll(8), 4U);
  EXPECT_EQ(receiver.frames.size(), before + 4);
}

TEST_F(DriverOnModel, ClosesAndOpensAgain) {
  ASSERT_EQ(driver.close(), nic_result::ok);
  EXPECT_EQ(memory.allocations, 0U);
  ASSERT_EQ(driver.open(), nic_result::ok);
  ASSERT_EQ(driver.xmit(segment(10, 2)), ip::netdev_tx::ok);
  driver.flush();
  EXPECT_EQ(driver.poll(8), 1U);
}

}  // namespace
}  // namespace fourtuple::driver::test
