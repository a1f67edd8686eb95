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

std::vector<std::pair<const char*, std::uint64_t>> named(const fault_counters& counters) {
  return {{"completions_lost", counters.completions_lost},
          {"completions_poisoned", counters.completions_poisoned},
          {"interrupts_lost", counters.interrupts_lost},
          {"links_down", counters.links_down},
          {"tlps_lost_link_down", counters.tlps_lost_link_down}};
}

fault_injector::fault_injector(sc_core::sc_module_name name, const fault_plan& plan, sc_core::sc_time latency,
                               std::function<void(bool up)> link_changed,
                               const std::function<random_stream(std::string_view)>& make_random)
    : sc_module(name),
      latency_(latency),
      link_changed_(std::move(link_changed)),
      from_link_("from_link",
                 [this](tlp&& packet, sc_core::sc_time arrival) { downstream(std::move(packet), arrival); }),
      to_link_("to_link"),
      from_device_("from_device", [this](tlp&& packet, sc_core::sc_time ready) { upstream(std::move(packet), ready); }),
      to_device_("to_device") {
  for (const fault& one : plan.faults) faults_.push_back({.what = one});
  for (const auto& [kind, probability] : {std::pair(fault_kind::lose_completion, plan.lose_completion),
                                          std::pair(fault_kind::poison_completion, plan.poison_completion),
                                          std::pair(fault_kind::lose_interrupt, plan.lose_interrupt)}) {
    if (probability != 0) chances_.push_back({kind, probability, make_random(name_of(kind))});
  }
  const auto is_link_down = [](const watched_fault& f) { return f.what.kind == fault_kind::link_down; };
  if (std::ranges::any_of(faults_, is_link_down)) sc_core::sc_spawn([this] { change_link(); }, "change_link");
}

void fault_injector::begin() {
  begun_ = sc_core::sc_time_stamp();
  begins_.notify(sc_core::SC_ZERO_TIME);
}

std::optional<std::uint64_t> fault_injector::since_begin_ps(sc_core::sc_time at) const noexcept {
  if (!begun_ || at < *begun_ + latency_) return std::nullopt;
  return sim::to_ps(at - *begun_);
}

bool fault_injector::is_down(sc_core::sc_time at) const noexcept {
  const auto ps = since_begin_ps(at);
  return ps && std::ranges::any_of(faults_, [ps = *ps](const watched_fault& f) {
           return f.what.kind == fault_kind::link_down && ps >= f.what.from_ps &&
                  ps - f.what.from_ps < f.what.duration_ps;
         });
}

bool fault_injector::strikes(fault_kind kind, sc_core::sc_time at) {
  const auto ps = since_begin_ps(at);
  if (!ps) return false;
  bool struck = false;
  // All of them count the packet, also where one is enough.
  for (watched_fault& f : faults_) {
    if (f.what.kind != kind || *ps < f.what.from_ps) continue;
    ++f.seen;
    struck = struck || (f.seen >= f.what.first && f.seen - f.what.first < f.what.count);
  }
  for (const chance& one : chances_) {
    if (one.kind == kind) struck = one.random() % always_ppm < one.probability || struck;
  }
  return struck;
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

void fault_injector::change_link() {
  while (!begun_) sc_core::wait(begins_);
  std::vector<std::uint64_t> changes_ps;
  for (const watched_fault& f : faults_) {
    if (f.what.kind != fault_kind::link_down) continue;
    changes_ps.push_back(std::max(f.what.from_ps, sim::to_ps(latency_)));
    changes_ps.push_back(f.what.from_ps + f.what.duration_ps);
  }
  std::ranges::sort(changes_ps);
  bool down = false;
  for (const std::uint64_t change_ps : changes_ps) {
    sc_core::wait(sim::until(std::max(*begun_ + sim::from_ps(change_ps), sc_core::sc_time_stamp())));
    if (is_down(sc_core::sc_time_stamp()) == down) continue;
    down = !down;
    if (down) ++counters_.links_down;
    link_changed_(!down);
  }
}

}  // namespace fourtuple::model::pcie
