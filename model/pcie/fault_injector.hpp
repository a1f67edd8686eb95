// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <systemc>
#include <vector>

#include "model/pcie/tlp_port.hpp"

namespace fourtuple::model::pcie {

/// What goes wrong on a link.
enum class fault_kind : std::uint8_t {
  lose_completion,    ///< A completion for the device does not arrive: its read times out (PCIe 2.8).
  poison_completion,  ///< A completion for the device carries damaged data, and says so (PCIe 2.7.2).
  lose_interrupt,     ///< An MSI-X message of the device does not arrive.
  link_down,          ///< Nothing passes in either direction; the device is reset when the link is up again.
};

/// One thing that goes wrong.
struct fault {
  fault_kind kind = fault_kind::lose_completion;
  std::uint64_t from_ps = 0;      ///< Not before this time.
  std::uint64_t count = 1;        ///< How many such TLPs; not for link_down.
  std::uint64_t duration_ps = 0;  ///< Of link_down.
};

[[nodiscard]] std::string_view name_of(fault_kind kind) noexcept;

/// What the faults did.
struct fault_counters {
  std::uint64_t completions_lost = 0;
  std::uint64_t completions_poisoned = 0;
  std::uint64_t interrupts_lost = 0;
  std::uint64_t tlps_lost_link_down = 0;
  std::uint64_t links_down = 0;
};

/// Stands between a link and its endpoint, and lets through what no fault applies to. Takes no time.
///
/// Which packets a fault hits depends on their times only, so it is the same in each run. A posted write that is lost
/// is acknowledged all the same, one link latency later: on PCIe nobody would know.
class fault_injector : public sc_core::sc_module {
 public:
  /// `latency`: of the link, one way; what it sends by itself takes that long. `link_up_again` is called when a link
  /// that was down is up, at that time and from no thread.
  fault_injector(sc_core::sc_module_name name, std::vector<fault> faults, sc_core::sc_time latency,
                 std::function<void()> link_up_again);

  /// Bound to the link's to_endpoint and from_endpoint.
  tlp_in& from_link() noexcept { return from_link_; }
  tlp_out& to_link() noexcept { return to_link_; }
  /// Bound to the device's downstream and upstream.
  tlp_in& from_device() noexcept { return from_device_; }
  tlp_out& to_device() noexcept { return to_device_; }

  [[nodiscard]] const fault_counters& counters() const noexcept { return counters_; }

 private:
  void downstream(tlp&& packet, sc_core::sc_time arrival);
  void upstream(tlp&& packet, sc_core::sc_time ready);
  [[nodiscard]] bool is_down(sc_core::sc_time at) const noexcept;
  [[nodiscard]] bool strikes(fault_kind kind, sc_core::sc_time at);
  void acknowledge(const tlp& lost, sc_core::sc_time at);
  void bring_links_up();

  std::vector<fault> faults_;  ///< `count` is what is left.
  sc_core::sc_time latency_;
  std::function<void()> link_up_again_;
  fault_counters counters_;
  tlp_in from_link_;
  tlp_out to_link_;
  tlp_in from_device_;
  tlp_out to_device_;
};

}  // namespace fourtuple::model::pcie
