// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <systemc>
#include <utility>
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
  std::uint64_t from_ps = 0;      ///< Not before this time after begin().
  std::uint64_t first = 1;        ///< Of such TLPs from then on, the first that it hits; not for link_down.
  std::uint64_t count = 1;        ///< How many from that one on; not for link_down.
  std::uint64_t duration_ps = 0;  ///< Of link_down.
};

using parts_per_million = std::uint32_t;
inline constexpr parts_per_million always_ppm = 1'000'000;

/// Everything that goes wrong on a link.
struct fault_plan {
  std::vector<fault> faults;
  parts_per_million lose_completion = 0;  ///< Of each completion for the device.
  parts_per_million poison_completion = 0;
  parts_per_million lose_interrupt = 0;  ///< Of each MSI-X message.

  [[nodiscard]] bool any() const noexcept {
    return !faults.empty() || lose_completion != 0 || poison_completion != 0 || lose_interrupt != 0;
  }
};

/// 64 random bits at each call.
using random_stream = std::function<std::uint64_t()>;

[[nodiscard]] std::string_view name_of(fault_kind kind) noexcept;

/// What the faults did.
struct fault_counters {
  std::uint64_t completions_lost = 0;
  std::uint64_t completions_poisoned = 0;
  std::uint64_t interrupts_lost = 0;
  std::uint64_t tlps_lost_link_down = 0;
  std::uint64_t links_down = 0;
};

/// With the names that run.json has.
[[nodiscard]] std::vector<std::pair<const char*, std::uint64_t>> named(const fault_counters& counters);

/// Stands between a link and its endpoint, and lets through what no fault applies to. Takes no time.
///
/// Which packets a fault hits depends on their times and their order in each direction, so it is the same in each run,
/// however far a device runs ahead of the kernel. A posted write that is lost is acknowledged all the same, one link
/// latency later: on PCIe nobody would know.
class fault_injector : public sc_core::sc_module {
 public:
  /// `latency`: of the link, one way; what it sends by itself takes that long, and no device runs ahead further.
  /// `link_changed` is called when the link goes down (false) and is up again (true), from a thread and at that time.
  /// `make_random` gives a stream for each of the probabilities that is not 0, by a name.
  fault_injector(sc_core::sc_module_name name, const fault_plan& plan, sc_core::sc_time latency,
                 std::function<void(bool up)> link_changed,
                 const std::function<random_stream(std::string_view)>& make_random);

  /// From now on things go wrong: times and numbers of packets count from here, but for the first `latency`, of which a
  /// device may have done a part already.
  void begin();

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
  /// Time since begin(); nothing if it is too early for faults.
  [[nodiscard]] std::optional<std::uint64_t> since_begin_ps(sc_core::sc_time at) const noexcept;
  [[nodiscard]] bool is_down(sc_core::sc_time at) const noexcept;
  [[nodiscard]] bool strikes(fault_kind kind, sc_core::sc_time at);
  void acknowledge(const tlp& lost, sc_core::sc_time at);
  void change_link();

  /// A fault, and how many packets it has been asked about.
  struct watched_fault {
    fault what;
    std::uint64_t seen = 0;
  };
  /// A probability and where its dice are.
  struct chance {
    fault_kind kind;
    parts_per_million probability;
    random_stream random;
  };

  std::vector<watched_fault> faults_;
  std::vector<chance> chances_;
  sc_core::sc_time latency_;
  std::function<void(bool up)> link_changed_;
  std::optional<sc_core::sc_time> begun_;
  sc_core::sc_event begins_;
  fault_counters counters_;
  tlp_in from_link_;
  tlp_out to_link_;
  tlp_in from_device_;
  tlp_out to_device_;
};

}  // namespace fourtuple::model::pcie
