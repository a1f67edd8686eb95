// SPDX-License-Identifier: Apache-2.0
//
// The receive side of the driver: all queues in one poll.
#include <algorithm>
#include <bit>

#include "host/driver/nic_driver.hpp"
#include "host/driver/registers.hpp"

namespace fourtuple::driver {
namespace {

constexpr std::size_t ethernet_header_bytes = 14;
constexpr unsigned timestamp_bits = 48;

/// The device's clocks as nanoseconds; split so that nothing overflows for 48 bits of clocks.
std::uint64_t to_ns(std::uint64_t clocks, std::uint32_t period_ps) noexcept {
  constexpr std::uint64_t ps_per_ns = 1000;
  return clocks / ps_per_ns * period_ps + clocks % ps_per_ns * period_ps / ps_per_ns;
}

packet::ip_summed verdict(bool checked, bool good) noexcept {
  if (!checked) return packet::ip_summed::none;
  return good ? packet::ip_summed::unnecessary : packet::ip_summed::bad;
}

/// Of two timestamps less than half their range apart.
bool earlier(std::uint64_t a, std::uint64_t b) noexcept { return ((a - b) >> (timestamp_bits - 1) & 1U) != 0; }

}  // namespace

bool nic_driver::poll_pending() const noexcept {
  return std::any_of(state_->queue.begin(), state_->queue.end(),
                     [](const auto& flag) { return flag.load(std::memory_order_acquire); });
}

void nic_driver::take_other(unsigned queue, completion_ring::record record) {
  switch (regs::frame_completion::decode(record).kind) {
    case regs::completion_kind::transmit:
      if (queue >= used_tx_queues_ ||
          !queues_[queue]->transmit.finish(regs::transmit_completion::decode(record).tx_index))
        ++counters_.bad_completions;
      break;
    case regs::completion_kind::command:
      commands_.answered(regs::command_completion::decode(record));
      break;
    default:
      ++counters_.bad_completions;
      break;
  }
}

bool nic_driver::look_at(unsigned queue) {
  completion_ring& completions = queues_[queue]->completions;
  while (const auto record = completions.next()) {
    const auto completion = regs::frame_completion::decode(*record);
    if (completion.kind == regs::completion_kind::frame) {
      shown_[queue] = completion.timestamp;
      return true;
    }
    take_other(queue, *record);
    completions.advance();
  }
  return false;
}

// A frame may be handed up when no queue shows an earlier one. What became visible before this frame did is seen by
// looking at the queues that showed nothing once more after it was found (docs/device.md, Queues).
std::optional<unsigned> nic_driver::oldest_frame() {
  std::optional<unsigned> oldest;
  const auto consider = [&](unsigned queue) {
    if (oldest && !earlier(*shown_[queue], *shown_[*oldest])) return false;
    oldest = queue;
    return true;
  };
  for (unsigned queue = 0; queue < used_queues_; ++queue)
    if (shown_[queue] || look_at(queue)) consider(queue);
  for (bool found = oldest.has_value(); found;) {
    found = false;
    for (unsigned queue = 0; queue < used_queues_; ++queue)
      if (!shown_[queue] && look_at(queue)) found = consider(queue) || found;
  }
  return oldest;
}

void nic_driver::take_frame(unsigned queue) {
  nic_queue& from = *queues_[queue];
  const auto record = from.completions.next();
  shown_[queue].reset();
  if (!record) return;
  const auto completion = regs::frame_completion::decode(*record);
  from.completions.advance();
  const auto bytes = from.frame(completion.ring_offset, completion.length);
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

  if (skb.hash_valid) flows_.came(completion.hash, queue);
  from.frame_taken(completion.ring_offset, completion.length);
  ++counters_.rx_frames;
  ++counters_.rx_frames_of_queue[queue];
  counters_.rx_bytes += completion.length;
  counters_.rx_table_hits += completion.hit;
}

std::size_t nic_driver::poll(std::size_t budget) {
  if (!open_) return 0;
  ++counters_.polls;
  counters_.interrupts = state_->count;
  list_.clear();
  while (list_.size() < budget) {
    const auto queue = oldest_frame();
    if (!queue) break;
    take_frame(*queue);
  }
  if (!list_.empty() && receiver_ != nullptr) receiver_->receive(list_);
  for (unsigned queue = 0; queue < used_queues_; ++queue) queues_[queue]->give_back();
  wake_transmit();
  counters_.polls_out_of_budget += list_.size() == budget;
  return list_.size();
}

void nic_driver::complete() {
  if (!open_) return;
  for (unsigned queue = 0; queue < used_queues_; ++queue)
    queues_[queue]->arm(state_->queue[queue].exchange(false, std::memory_order_acq_rel));
}

bool nic_driver::event_pending() const noexcept { return state_->event.load(std::memory_order_acquire); }

}  // namespace fourtuple::driver
