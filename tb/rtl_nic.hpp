// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "model/nic/nic.hpp"
#include "model/pcie/requester.hpp"
#include "model/sim/arrival_queue.hpp"
#include "tb/axi_lite_master.hpp"
#include "tb/axi_memory_slave.hpp"
#include "tb/axis_mac.hpp"
#include "tb/nic_pins.hpp"

namespace fourtuple::tb {

struct rtl_nic_options {
  /// How far the NIC may run ahead of SystemC's time. At most the smallest latency to the NIC, of the link and of the
  /// wire; a packet that shows it to be too large is an error of the simulation. Results do not depend on it.
  std::uint32_t quantum_clocks = 16;
  /// Leave idle clocks out (docs/device.md, Idle clocks). Results do not depend on it.
  bool skip_idle_clocks = true;
  /// FST waveform of the whole NIC; empty: none. Costs time even while it is off.
  std::string trace_file = {};
  bool trace_from_start = true;   ///< Otherwise set_tracing() starts it.
  trace_window trace_times = {};  ///< What lies outside is left out, tracing or not.
  /// To look at how the clocks go: called after a sleep, with the number of the edge that comes next, and after each
  /// edge, with its number.
  std::function<void(std::uint64_t next_edge)> on_wake = {};
  std::function<void(std::uint64_t edge)> on_edge = {};
};

/// What the Verilated NIC was built with: nic_config must say the same.
struct rtl_parameters {
  std::uint64_t clock_period_ps;
  std::uint32_t queues;
  std::uint32_t buckets_log2;
  std::uint32_t overflow_lines_log2;
};
[[nodiscard]] rtl_parameters built_rtl_parameters() noexcept;

/// The Verilated RTL as a NIC.
///
/// One thread evaluates clock after clock, up to a quantum ahead of SystemC's time; what leaves is annotated with the
/// time of its edge. Edges are at multiples of the period; an input that arrives at a time is seen at the first edge at
/// or after it. When the device is quiet the thread sleeps until something arrives or a timer of the device is due, and
/// then makes up for the clocks in between in one evaluation.
class rtl_nic final : public model::nic::nic {
 public:
  SC_HAS_PROCESS(rtl_nic);
  /// Throws std::invalid_argument if the RTL was not built with what `config` says.
  rtl_nic(sc_core::sc_module_name name, const model::nic::nic_config& config, const rtl_nic_options& options = {});

  /// Idle time up to now is included.
  [[nodiscard]] model::nic::nic_clocks clocks() const noexcept override;
  void set_drop_callback(drop_callback on_drop) override { on_drop_ = std::move(on_drop); }
  /// With a trace_file: whether what follows goes into it.
  void set_tracing(bool on) { model_->set_tracing(on); }
  /// Of everything that the RTL keeps. Not with a trace_file.
  [[nodiscard]] std::uint64_t state_hash() { return model_->state_hash(); }

 private:
  using input = std::variant<model::pcie::tlp, model::wire::frame>;

  void on_tlp(model::pcie::tlp&& packet, sc_core::sc_time arrival) override;
  void on_frame(model::wire::frame&& content, sc_core::sc_time arrival) override;
  void check_lookahead(sc_core::sc_time arrival);

  void reset();
  void run();
  void run_quantum();
  void sleep();
  void skip_to(std::uint64_t edge);
  void clock_edge();
  void take_arrivals();
  void tell_drops();
  [[nodiscard]] bool quiet() const noexcept;
  [[nodiscard]] std::uint64_t edge_ps() const noexcept { return next_edge_ * period_ps_; }
  [[nodiscard]] std::uint64_t edge_at_or_after(std::uint64_t time_ps) const noexcept;
  [[nodiscard]] std::uint64_t next_busy_edge() const;
  [[nodiscard]] sc_core::sc_time delay_to(std::uint64_t time_ps) const;
  void send_upstream(model::pcie::tlp packet, sc_core::sc_time delay);

  std::uint64_t period_ps_;
  rtl_nic_options options_;
  std::unique_ptr<verilated_nic> model_;
  nic_pins pins_;
  model::pcie::requester requester_;
  axi_lite_master registers_;
  axi_memory_slave memory_;
  axis_mac mac_;
  model::sim::arrival_queue<input> arrivals_;

  std::uint64_t next_edge_ = 0;  ///< Number of the first edge that has not been evaluated; 0 is at time 0.
  bool settled_ = false;         ///< The inputs for next_edge_ are set.
  std::uint64_t evaluated_ = 0;
  drop_callback on_drop_;
  sc_core::sc_time last_upstream_departure_;
};

}  // namespace fourtuple::tb
