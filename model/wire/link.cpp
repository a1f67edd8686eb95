// SPDX-License-Identifier: Apache-2.0
#include "model/wire/link.hpp"

#include <algorithm>
#include <utility>

#include "model/sim/time.hpp"

namespace fourtuple::model::wire {

std::optional<std::string> config_error(const link_config& config) {
  constexpr std::uint64_t least_rate = 1'000'000;
  constexpr std::uint64_t most_rate = 10'000'000'000'000;
  if (config.rate_bits_per_s < least_rate || config.rate_bits_per_s > most_rate)
    return "an Ethernet link of " + std::to_string(config.rate_bits_per_s) +
           " bit/s is not between 1 Mbit/s and 10 Tbit/s";
  if (config.propagation_delay_ps < 1'000) return "an Ethernet link has a propagation delay of at least 1 ns";
  return std::nullopt;
}

link::link(sc_core::sc_module_name name, const link_config& config)
    : sc_module(name),
      config_(config),
      to_a_("to_a"),
      to_b_("to_b"),
      from_a_("from_a",
              [this](frame&& content, sc_core::sc_time ready) { carry(direction::a_to_b, std::move(content), ready); }),
      from_b_("from_b", [this](frame&& content, sc_core::sc_time ready) {
        carry(direction::b_to_a, std::move(content), ready);
      }) {
  if (const auto error = config_error(config)) SC_REPORT_FATAL(this->name(), error->c_str());
}

void link::impair(direction way, const impairment_config& config, const random_streams& streams) {
  if (const auto error = config_error(config)) SC_REPORT_FATAL(name(), error->c_str());
  ways_[static_cast<std::size_t>(way)].impaired = std::make_unique<impairment>(config, streams);
}

std::uint64_t link::duration_ps(std::size_t bytes) const noexcept {
  constexpr std::uint64_t ps_per_s = 1'000'000'000'000;
  const std::uint64_t numerator = bytes * 8 * ps_per_s;  // Fits for frames of up to 2 MB.
  return (numerator + config_.rate_bits_per_s - 1) / config_.rate_bits_per_s;
}

sc_core::sc_time link::smallest_latency() const {
  return sim::from_ps(config_.propagation_delay_ps +
                      duration_ps(preamble_bytes + smallest_frame_bytes + frame_check_sequence_bytes));
}

void link::carry(direction way, frame&& content, sc_core::sc_time ready) {
  way_state& state = ways_[static_cast<std::size_t>(way)];
  if (content.bytes.size() < smallest_frame_bytes) {
    content.bytes.resize(smallest_frame_bytes);
    ++state.counters.padded;
  }
  const std::size_t received_bytes = preamble_bytes + content.bytes.size() + frame_check_sequence_bytes;
  const std::uint64_t busy_ps = duration_ps(received_bytes + interframe_gap_bytes);
  const sc_core::sc_time start = std::max(state.free_at, ready);
  const sc_core::sc_time duration = sim::from_ps(duration_ps(received_bytes));
  const sc_core::sc_time arrival = start + duration + sim::from_ps(config_.propagation_delay_ps);
  state.free_at = start + sim::from_ps(busy_ps);
  ++state.counters.frames;
  state.counters.frame_bytes += content.bytes.size();
  if (content.bad) ++state.counters.bad;
  state.counters.busy_ps += busy_ps;
  const wire_event event{.way = way, .start = start, .arrival = arrival, .content = content};
  for (wire_observer* const observer : observers_) observer->on_frame(event);
  if (state.impaired) return pass_impairment(event, std::move(content), duration);
  deliver(way, std::move(content), arrival);
}

void link::pass_impairment(const wire_event& event, frame&& content, sc_core::sc_time duration) {
  impairment& impaired = *ways_[static_cast<std::size_t>(event.way)].impaired;
  const impairment_counters before = impaired.counters();
  frame copy = content;  // What is done to the frame is told beside the frame as it was.
  std::vector<impairment::delivery> deliveries = impaired.pass(std::move(copy), event.arrival, duration);
  const std::vector<const char*> what = what_happened(before, impaired.counters());
  if (!what.empty()) {
    for (wire_observer* const observer : observers_) observer->on_impairment(event, what);
  }
  for (impairment::delivery& each : deliveries) deliver(event.way, std::move(each.content), each.arrival);
}

void link::deliver(direction way, frame&& content, sc_core::sc_time arrival) {
  for (wire_observer* const observer : observers_) observer->on_arrival(way, content, arrival);
  frame_out& out = way == direction::a_to_b ? to_b_ : to_a_;
  out.send(std::move(content), sim::until(arrival));
}

}  // namespace fourtuple::model::wire
