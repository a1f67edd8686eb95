// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/timer_wheel.hpp"
#include "host/ip/net_device.hpp"

namespace fourtuple::ip {

/// The device over which a host reaches its own addresses (Linux: lo, drivers/net/loopback.c).
///
/// A frame that is sent is copied, waits in a backlog, and is received softirq_delay_ns later, when the timers run:
/// never inside of xmit. That much time goes by for each way, so that two ends of one host that only talk to each other
/// do not hold a virtual clock still. Nothing is damaged on the way, so checksums left to the device are found good,
/// and a frame with gso_size arrives as it is. Frames beyond the backlog's limit are dropped, as Linux does.
///
/// Ownership: clock and timers are not owned. Threads: the stack's, one at a time.
class loopback_device final : public net_device {
 public:
  /// The largest IPv4 packet. Linux says 65536, of which a route uses no more than this (IP_MAX_MTU).
  static constexpr std::uint16_t mtu_bytes = 65'535;
  static constexpr std::size_t netdev_max_backlog = 1000;   ///< Linux: net.core.netdev_max_backlog, frames.
  static constexpr std::size_t weight = 64;                 ///< Frames received in one go (Linux: dev_weight).
  static constexpr std::uint64_t softirq_delay_ns = 1'000;  ///< From xmit to the receiver.

  loopback_device(base::clock& clock, base::timer_wheel& timers) noexcept;

  [[nodiscard]] net_device_features features() const noexcept override {
    return {.rx_checksum = true, .tx_checksum = true, .tso = true, .loopback = true};
  }
  [[nodiscard]] packet::mac_address address() const noexcept override { return {}; }
  [[nodiscard]] std::uint16_t mtu() const noexcept override { return mtu_bytes; }
  void set_receiver(net_device_receiver& receiver) noexcept override { receiver_ = &receiver; }
  /// Never busy. Without memory for a copy the frame is dropped.
  [[nodiscard]] netdev_tx xmit(const packet::tx_sk_buff& skb) override;
  void flush() override {}
  void connection_insert(const packet::connection_tuple&, std::uint32_t) override {}
  void connection_delete(const packet::connection_tuple&) override {}

  [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }    ///< Taken, dropped ones not included.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }  ///< No room in the backlog, or no memory.

 private:
  struct waiting_frame {
    std::vector<std::byte> bytes;
    std::uint64_t due_ns = 0;
    std::uint16_t gso_size = 0;
    bool checksum_partial = false;
  };
  /// The timer, from which the device is found.
  struct softirq final : base::timer {
    explicit softirq(loopback_device& owner) noexcept;
    loopback_device& device;
  };

  void process_backlog();

  base::clock& clock_;
  base::timer_wheel& timers_;
  net_device_receiver* receiver_ = nullptr;
  std::deque<waiting_frame> backlog_;
  softirq softirq_;
  std::uint64_t frames_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace fourtuple::ip
