// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "host/base/clock.hpp"
#include "host/ip/net_device.hpp"

namespace fourtuple::packetdrill {

/// A packet that left the stack.
struct sent_packet {
  std::uint64_t time_ns = 0;
  std::vector<std::byte> bytes;  ///< From its IPv4 header on, checksums right, not cut into segments.
};

/// The stack's end of a link that carries bare IPv4 packets. The Ethernet that the stack speaks ends here: whom it
/// asks for by ARP it finds, and frames become packets and packets frames.
///
/// It takes frames with gso_size and hands them on whole, as Linux's tun device with offloads does.
///
/// Threads: the stack's.
class raw_ip_device final : public ip::net_device {
 public:
  /// `gro_mss`: see interface_flags.
  raw_ip_device(base::clock& clock, std::uint16_t mtu, std::uint16_t gro_mss);

  /// Hands a packet to the stack. False if it cannot be one of IPv4.
  bool receive(std::span<const std::byte> packet);
  /// Answers what the stack has asked for by ARP; to be called when the stack is not in a call to this device.
  void answer_arp();
  /// The next packet that the stack has sent.
  [[nodiscard]] std::optional<sent_packet> take();
  [[nodiscard]] bool has_sent() const noexcept { return !sent_.empty(); }

  [[nodiscard]] ip::net_device_features features() const noexcept override;
  [[nodiscard]] packet::mac_address address() const noexcept override;
  [[nodiscard]] std::uint16_t mtu() const noexcept override { return mtu_; }
  void set_receiver(ip::net_device_receiver& receiver) noexcept override { receiver_ = &receiver; }
  [[nodiscard]] ip::netdev_tx xmit(const packet::tx_sk_buff& skb) override;
  void flush() override {}
  void connection_insert(const packet::connection_tuple&, std::uint32_t) override {}
  void connection_delete(const packet::connection_tuple&) override {}

 private:
  base::clock& clock_;
  std::uint16_t mtu_;
  std::uint16_t gro_mss_;
  ip::net_device_receiver* receiver_ = nullptr;
  std::deque<sent_packet> sent_;
  std::deque<std::vector<std::byte>> arp_replies_;
};

}  // namespace fourtuple::packetdrill
