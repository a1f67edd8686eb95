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

unsigned nic_driver::pick_tx(const packet::tx_sk_buff& skb) const noexcept {
  if (used_tx_queues_ == 1) return 0;
  const auto connection = sent_connection(skb.headers());
  return connection ? queue_of_hash(connection_hash(*connection, options_.hash_secret), used_tx_queues_) : 0;
}

/// The frame was not taken (Linux: netif_tx_stop_queue).
ip::netdev_tx nic_driver::stop_transmit(unsigned queue) {
  tx_stopped_[queue] = true;
  ++counters_.tx_busy;
  return ip::netdev_tx::busy;
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
  const unsigned queue = pick_tx(skb);
  if (detached()) return stop_transmit(queue);
  transmit_ring& ring = queues_[queue]->transmit;
  if (ring.full(skb.size())) {
    // Room comes only when the device knows of what fills the ring.
    announce(queue);
    return stop_transmit(queue);
  }
  ring.push(skb);
  ++counters_.tx_frames;
  ++counters_.tx_frames_of_queue[queue];
  counters_.tx_bytes += skb.size();
  counters_.tx_tso_frames += skb.gso_size != 0;
  return ip::netdev_tx::ok;
}

void nic_driver::flush() {
  if (!open_ || detached()) return;
  for (unsigned queue = 0; queue < used_tx_queues_; ++queue) announce(queue);
}

void nic_driver::announce(unsigned queue) {
  transmit_ring& ring = queues_[queue]->transmit;
  if (!ring.unannounced()) return;
  const std::uint16_t tail = ring.announce();
  device_.write32(regs::queues_tx_tail(queue), tail);
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
  if (detached()) return;
  bool woken = false;
  for (unsigned queue = 0; queue < used_tx_queues_; ++queue) {
    if (!tx_stopped_[queue] || !queues_[queue]->transmit.has_room()) continue;
    tx_stopped_[queue] = false;
    ++counters_.tx_wakes;
    woken = true;
  }
  if (woken && receiver_ != nullptr) receiver_->tx_wake();
}

}  // namespace fourtuple::driver
