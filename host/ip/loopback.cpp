// SPDX-License-Identifier: Apache-2.0
#include "host/ip/loopback.hpp"

#include <array>
#include <new>
#include <span>
#include <utility>

namespace fourtuple::ip {

loopback_device::softirq::softirq(loopback_device& owner) noexcept
    : timer([](base::timer& t) noexcept { static_cast<softirq&>(t).device.process_backlog(); }), device(owner) {}

loopback_device::loopback_device(base::clock& clock, base::timer_wheel& timers) noexcept
    : clock_(clock), timers_(timers), softirq_(*this) {}

netdev_tx loopback_device::xmit(const packet::tx_sk_buff& skb) {
  if (backlog_.size() >= netdev_max_backlog) {
    ++dropped_;
    return netdev_tx::ok;
  }
  try {
    waiting_frame frame{.bytes = {},
                        .due_ns = clock_.now_ns() + softirq_delay_ns,
                        .gso_size = skb.gso_size,
                        .checksum_partial = skb.checksum_partial()};
    frame.bytes.reserve(skb.size());
    frame.bytes.insert(frame.bytes.end(), skb.headers().begin(), skb.headers().end());
    for (const auto piece : skb.payload()) frame.bytes.insert(frame.bytes.end(), piece.begin(), piece.end());
    backlog_.push_back(std::move(frame));
  } catch (const std::bad_alloc&) {
    ++dropped_;
    return netdev_tx::ok;
  }
  ++frames_;
  if (!softirq_.pending()) timers_.arm(softirq_, backlog_.front().due_ns);
  return netdev_tx::ok;
}

// Linux: process_backlog. What is sent in answer has its own time, and so waits for another turn.
void loopback_device::process_backlog() {
  std::array<waiting_frame, weight> taken;
  std::array<packet::sk_buff, weight> list;
  std::size_t count = 0;
  const std::uint64_t now_ns = clock_.now_ns();
  while (count < weight && !backlog_.empty() && backlog_.front().due_ns <= now_ns) {
    taken[count] = std::move(backlog_.front());
    backlog_.pop_front();
    const waiting_frame& frame = taken[count];
    list[count].frame = frame.bytes;
    list[count].network_checksum = packet::ip_summed::unnecessary;
    // A sum that was not made cannot be looked at, and need not be.
    if (frame.checksum_partial) list[count].transport_checksum = packet::ip_summed::unnecessary;
    list[count].gso_size = frame.gso_size;
    ++count;
  }
  if (receiver_ != nullptr && count != 0) receiver_->receive(std::span{list}.first(count));
  if (!softirq_.pending() && !backlog_.empty()) timers_.arm(softirq_, backlog_.front().due_ns);
}

}  // namespace fourtuple::ip
