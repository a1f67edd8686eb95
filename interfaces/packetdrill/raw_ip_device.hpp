// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "host/base/clock.hpp"
#include "host/ip/net_device.hpp"
#include "interfaces/packetdrill/tool_link.hpp"

namespace fourtuple::packetdrill {

/// A link without any device of the project: what the stack sends is with the tool at once, and the other way round.
///
/// It takes frames with gso_size and hands them on whole, as Linux's tun device with offloads does.
///
/// Threads: the stack's.
class raw_ip_device final : public tool_link, private ip::net_device {
 public:
  /// `gro_mss`: see interface_flags.
  raw_ip_device(base::clock& clock, std::uint16_t mtu, std::uint16_t gro_mss);

  // tool_link
  [[nodiscard]] ip::net_device& device() noexcept override { return *this; }
  bool receive(std::span<const std::byte> packet) override;
  [[nodiscard]] bool delivered() const noexcept override { return true; }
  [[nodiscard]] std::optional<sent_packet> take() override;
  [[nodiscard]] bool has_sent() const noexcept override { return !sent_.empty(); }
  [[nodiscard]] std::uint64_t next_deadline_ns() const override { return base::never_ns; }
  /// Answers what the stack has asked for by ARP.
  void run() override;

 private:
  // ip::net_device
  [[nodiscard]] ip::net_device_features features() const noexcept override;
  [[nodiscard]] packet::mac_address address() const noexcept override;
  [[nodiscard]] std::uint16_t mtu() const noexcept override { return mtu_; }
  void set_receiver(ip::net_device_receiver& receiver) noexcept override { receiver_ = &receiver; }
  [[nodiscard]] ip::netdev_tx xmit(const packet::tx_sk_buff& skb) override;
  void flush() override {}
  void connection_insert(const packet::connection_tuple&, std::uint32_t) override {}
  void connection_delete(const packet::connection_tuple&) override {}

  base::clock& clock_;
  std::uint16_t mtu_;
  std::uint16_t gro_mss_;
  ip::net_device_receiver* receiver_ = nullptr;
  std::deque<sent_packet> sent_;
  std::deque<std::vector<std::byte>> arp_replies_;
};

}  // namespace fourtuple::packetdrill
