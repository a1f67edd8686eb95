// SPDX-License-Identifier: Apache-2.0
#include "host/ip/qdisc.hpp"

#include "host/ip/gso.hpp"

namespace fourtuple::ip {

qdisc::qdisc(net_device& device, std::size_t limit_frames) : device_(device), limit_frames_(limit_frames) {
  device.set_receiver(*this);
}

netdev_tx qdisc::xmit(const packet::tx_sk_buff& skb) {
  // While something waits, the device has said busy and owes a tx_wake.
  if (waiting_.empty() && !unfinished_) {
    if (netif_needs_gso(skb, device_.features())) return xmit_segments(skb);
    if (device_.xmit(skb) == netdev_tx::ok) return netdev_tx::ok;
  }
  if (skb.payload_bytes() != 0) return netdev_tx::busy;
  if (waiting_.size() >= limit_frames_) {
    ++dropped_;
    return netdev_tx::ok;  // Taken, and lost, as on any link: a sender could not do better by keeping it.
  }
  ++queued_;
  waiting_.push_back(skb);
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

netdev_tx qdisc::xmit_segments(const packet::tx_sk_buff& whole) {
  const std::size_t next = send_from(whole, 0);
  if (next == 0) return netdev_tx::busy;
  ++segmented_;
  if (next != whole.gso_segs()) keep(whole, next);
  return netdev_tx::ok;
}

void qdisc::keep(const packet::tx_sk_buff& whole, std::size_t next) {
  ++queued_;
  unfinished& rest = unfinished_.emplace();
  rest.payload.reserve(whole.payload_bytes());
  for (const auto piece : whole.payload()) rest.payload.insert(rest.payload.end(), piece.begin(), piece.end());
  rest.whole = whole;
  rest.whole.refer_to(rest.payload);
  rest.next = next;
}

bool qdisc::finish() {
  if (!unfinished_) return true;
  unfinished_->next = send_from(unfinished_->whole, unfinished_->next);
  if (unfinished_->next != unfinished_->whole.gso_segs()) return false;
  unfinished_.reset();
  return true;
}

void qdisc::receive(std::span<const packet::sk_buff> list) {
  if (receiver_ != nullptr) receiver_->receive(list);
}

void qdisc::tx_wake() {
  if (!finish()) return;
  while (!waiting_.empty()) {
    if (device_.xmit(waiting_.front()) == netdev_tx::busy) return;  // Another tx_wake follows.
    waiting_.pop_front();
  }
  device_.flush();
  if (receiver_ != nullptr) receiver_->tx_wake();
}

}  // namespace fourtuple::ip
