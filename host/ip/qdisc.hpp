// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "host/ip/net_device.hpp"

namespace fourtuple::ip {

/// What stands between the stack and a device that is full (Linux: a qdisc, pfifo, with the device's txqueuelen).
///
/// Frames without payload, pure ACKs above all, are kept here until the device has room: nobody would send them again,
/// and the peer would have to find out by a timeout. Frames with payload are turned away as busy; their sender has them
/// in its send queue and goes on at tx_wake. What waits here goes first then.
///
/// A frame with gso_size that the device does not take as it is gets cut up here, behind everything that could have
/// kept it whole (Linux: validate_xmit_skb). If the device becomes full in the middle of one, the rest is copied and
/// waits.
///
/// Each transmit queue of the device has a queue here of its own, so that a full one holds up its own flows only
/// (Linux: mq with a pfifo for each).
///
/// It is a net_device around the real one, and takes its place for everybody above. Ownership: the device is not owned.
class qdisc final : public net_device, private net_device_receiver {
 public:
  static constexpr std::size_t default_limit_frames = 1000;  ///< Linux: txqueuelen of Ethernet devices.

  explicit qdisc(net_device& device, std::size_t limit_frames = default_limit_frames);

  [[nodiscard]] net_device_features features() const noexcept override { return device_.features(); }
  [[nodiscard]] packet::mac_address address() const noexcept override { return device_.address(); }
  [[nodiscard]] std::uint16_t mtu() const noexcept override { return device_.mtu(); }
  [[nodiscard]] unsigned num_tx_queues() const noexcept override { return device_.num_tx_queues(); }
  [[nodiscard]] unsigned pick_tx(const packet::tx_sk_buff& skb) const noexcept override { return device_.pick_tx(skb); }
  void set_receiver(net_device_receiver& receiver) noexcept override { receiver_ = &receiver; }
  [[nodiscard]] netdev_tx xmit(const packet::tx_sk_buff& skb) override;
  void flush() override { device_.flush(); }
  void connection_insert(const packet::connection_tuple& tuple, std::uint32_t handle) override {
    device_.connection_insert(tuple, handle);
  }
  void connection_delete(const packet::connection_tuple& tuple) override { device_.connection_delete(tuple); }

  [[nodiscard]] std::uint64_t queued() const noexcept { return queued_; }  ///< Frames that had to wait.
  [[nodiscard]] std::uint64_t dropped() const noexcept {
    return dropped_;
  }  ///< Frames for which there was no room even here.
  [[nodiscard]] std::uint64_t segmented() const noexcept { return segmented_; }  ///< Frames that were cut up here.

 private:
  /// What is left of a frame that was cut up.
  struct unfinished {
    packet::tx_sk_buff whole;
    std::vector<std::byte> payload;  ///< What `whole` refers to.
    std::size_t next = 0;            ///< Segment.
  };

  /// What stands before one of the device's queues.
  struct tx_queue {
    std::optional<unfinished> rest;  ///< Goes before what waits.
    std::deque<packet::tx_sk_buff> waiting;
    [[nodiscard]] bool empty() const noexcept { return !rest && waiting.empty(); }
  };

  [[nodiscard, gnu::noinline]] tx_queue& queue_of(const packet::tx_sk_buff& skb);
  /// xmit() of what may have to wait or be cut up.
  [[nodiscard, gnu::noinline]] netdev_tx xmit_queued(const packet::tx_sk_buff& skb);
  [[nodiscard]] netdev_tx xmit_segments(tx_queue& queue, const packet::tx_sk_buff& whole);
  [[nodiscard, gnu::noinline]] netdev_tx keep_or_refuse(tx_queue& queue, const packet::tx_sk_buff& skb);
  void keep(tx_queue& queue, const packet::tx_sk_buff& whole, std::size_t next);
  void drain(tx_queue& queue);
  [[nodiscard]] std::size_t send_from(const packet::tx_sk_buff& whole, std::size_t next);

  void receive(std::span<const packet::sk_buff> list) override;
  void tx_wake() override;

  net_device& device_;
  std::size_t limit_frames_;
  net_device_receiver* receiver_ = nullptr;
  std::vector<tx_queue> queues_;  ///< As many as have been used.
  bool waits_ = false;            ///< In any of them.
  std::uint64_t segmented_ = 0;
  std::uint64_t queued_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace fourtuple::ip
