// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "model/nic/device.hpp"
#include "model/nic/mac_pacing.hpp"
#include "model/nic/nic.hpp"
#include "model/sim/arrival_queue.hpp"

namespace fourtuple::model::nic {

/// The functional model as a NIC: docs/device.md without clocks. A TLP or frame takes effect when it has arrived; what
/// the device makes of it leaves a fixed latency later, in order. Host memory is read with many requests outstanding,
/// and the MAC sends at its line rate.
class functional_nic final : public nic, private device_port {
 public:
  SC_HAS_PROCESS(functional_nic);
  functional_nic(sc_core::sc_module_name name, const nic_config& config);

  [[nodiscard]] nic_clocks clocks() const noexcept override { return {}; }
  void set_drop_callback(drop_callback on_drop) override;

 private:
  using input = std::variant<pcie::tlp, wire::frame>;

  void on_tlp(pcie::tlp&& packet, sc_core::sc_time arrival) override;
  void on_frame(wire::frame&& content, sc_core::sc_time arrival) override;

  [[nodiscard]] std::uint64_t clock() const override;
  void write_memory(std::uint64_t address, std::span<const std::byte> bytes) override;
  void read_memory(std::uint64_t address, std::uint32_t length_bytes) override;
  std::uint64_t transmit(std::vector<std::byte> frame) override;

  void run();
  void handle(pcie::tlp&& packet);
  void access_registers(const pcie::tlp& request);
  void send_upstream(pcie::tlp packet, sc_core::sc_time delay);
  void report_drops();
  void reset_function();
  [[nodiscard]] bool resetting() const noexcept { return swallow_writes_ + swallow_reads_ != 0; }
  void on_written(bool ok);
  void on_read(bool ok, std::span<const std::byte> data);
  void handle_held();

  sc_core::sc_time period_;
  sc_core::sc_time latency_;
  device_config config_;
  std::optional<device> device_;  ///< Never empty: optional, to be made anew by a function-level reset.
  pcie::requester requester_;
  sim::arrival_queue<input> arrivals_;
  sc_core::sc_time last_upstream_departure_;
  mac_pacing mac_;
  drop_callback on_drop_;

  std::size_t writes_outstanding_ = 0;
  std::size_t reads_outstanding_ = 0;
  std::size_t swallow_writes_ = 0;  ///< Answers that belong to the device before its reset.
  std::size_t swallow_reads_ = 0;
  std::deque<pcie::tlp> held_accesses_;  ///< Until the reset has ended.
};

}  // namespace fourtuple::model::nic
