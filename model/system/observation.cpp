// SPDX-License-Identifier: Apache-2.0
#include "model/system/observation.hpp"

#include <stdexcept>

#include "model/sim/time.hpp"

namespace fourtuple::model::system {

void observation::log_to(const std::filesystem::path& file, std::uint64_t from_ps, std::uint64_t until_ps) {
  log_.emplace();
  if (const auto error = log_->open(file)) throw std::runtime_error(*error);
  story_.add_listener(logged_.emplace(*log_, from_ps, until_ps));
}

void observation::add(machine& host) {
  const std::string name = host.basename();
  host.stack().tcp().set_observer(&hosts_.emplace_back(events_, name));
  nic_by_host_[name] = &nics_.emplace_back(events_, name, host.link(), host.device());
}

void observation::add(wire::link& cable, const std::string& a, const std::string& b) {
  wires_.emplace_back(events_, cable, a, b, nic_of(a), nic_of(b));
}

observe::nic_tap* observation::nic_of(const std::string& host) {
  const auto found = nic_by_host_.find(host);
  return found == nic_by_host_.end() ? nullptr : found->second;
}

void observation::end_of_work() { series_.stop_at(sim::to_ps(sc_core::sc_time_stamp())); }

void observation::finish() {
  events_.release();
  if (!log_) return;
  if (const auto error = log_->finish()) throw std::runtime_error(*error);
}

}  // namespace fourtuple::model::system
