// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "host/base/seeded_random.hpp"
#include "host/ip/net_device.hpp"
#include "host/stack/host_stack.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/support/frames.hpp"
#include "tests/support/virtual_wire.hpp"

namespace fourtuple::fuzz {

/// A device whose far end is the fuzzer: it shows what the stack sends, and hands to the stack whatever it is told to,
/// with what a NIC would say about it. Every TCP segment that leaves must be a right one.
class fuzz_device final : public ip::net_device {
 public:
  explicit fuzz_device(support::virtual_clock& clock) : clock_(clock) {}

  /// What a device says about a frame.
  struct verdict {
    packet::ip_summed checksum = packet::ip_summed::none;
    std::uint16_t gso_size = 0;
    bool look_up = false;            ///< Report the connection's handle if it is known.
    std::uint32_t wrong_handle = 0;  ///< Not 0: report this one instead.
  };
  void receive(std::span<const std::byte> frame, const verdict& said);
  /// Answers what the stack has asked by ARP.
  void answer_arp();
  /// Called with each segment that the stack sends.
  std::function<void(const support::captured_segment&)> on_segment;
  ip::net_device_features offers;
  void set_busy(bool busy);

  [[nodiscard]] ip::net_device_features features() const noexcept override { return offers; }
  [[nodiscard]] packet::mac_address address() const noexcept override { return support::mac_of_end(0); }
  [[nodiscard]] std::uint16_t mtu() const noexcept override { return 1500; }
  void set_receiver(ip::net_device_receiver& receiver) noexcept override { receiver_ = &receiver; }
  [[nodiscard]] ip::netdev_tx xmit(const packet::tx_sk_buff& skb) override;
  void flush() override {}
  void connection_insert(const packet::connection_tuple& tuple, std::uint32_t handle) override {
    connections_[tuple] = handle;
  }
  void connection_delete(const packet::connection_tuple& tuple) override { connections_.erase(tuple); }

 private:
  support::virtual_clock& clock_;
  ip::net_device_receiver* receiver_ = nullptr;
  std::map<packet::connection_tuple, std::uint32_t> connections_;
  std::deque<std::vector<std::byte>> arp_requests_;
  bool busy_ = false;
  bool refused_ = false;
};

/// One stack at the fuzz_device, in virtual time. Its address is 192.168.0.1, its network 192.168.0.0/24.
class fuzz_host {
 public:
  explicit fuzz_host(const stack::host_stack_config& config, const ip::net_device_features& features);

  /// Everything that is due until then happens at its own time.
  void run_for_ms(std::uint64_t ms);
  [[nodiscard]] std::uint64_t counter(std::string_view name) const;

  support::virtual_clock clock;
  base::seeded_random random{1};
  fuzz_device device{clock};
  stack::host_stack stack;
};

}  // namespace fourtuple::fuzz
