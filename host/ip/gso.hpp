// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "host/ip/net_device.hpp"
#include "host/packet/sk_buff.hpp"

namespace fourtuple::ip {

/// Puts in the checksum that was left to the device (Linux: skb_checksum_help).
void skb_checksum_help(packet::tx_sk_buff& skb);

/// Whether `skb` has to be cut up before a device with these features gets it (Linux: netif_needs_gso and
/// gso_features_check).
[[nodiscard]] bool netif_needs_gso(const packet::tx_sk_buff& skb, const net_device_features& features) noexcept;

/// Cuts a TCP packet with gso_size into segments: what TSO does, in software (Linux: tcp_gso_segment).
///
/// Each segment has the headers of the whole but for: IPv4 total length; IPv4 identification, one more each; IPv4
/// checksum; sequence number; FIN and PSH, which only the last one has; CWR, which only the first one has (RFC 3168
/// 6.1.2: it says that cwnd was reduced once); the sum in the TCP checksum field, which is left to the device again.
///
/// Refers to `whole` and to what that refers to.
class gso_segments {
 public:
  /// `whole` has gso_size set, starts with its Ethernet header, and its checksum is left to the device.
  explicit gso_segments(const packet::tx_sk_buff& whole) noexcept : whole_(whole) {}

  [[nodiscard]] std::size_t count() const noexcept { return whole_.gso_segs(); }
  /// Segment `index` of count().
  [[nodiscard]] packet::tx_sk_buff segment(std::size_t index) const;

 private:
  const packet::tx_sk_buff& whole_;
};

}  // namespace fourtuple::ip
