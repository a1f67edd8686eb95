// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <systemc>
#include <vector>

#include "host/driver/nic_driver.hpp"
#include "interfaces/packetdrill/interface_flags.hpp"
#include "interfaces/packetdrill/segment_joiner.hpp"
#include "interfaces/packetdrill/tool_link.hpp"
#include "model/host/simulated_device.hpp"
#include "model/nic/nic.hpp"
#include "model/pcie/iommu.hpp"
#include "model/pcie/link.hpp"
#include "model/pcie/root_complex.hpp"
#include "model/wire/frame_port.hpp"
#include "model/wire/link.hpp"

namespace fourtuple::packetdrill {

/// A link through the NIC: driver, PCIe, device, and a wire at whose far end the tool is. SystemC's time follows the
/// tool's clock, step by step.
///
/// The tool sees what the device was given: segments that it has cut are joined again, and a packet that is larger than
/// the MTU goes over the wire in segments.
///
/// SystemC has one simulation a process: so there is one of these in a process, ever.
class simulated_link final : public tool_link, private ip::net_device, private ip::net_device_receiver {
 public:
  /// Throws std::invalid_argument if there has been one, std::runtime_error if the device does not come up.
  simulated_link(const interface_flags& flags, base::clock& clock, std::uint32_t hash_secret);
  ~simulated_link() override;

  // tool_link
  [[nodiscard]] ip::net_device& device() noexcept override { return *this; }
  bool receive(std::span<const std::byte> packet) override;
  [[nodiscard]] bool delivered() const noexcept override { return frames_received_ >= frames_injected_; }
  [[nodiscard]] std::optional<sent_packet> take() override;
  [[nodiscard]] bool has_sent() const noexcept override;
  [[nodiscard]] std::uint64_t next_deadline_ns() const override;
  void run() override;

 private:
  // ip::net_device: the driver's, with a look at what goes through.
  [[nodiscard]] ip::net_device_features features() const noexcept override { return driver_->features(); }
  [[nodiscard]] packet::mac_address address() const noexcept override { return driver_->address(); }
  [[nodiscard]] std::uint16_t mtu() const noexcept override { return driver_->mtu(); }
  void set_receiver(ip::net_device_receiver& receiver) noexcept override { receiver_ = &receiver; }
  [[nodiscard]] ip::netdev_tx xmit(const packet::tx_sk_buff& skb) override;
  void flush() override;
  void connection_insert(const packet::connection_tuple& tuple, std::uint32_t handle) override;
  void connection_delete(const packet::connection_tuple& tuple) override;

  // ip::net_device_receiver
  void receive(std::span<const packet::sk_buff> list) override;
  void tx_wake() override { receiver_->tx_wake(); }

  void build(const interface_flags& flags);
  void bring_up();
  void event_context();
  void catch_up();
  void on_frame(std::vector<std::byte> frame, sc_core::sc_time arrival);
  void inject(std::vector<std::byte> frame);

  base::clock& clock_;
  std::uint16_t gro_mss_;
  std::uint64_t start_ns_ = 0;  ///< The clock's time when the kernel's was 0.
  ip::net_device_receiver* receiver_ = nullptr;
  model::pcie::iommu iommu_;
  model::pcie::root_complex root_;
  model::pcie::link pcie_;
  std::unique_ptr<model::nic::nic> nic_;
  model::wire::link wire_;
  model::wire::frame_out to_wire_;
  model::wire::frame_in from_wire_;
  model::host::simulated_mmio mmio_;
  model::host::simulated_interrupts interrupts_;
  model::host::simulated_dma_memory dma_;
  std::unique_ptr<driver::nic_driver> driver_;
  sc_core::sc_event device_event_;
  std::optional<driver::nic_result> opened_;
  bool in_kernel_ = false;  ///< Called from within sc_start(): its time is right already.

  segment_joiner joiner_;
  std::deque<sent_packet> sent_;
  std::uint64_t frames_injected_ = 0;
  std::uint64_t frames_received_ = 0;
};

}  // namespace fourtuple::packetdrill
