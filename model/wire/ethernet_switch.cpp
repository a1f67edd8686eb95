// SPDX-License-Identifier: Apache-2.0
#include "model/wire/ethernet_switch.hpp"

#include "model/sim/time.hpp"
#include "model/wire/frame_headers.hpp"

namespace fourtuple::model::wire {

namespace {

constexpr std::size_t address_bytes = 6;
constexpr std::size_t header_bytes = 14;

std::uint64_t address_at(std::span<const std::byte> bytes, std::size_t offset) {
  std::uint64_t value = 0;
  for (const std::byte byte : bytes.subspan(offset, address_bytes))
    value = value << 8 | std::to_integer<std::uint64_t>(byte);
  return value;
}

// The first bit on the wire, the lowest of the first byte: a group (IEEE 802.3 3.2.3).
constexpr bool is_group(std::uint64_t address) noexcept { return (address >> 40 & 1) != 0; }

}  // namespace

std::optional<std::string> config_error(const ethernet_switch_config& config) {
  if (config.port_rates_bits_per_s.size() < 2) return "a switch has at least two ports";
  for (const std::uint64_t rate : config.port_rates_bits_per_s) {
    if (rate == 0) return "a port of a switch needs a rate";
  }
  if (config.mark_above_bytes >= config.queue_bytes)
    return "a switch's queue of " + std::to_string(config.queue_bytes) +
           " bytes would be full before it is marked above " + std::to_string(config.mark_above_bytes);
  return std::nullopt;
}

std::vector<std::pair<const char*, std::uint64_t>> named(const ethernet_switch_counters& counters) {
  return {{"received", counters.received},
          {"sent", counters.sent},
          {"dropped_bad", counters.dropped_bad},
          {"dropped_local", counters.dropped_local},
          {"dropped_queue_full", counters.dropped_queue_full},
          {"flooded", counters.flooded},
          {"congestion_marked", counters.congestion_marked},
          {"queue_most_bytes", counters.queue_most_bytes}};
}

ethernet_switch::ethernet_switch(sc_core::sc_module_name name, const ethernet_switch_config& config)
    : sc_module(name), config_(config) {
  if (const auto error = config_error(config)) SC_REPORT_FATAL(this->name(), error->c_str());
  SC_HAS_PROCESS(ethernet_switch);
  SC_METHOD(forward_arrivals);
  dont_initialize();
  for (std::size_t i = 0; i < config.port_rates_bits_per_s.size(); ++i) {
    switch_port& made = ports_.emplace_back();
    made.arrivals = std::make_unique<sim::arrival_queue<frame>>();
    made.queue =
        std::make_unique<bottleneck_queue>(bottleneck_config{.rate_bits_per_s = config.port_rates_bits_per_s[i],
                                                             .queue_bytes = config.queue_bytes,
                                                             .mark_above_bytes = config.mark_above_bytes});
    const std::string number = std::to_string(i);
    sim::arrival_queue<frame>* const arrivals = made.arrivals.get();
    made.in = std::make_unique<frame_in>(
        ("from_link_" + number).c_str(),
        [arrivals](frame&& content, sc_core::sc_time arrival) { arrivals->push(std::move(content), arrival); });
    made.out = std::make_unique<frame_out>(("to_link_" + number).c_str());
    sensitive << arrivals->changed();
  }
}

void ethernet_switch::forward_arrivals() {
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    while (auto content = ports_[i].arrivals->pop(now)) forward(i, std::move(*content));
  }
}

void ethernet_switch::learn(address source, std::size_t from, std::uint64_t now_ps) {
  if (is_group(source)) return;
  const auto found = stations_.find(source);
  if (found != stations_.end()) {
    found->second = {from, now_ps};
    return;
  }
  if (stations_.size() >= config_.most_addresses)
    std::erase_if(stations_, [&](const auto& entry) { return entry.second.heard_ps + config_.ageing_ps < now_ps; });
  if (stations_.size() < config_.most_addresses) stations_.emplace(source, station{from, now_ps});
}

std::optional<std::size_t> ethernet_switch::port_of(address destination, std::uint64_t now_ps) const {
  const auto found = stations_.find(destination);
  if (found == stations_.end() || found->second.heard_ps + config_.ageing_ps < now_ps) return std::nullopt;
  return found->second.port;
}

void ethernet_switch::forward(std::size_t from, frame&& content) {
  ethernet_switch_counters& counters = ports_[from].counters;
  ++counters.received;
  if (content.bad || content.bytes.size() < header_bytes) {
    ++counters.dropped_bad;
    return;
  }
  const std::uint64_t now_ps = sim::to_ps(sc_core::sc_time_stamp());
  const address destination = address_at(content.bytes, 0);
  learn(address_at(content.bytes, address_bytes), from, now_ps);
  const auto to = is_group(destination) ? std::nullopt : port_of(destination, now_ps);
  if (to == from) {
    ++counters.dropped_local;
    return;
  }
  if (to) return send(*to, std::move(content));
  ++counters.flooded;
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    if (i != from) send(i, frame(content));
  }
}

void ethernet_switch::send(std::size_t to, frame&& content) {
  switch_port& out = ports_[to];
  const std::uint64_t now_ps = sim::to_ps(sc_core::sc_time_stamp());
  const auto passage = out.queue->enter(now_ps + config_.forwarding_ps, content.bytes.size());
  out.counters.queue_most_bytes = out.queue->most_bytes();
  if (!passage) {
    ++out.counters.dropped_queue_full;
    return;
  }
  if (passage->mark && mark_congestion(content.bytes)) ++out.counters.congestion_marked;
  ++out.counters.sent;
  out.out->send(std::move(content), sim::from_ps(passage->began_ps - now_ps));
}

}  // namespace fourtuple::model::wire
