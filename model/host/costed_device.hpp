// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/ip/net_device.hpp"
#include "model/host/processor.hpp"

namespace fourtuple::model::host {

/// Stands between a stack and a device and charges a processor for each packet that passes, in either direction.
class costed_device final : public ip::net_device, private ip::net_device_receiver {
 public:
  /// Both outlive this.
  costed_device(ip::net_device& device, processor& cpu, std::uint64_t packet_ns)
      : device_(device), cpu_(cpu), packet_ns_(packet_ns) {}

  [[nodiscard]] ip::net_device_features features() const noexcept override { return device_.features(); }
  [[nodiscard]] packet::mac_address address() const noexcept override { return device_.address(); }
  [[nodiscard]] std::uint16_t mtu() const noexcept override { return device_.mtu(); }
  [[nodiscard]] unsigned num_tx_queues() const noexcept override { return device_.num_tx_queues(); }
  [[nodiscard]] unsigned pick_tx(const packet::tx_sk_buff& skb) const noexcept override { return device_.pick_tx(skb); }
  void set_receiver(ip::net_device_receiver& receiver) noexcept override {
    receiver_ = &receiver;
    device_.set_receiver(*this);
  }
  [[nodiscard]] ip::netdev_tx xmit(const packet::tx_sk_buff& skb) override {
    const ip::netdev_tx result = device_.xmit(skb);
    if (result == ip::netdev_tx::ok) cpu_.charge(packet_ns_);
    return result;
  }
  void flush() override { device_.flush(); }
  void connection_insert(const packet::connection_tuple& tuple, std::uint32_t handle) override {
    device_.connection_insert(tuple, handle);
  }
  void connection_delete(const packet::connection_tuple& tuple) override { device_.connection_delete(tuple); }

 private:
  void receive(std::span<const packet::sk_buff> list) override {
    cpu_.charge(packet_ns_ * list.size());
    receiver_->receive(list);
  }
  void tx_wake() override { receiver_->tx_wake(); }

  ip::net_device& device_;
  processor& cpu_;
  std::uint64_t packet_ns_;
  ip::net_device_receiver* receiver_ = nullptr;
};

}  // namespace fourtuple::model::host
