// SPDX-License-Identifier: Apache-2.0
#include "interfaces/packetdrill/raw_ip_device.hpp"

#include <algorithm>
#include <utility>

#include "host/base/byte_order.hpp"
#include "host/packet/arp.hpp"
#include "host/packet/checksum.hpp"
#include "host/packet/ethernet.hpp"
#include "host/packet/ipv4_header.hpp"

namespace fourtuple::packetdrill {

namespace {

// Locally administered: they are on no real network.
constexpr packet::mac_address own_mac{{0x02, 0, 0, 0, 0, 0x01}};
constexpr packet::mac_address peer_mac{{0x02, 0, 0, 0, 0, 0x02}};

/// What the frame says, in one piece.
std::vector<std::byte> linearize(const packet::tx_sk_buff& skb) {
  std::vector<std::byte> bytes;
  bytes.reserve(skb.size());
  bytes.insert(bytes.end(), skb.headers().begin(), skb.headers().end());
  for (const auto piece : skb.payload()) bytes.insert(bytes.end(), piece.begin(), piece.end());
  return bytes;
}

/// The transport checksum that was left to the device, over everything behind its header's start. The field holds
/// the sum of a pseudo-header.
void complete_checksum(const packet::tx_sk_buff& skb, std::span<std::byte> frame) {
  const auto summed = frame.subspan(skb.checksum_start());
  base::store_be16(summed, skb.checksum_offset(), packet::internet_checksum{}.add(summed).checksum());
}

}  // namespace

raw_ip_device::raw_ip_device(base::clock& clock, std::uint16_t mtu, std::uint16_t gro_mss)
    : clock_(clock), mtu_(mtu), gro_mss_(gro_mss) {}

ip::net_device_features raw_ip_device::features() const noexcept {
  return {.rx_checksum = false, .tx_checksum = true, .tso = true, .connection_table = false};
}

packet::mac_address raw_ip_device::address() const noexcept { return own_mac; }

bool raw_ip_device::receive(std::span<const std::byte> packet) {
  if (packet.size() < packet::ipv4_header::min_bytes) return false;
  std::vector<std::byte> frame(packet::ethernet_header::untagged_bytes);
  packet::write_ethernet(frame,
                         {.destination = own_mac, .source = peer_mac, .vlan = {}, .ether_type = packet::eth_p_ip});
  frame.insert(frame.end(), packet.begin(), packet.end());
  packet::sk_buff skb;
  skb.frame = frame;
  skb.timestamp_ns = clock_.now_ns();
  if (packet.size() > mtu_) skb.gso_size = gro_mss_;
  receiver_->receive({&skb, 1});
  answer_arp();
  return true;
}

void raw_ip_device::answer_arp() {
  while (!arp_replies_.empty()) {
    const std::vector<std::byte> frame = std::move(arp_replies_.front());
    arp_replies_.pop_front();
    packet::sk_buff skb;
    skb.frame = frame;
    receiver_->receive({&skb, 1});
  }
}

std::optional<sent_packet> raw_ip_device::take() {
  if (sent_.empty()) return std::nullopt;
  sent_packet next = std::move(sent_.front());
  sent_.pop_front();
  return next;
}

ip::netdev_tx raw_ip_device::xmit(const packet::tx_sk_buff& skb) {
  std::vector<std::byte> frame = linearize(skb);
  if (skb.checksum_partial()) complete_checksum(skb, frame);
  const auto parsed = packet::parse_ethernet(frame);
  if (!parsed) return ip::netdev_tx::ok;
  if (parsed->header.ether_type == packet::eth_p_ip) {
    const auto header = static_cast<std::ptrdiff_t>(parsed->header.bytes());
    sent_.push_back({clock_.now_ns(), {frame.begin() + header, frame.end()}});
    return ip::netdev_tx::ok;
  }
  const auto arp = packet::parse_arp(parsed->payload);
  if (!arp || arp->op != packet::arp_op::request || arp->target_ip == arp->sender_ip) return ip::netdev_tx::ok;
  std::vector<std::byte> reply(packet::ethernet_header::untagged_bytes + packet::arp_packet::bytes);
  packet::write_ethernet(reply,
                         {.destination = own_mac, .source = peer_mac, .vlan = {}, .ether_type = packet::eth_p_arp});
  packet::write_arp(std::span(reply).subspan(packet::ethernet_header::untagged_bytes), {.op = packet::arp_op::reply,
                                                                                        .sender_mac = peer_mac,
                                                                                        .sender_ip = arp->target_ip,
                                                                                        .target_mac = own_mac,
                                                                                        .target_ip = arp->sender_ip});
  arp_replies_.push_back(std::move(reply));
  return ip::netdev_tx::ok;
}

}  // namespace fourtuple::packetdrill
