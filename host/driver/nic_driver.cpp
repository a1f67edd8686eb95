// SPDX-License-Identifier: Apache-2.0
//
// The data path of the driver. Taking the device up and down is in nic_control.cpp.
#include "host/driver/nic_driver.hpp"

#include "host/driver/registers.hpp"

namespace fourtuple::driver {
namespace {

constexpr std::size_t ethernet_header_bytes = 14;
constexpr std::uint32_t frame_alignment_bytes = 64;
constexpr std::size_t vlan_tag_bytes = 4;
constexpr std::size_t segmented_transport = 34;  // docs/device.md, Segmentation: no options in the IPv4 header.

/// The device's clocks as nanoseconds; split so that nothing overflows for 48 bits of clocks.
std::uint64_t to_ns(std::uint64_t clocks, std::uint32_t period_ps) noexcept {
  constexpr std::uint64_t ps_per_ns = 1000;
  return clocks / ps_per_ns * period_ps + clocks % ps_per_ns * period_ps / ps_per_ns;
}

packet::ip_summed verdict(bool checked, bool good) noexcept {
  if (!checked) return packet::ip_summed::none;
  return good ? packet::ip_summed::unnecessary : packet::ip_summed::bad;
}

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
  if (restarting_) {
    tx_stopped_ = true;
    ++counters_.tx_busy;
    return ip::netdev_tx::busy;
  }
  if (queue_.transmit.full(skb.size())) {
    // Room comes only when the device knows of what fills the ring.
    flush();
    tx_stopped_ = true;
    ++counters_.tx_busy;
    return ip::netdev_tx::busy;
  }
  queue_.transmit.push(skb);
  ++counters_.tx_frames;
  counters_.tx_bytes += skb.size();
  counters_.tx_tso_frames += skb.gso_size != 0;
  return ip::netdev_tx::ok;
}

void nic_driver::flush() {
  if (!open_ || restarting_ || !queue_.transmit.unannounced()) return;
  const std::uint16_t tail = queue_.transmit.announce();
  device_.write32(regs::queues_tx_tail(0), tail);
  ++counters_.tx_doorbells;
}

void nic_driver::connection_insert(const packet::connection_tuple& tuple, std::uint32_t handle) {
  if (open_ && features_.connection_table) commands_.insert(tuple, handle);
}

void nic_driver::connection_delete(const packet::connection_tuple& tuple) {
  if (open_ && features_.connection_table) commands_.remove(tuple);
}

bool nic_driver::poll_pending() const noexcept { return state_->queue.load(std::memory_order_acquire); }

void nic_driver::take_frame(completion_ring::record record) {
  const auto completion = regs::frame_completion::decode(record);
  const auto bytes = queue_.frame(completion.ring_offset, completion.length);
  if (bytes.size() < ethernet_header_bytes) {
    ++counters_.bad_completions;
    return;
  }
  const bool is_tcp = completion.packet_class == regs::packet_class::ipv4_tcp;
  packet::sk_buff skb;
  skb.frame = bytes;
  skb.timestamp_ns = to_ns(completion.timestamp, clock_period_ps_);
  skb.hash = completion.hash;
  skb.hash_valid = is_tcp || completion.packet_class == regs::packet_class::ipv4_udp;
  skb.handle = completion.handle;
  skb.table_hit = completion.hit;
  skb.network_checksum = verdict(completion.ip_checked, completion.ip_good);
  skb.transport_checksum = verdict(completion.l4_checked, completion.l4_good);
  skb.raw_sum = completion.raw_sum;
  skb.raw_sum_valid = features_.rx_checksum;
  list_.push_back(skb);

  rx_head_ = completion.ring_offset + (std::uint32_t{completion.length} + frame_alignment_bytes - 1) /
                                          frame_alignment_bytes * frame_alignment_bytes;
  rx_head_moved_ = true;
  ++counters_.rx_frames;
  counters_.rx_bytes += completion.length;
  counters_.rx_table_hits += completion.hit;
}

void nic_driver::take_transmit(completion_ring::record record) {
  const auto completion = regs::transmit_completion::decode(record);
  if (!queue_.transmit.finish(completion.tx_index)) ++counters_.bad_completions;
}

std::size_t nic_driver::poll(std::size_t budget) {
  if (!open_) return 0;
  ++counters_.polls;
  counters_.interrupts = state_->count;
  list_.clear();
  const std::uint16_t before = queue_.completions.index();
  while (list_.size() < budget) {
    const auto record = queue_.completions.next();
    if (!record) break;
    switch (regs::frame_completion::decode(*record).kind) {
      case regs::completion_kind::frame:
        take_frame(*record);
        break;
      case regs::completion_kind::transmit:
        take_transmit(*record);
        break;
      case regs::completion_kind::command:
        commands_.answered(regs::command_completion::decode(*record));
        break;
      default:
        ++counters_.bad_completions;
        break;
    }
    queue_.completions.advance();
  }
  if (!list_.empty() && receiver_ != nullptr) receiver_->receive(list_);
  if (queue_.completions.index() != before) give_back();
  wake_transmit();
  counters_.polls_out_of_budget += list_.size() == budget;
  return list_.size();
}

void nic_driver::give_back() {
  // Space for frames first: their completions must not find the ring full where the other one is not.
  if (rx_head_moved_) device_.write32(regs::queues_rx_head(0), rx_head_);
  rx_head_moved_ = false;
  device_.write32(regs::queues_completion_head(0), queue_.completions.index());
}

void nic_driver::wake_transmit() {
  if (!tx_stopped_ || restarting_ || !queue_.transmit.has_room()) return;
  tx_stopped_ = false;
  ++counters_.tx_wakes;
  if (receiver_ != nullptr) receiver_->tx_wake();
}

void nic_driver::complete() {
  if (!open_) return;
  state_->queue.store(false, std::memory_order_release);
  device_.write32(regs::queues_completion_head(0), queue_.completions.index() | regs::queues_completion_head::arm_mask);
}

bool nic_driver::event_pending() const noexcept { return state_->event.load(std::memory_order_acquire); }

}  // namespace fourtuple::driver
