// SPDX-License-Identifier: Apache-2.0
#include "interfaces/packetdrill/raw_ip_device.hpp"

#include <algorithm>
#include <utility>

#include "host/base/byte_order.hpp"
#include "host/packet/checksum.hpp"
#include "host/packet/ipv4_header.hpp"

namespace fourtuple::packetdrill {

namespace {

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

packet::mac_address raw_ip_device::address() const noexcept { return stack_mac; }

bool raw_ip_device::receive(std::span<const std::byte> packet) {
  if (packet.size() < packet::ipv4_header::min_bytes) return false;
  const std::vector<std::byte> frame = frame_to_stack(packet);
  packet::sk_buff skb;
  skb.frame = frame;
  skb.timestamp_ns = clock_.now_ns();
  if (packet.size() > mtu_) skb.gso_size = gro_mss_;
  receiver_->receive({&skb, 1});
  run();
  return true;
}

void raw_ip_device::run() {
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
  if (const auto packet = packet_in(frame)) {
    sent_.push_back({clock_.now_ns(), {packet->begin(), packet->end()}});
  } else if (auto answer = arp_answer(frame)) {
    arp_replies_.push_back(std::move(*answer));
  }
  return ip::netdev_tx::ok;
}

}  // namespace fourtuple::packetdrill
