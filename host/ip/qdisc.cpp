// SPDX-License-Identifier: Apache-2.0
#include "host/ip/qdisc.hpp"

#include "host/ip/gso.hpp"

namespace fourtuple::ip {

qdisc::qdisc(net_device& device, std::size_t limit_frames) : device_(device), limit_frames_(limit_frames) {
  device.set_receiver(*this);
}

qdisc::tx_queue& qdisc::queue_of(const packet::tx_sk_buff& skb) {
  const unsigned number = device_.pick_tx(skb);
  if (number >= queues_.size()) queues_.resize(number + 1);
  return queues_[number];
}

netdev_tx qdisc::xmit(const packet::tx_sk_buff& skb) {
  if (waits_ || skb.gso_size != 0) [[unlikely]]
    return xmit_queued(skb);
  if (device_.xmit(skb) == netdev_tx::ok) [[likely]]
    return netdev_tx::ok;
  return keep_or_refuse(queue_of(skb), skb);
}

netdev_tx qdisc::xmit_queued(const packet::tx_sk_buff& skb) {
  tx_queue& queue = queue_of(skb);
  // While something waits, the device has said busy and owes a tx_wake.
  if (queue.empty()) {
    if (skb.gso_size != 0 && netif_needs_gso(skb, device_.features())) return xmit_segments(queue, skb);
    if (device_.xmit(skb) == netdev_tx::ok) return netdev_tx::ok;
  }
  return keep_or_refuse(queue, skb);
}

/// The device has no room for it.
netdev_tx qdisc::keep_or_refuse(tx_queue& queue, const packet::tx_sk_buff& skb) {
  if (skb.payload_bytes() != 0) return netdev_tx::busy;
  if (queue.waiting.size() >= limit_frames_) {
    ++dropped_;
    return netdev_tx::ok;  // Taken, and lost, as on any link: a sender could not do better by keeping it.
  }
  ++queued_;
  waits_ = true;
  queue.waiting.push_back(skb);
  return netdev_tx::ok;
}

/// Gives the number of the first segment that the device did not take.
std::size_t qdisc::send_from(const packet::tx_sk_buff& whole, std::size_t next) {
  const gso_segments segments(whole);
  const bool checksum = device_.features().tx_checksum;
  for (; next != segments.count(); ++next) {
    packet::tx_sk_buff segment = segments.segment(next);
    if (!checksum) skb_checksum_help(segment);
    if (device_.xmit(segment) == netdev_tx::busy) break;
  }
  return next;
}

netdev_tx qdisc::xmit_segments(tx_queue& queue, const packet::tx_sk_buff& whole) {
  const std::size_t next = send_from(whole, 0);
  if (next == 0) return netdev_tx::busy;
  ++segmented_;
  if (next != whole.gso_segs()) keep(queue, whole, next);
  return netdev_tx::ok;
}

void qdisc::keep(tx_queue& queue, const packet::tx_sk_buff& whole, std::size_t next) {
  ++queued_;
  waits_ = true;
  unfinished& rest = queue.rest.emplace(unfinished{});
  rest.payload.reserve(whole.payload_bytes());
  for (const auto piece : whole.payload()) rest.payload.insert(rest.payload.end(), piece.begin(), piece.end());
  rest.whole = whole;
  rest.whole.refer_to(rest.payload);
  rest.next = next;
}

/// Until the device says busy once more; another tx_wake follows then.
void qdisc::drain(tx_queue& queue) {
  if (queue.rest) {
    queue.rest->next = send_from(queue.rest->whole, queue.rest->next);
    if (queue.rest->next != queue.rest->whole.gso_segs()) return;
    queue.rest.reset();
  }
  while (!queue.waiting.empty() && device_.xmit(queue.waiting.front()) == netdev_tx::ok) queue.waiting.pop_front();
}

void qdisc::receive(std::span<const packet::sk_buff> list) {
  if (receiver_ != nullptr) receiver_->receive(list);
}

void qdisc::tx_wake() {
  std::size_t full = 0;
  for (tx_queue& queue : queues_) {
    drain(queue);
    full += queue.empty() ? 0 : 1;
  }
  waits_ = full != 0;
  if (full == device_.num_tx_queues()) return;
  device_.flush();
  if (receiver_ != nullptr) receiver_->tx_wake();
}

}  // namespace fourtuple::ip
