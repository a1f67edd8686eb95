// SPDX-License-Identifier: Apache-2.0
#include "model/pcie/fault_injector.hpp"

#include <algorithm>
#include <utility>

#include "model/pcie/doorbell.hpp"
#include "model/sim/time.hpp"

namespace fourtuple::model::pcie {

std::string_view name_of(fault_kind kind) noexcept {
  switch (kind) {
    case fault_kind::lose_completion:
      return "lose_completion";
    case fault_kind::poison_completion:
      return "poison_completion";
    case fault_kind::lose_interrupt:
      return "lose_interrupt";
    case fault_kind::link_down:
      return "link_down";
  }
  return "unknown";
}

fault_injector::fault_injector(sc_core::sc_module_name name, std::vector<fault> faults, sc_core::sc_time latency,
                               std::function<void()> link_up_again)
    : sc_module(name),
      faults_(std::move(faults)),
      latency_(latency),
      link_up_again_(std::move(link_up_again)),
      from_link_("from_link",
                 [this](tlp&& packet, sc_core::sc_time arrival) { downstream(std::move(packet), arrival); }),
      to_link_("to_link"),
      from_device_("from_device", [this](tlp&& packet, sc_core::sc_time ready) { upstream(std::move(packet), ready); }),
      to_device_("to_device") {
  const bool any_down = std::ranges::any_of(faults_, [](const fault& f) { return f.kind == fault_kind::link_down; });
  if (any_down) sc_core::sc_spawn([this] { bring_links_up(); }, "bring_links_up");
}

bool fault_injector::is_down(sc_core::sc_time at) const noexcept {
  return std::ranges::any_of(faults_, [ps = sim::to_ps(at)](const fault& f) {
    return f.kind == fault_kind::link_down && ps >= f.from_ps && ps - f.from_ps < f.duration_ps;
  });
}

bool fault_injector::strikes(fault_kind kind, sc_core::sc_time at) {
  const auto found = std::ranges::find_if(faults_, [kind, ps = sim::to_ps(at)](const fault& f) {
    return f.kind == kind && f.count != 0 && ps >= f.from_ps;
  });
  if (found == faults_.end()) return false;
  --found->count;
  return true;
}

void fault_injector::downstream(tlp&& packet, sc_core::sc_time arrival) {
  // An acknowledge is not PCIe's: it tells the device's bridge of a write that has arrived.
  if (packet.type != tlp_type::write_acknowledge && is_down(arrival)) {
    ++counters_.tlps_lost_link_down;
    return;
  }
  if (packet.type == tlp_type::completion) {
    if (strikes(fault_kind::lose_completion, arrival)) {
      ++counters_.completions_lost;
      return;
    }
    if (strikes(fault_kind::poison_completion, arrival)) {
      ++counters_.completions_poisoned;
      packet.poisoned = true;
    }
  }
  to_device_.send(std::move(packet), sim::until(arrival));
}

void fault_injector::upstream(tlp&& packet, sc_core::sc_time ready) {
  const bool write = packet.type == tlp_type::memory_write;
  if (is_down(ready)) {
    ++counters_.tlps_lost_link_down;
    if (write) acknowledge(packet, ready);
    return;
  }
  if (write && is_doorbell(packet.address) && strikes(fault_kind::lose_interrupt, ready)) {
    ++counters_.interrupts_lost;
    acknowledge(packet, ready);
    return;
  }
  to_link_.send(std::move(packet), sim::until(ready));
}

void fault_injector::acknowledge(const tlp& lost, sc_core::sc_time at) {
  tlp answer;
  answer.type = tlp_type::write_acknowledge;
  answer.tag = lost.tag;
  to_device_.send(std::move(answer), sim::until(at) + latency_);
}

void fault_injector::bring_links_up() {
  std::vector<std::uint64_t> ends_ps;
  for (const fault& f : faults_) {
    if (f.kind == fault_kind::link_down) ends_ps.push_back(f.from_ps + f.duration_ps);
  }
  std::ranges::sort(ends_ps);
  for (const std::uint64_t end_ps : ends_ps) {
    sc_core::wait(sim::until(sim::from_ps(end_ps)));
    ++counters_.links_down;
    if (!is_down(sc_core::sc_time_stamp())) link_up_again_();
  }
}

}  // namespace fourtuple::model::pcie
