// SPDX-License-Identifier: Apache-2.0
//
// The transmit side of the driver. Receiving is in nic_receive.cpp, taking the device up and down is in
// nic_control.cpp.
#include "host/driver/nic_driver.hpp"

#include "host/driver/registers.hpp"

namespace fourtuple::driver {
namespace {

constexpr std::size_t ethernet_header_bytes = 14;
constexpr std::size_t vlan_tag_bytes = 4;
constexpr std::size_t segmented_transport = 34;  // docs/device.md, Segmentation: no options in the IPv4 header.
}  // namespace

/// One frame on the wire within the MTU, or something that the device may be asked to cut into such frames.
bool nic_driver::fits(const packet::tx_sk_buff& skb) const noexcept {
  const std::size_t largest = ethernet_header_bytes + options_.mtu;
  if (skb.size() < ethernet_header_bytes) return false;
  if (skb.gso_size == 0) return skb.size() <= largest;
  const std::size_t headers = skb.headers().size();
  return features_.tso && skb.checksum_partial() && skb.payload_bytes() != 0 &&
         skb.payload_bytes() < features_.tso_max_size && headers + skb.gso_size <= largest &&
         (skb.checksum_start() == segmented_transport || skb.checksum_start() == segmented_transport + vlan_tag_bytes);
}

ip::netdev_tx nic_driver::xmit(const packet::tx_sk_buff& skb) {
  if (!open_) {
    ++counters_.tx_dropped_down;
    return ip::netdev_tx::ok;
  }
  if (!fits(skb)) {
    ++counters_.tx_dropped_size;
    return ip::netdev_tx::ok;
  }
  if (detached()) {
    tx_stopped_ = true;
    ++counters_.tx_busy;
    return ip::netdev_tx::busy;
  }
  if (transmitter().transmit.full(skb.size())) {
    // Room comes only when the device knows of what fills the ring.
    flush();
    tx_stopped_ = true;
    ++counters_.tx_busy;
    return ip::netdev_tx::busy;
  }
  transmitter().transmit.push(skb);
  ++counters_.tx_frames;
  counters_.tx_bytes += skb.size();
  counters_.tx_tso_frames += skb.gso_size != 0;
  return ip::netdev_tx::ok;
}

void nic_driver::flush() {
  if (!open_ || detached() || !transmitter().transmit.unannounced()) return;
  const std::uint16_t tail = transmitter().transmit.announce();
  device_.write32(regs::queues_tx_tail(0), tail);
  ++counters_.tx_doorbells;
}

void nic_driver::connection_insert(const packet::connection_tuple& tuple, std::uint32_t handle) {
  if (!open_ || !features_.connection_table) return;
  commands_.insert(tuple, handle, flows_.last(connection_hash(tuple, options_.hash_secret)));
}

void nic_driver::connection_delete(const packet::connection_tuple& tuple) {
  if (open_ && features_.connection_table) commands_.remove(tuple);
}

void nic_driver::wake_transmit() {
  if (!tx_stopped_ || detached() || !transmitter().transmit.has_room()) return;
  tx_stopped_ = false;
  ++counters_.tx_wakes;
  if (receiver_ != nullptr) receiver_->tx_wake();
}

}  // namespace fourtuple::driver
