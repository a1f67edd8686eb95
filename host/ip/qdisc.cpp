// SPDX-License-Identifier: Apache-2.0
#include "host/ip/qdisc.hpp"

namespace fourtuple::ip {

qdisc::qdisc(net_device& device, std::size_t limit_frames) : device_(device), limit_frames_(limit_frames) {
  device.set_receiver(*this);
}

netdev_tx qdisc::xmit(const packet::tx_sk_buff& skb) {
  // While something waits, the device has said busy and owes a tx_wake.
  if (waiting_.empty() && device_.xmit(skb) == netdev_tx::ok) return netdev_tx::ok;
  if (skb.payload_bytes() != 0) return netdev_tx::busy;
  if (waiting_.size() >= limit_frames_) {
    ++dropped_;
    return netdev_tx::ok;  // Taken, and lost, as on any link: a sender could not do better by keeping it.
  }
  ++queued_;
  waiting_.push_back(skb);
  return netdev_tx::ok;
}

void qdisc::receive(std::span<const packet::sk_buff> list) {
  if (receiver_ != nullptr) receiver_->receive(list);
}

void qdisc::tx_wake() {
  while (!waiting_.empty()) {
    if (device_.xmit(waiting_.front()) == netdev_tx::busy) return;  // Another tx_wake follows.
    waiting_.pop_front();
  }
  device_.flush();
  if (receiver_ != nullptr) receiver_->tx_wake();
}

}  // namespace fourtuple::ip
