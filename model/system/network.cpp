// SPDX-License-Identifier: Apache-2.0
#include "model/system/network.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "model/system/platform.hpp"
#include "model/system/scenario/scenario_checks.hpp"

namespace fourtuple::model::system {

namespace {

constexpr std::uint64_t ps_per_ns = 1'000;
constexpr std::uint64_t ps_per_s = 1'000'000'000'000;
constexpr std::uint64_t ns_per_us = 1'000;

packet::mac_address attacker_mac(std::size_t number) {
  return {{0x02, 0x00, 0x00, 0x00, 0xff, static_cast<std::uint8_t>(number + 1)}};
}

}  // namespace

network::network(sc_core::sc_module_name name, const scenario& made, std::vector<outside_port> outside)
    : sc_module(name), made_(made), outside_(std::move(outside)) {
  for (const host_settings& host : made.hosts)
    hosts_.push_back(std::make_unique<machine>(host.name.c_str(), host.platform, identity_of(host)));
  floods_.resize(made.workloads.size());
  for (const workload_settings& work : made.workloads) {
    if (work.kind == workload_kind::syn_flood) add_flood(work);
  }
  if (made.switched())
    join_by_switch();
  else
    join_by_cable();
}

network::~network() = default;

machine& network::host(std::string_view name) const { return *hosts_.at(made_.host_index(name)); }

void network::add_flood(const workload_settings& work) {
  const auto number = static_cast<std::size_t>(&work - made_.workloads.data());
  const machine_identity& target = host(work.to).identity();
  flood_random_.push_back(std::make_unique<host::seeded_random>(made_.run.seed, "workload " + work.name));
  const syn_flood_config config{.mac = attacker_mac(number),
                                .address = *parse_ipv4(work.address),
                                .target_mac = target.mac,
                                .target = target.address,
                                .port = static_cast<std::uint16_t>(work.port),
                                .sources = *parse_network(work.sources),
                                .gap_ns = *app::parse_distribution(work.gap_ns),
                                .frames = work.requests,
                                .start_ns = work.start_us * ns_per_us};
  floods_[number] = std::make_unique<syn_flood>(work.name.c_str(), config, *flood_random_.back());
}

void network::impair(wire::link& link, wire::direction way, const impairment_settings& settings,
                     const std::string& stream) {
  const wire::impairment_config config = config_of(settings);
  if (!config.any()) return;
  const std::uint64_t seed = settings.seed != 0 ? settings.seed : made_.run.seed;
  link.impair(way, config, [seed, stream](std::string_view name) -> wire::random_stream {
    const auto random = std::make_shared<host::seeded_random>(seed, stream + ": " + std::string(name));
    return [random] { return random->next(); };
  });
}

void network::join_by_cable() {
  wire::link& cable =
      *links_.emplace_back(std::make_unique<wire::link>("wire", wire_link_config_of(made_.hosts[0].platform)));
  hosts_[0]->device().ethernet_out().socket.bind(cable.from_a().socket);
  cable.to_a().socket.bind(hosts_[0]->device().ethernet_in().socket);
  const std::string& first = made_.hosts[0].name;
  impair(cable, wire::direction::a_to_b, made_.hosts[0].sends, "wire from " + first);
  if (hosts_.size() == 1) {
    outside_port& there = outside_.at(0);
    there.out.socket.bind(cable.from_b().socket);
    cable.to_b().socket.bind(there.in.socket);
    ends_.push_back({first, there.name});
    impair(cable, wire::direction::b_to_a, made_.hosts[0].receives, "wire to " + first);
    return;
  }
  hosts_[1]->device().ethernet_out().socket.bind(cable.from_b().socket);
  cable.to_b().socket.bind(hosts_[1]->device().ethernet_in().socket);
  ends_.push_back({first, made_.hosts[1].name});
  impair(cable, wire::direction::b_to_a, made_.hosts[1].sends, "wire from " + made_.hosts[1].name);
}

void network::add_port(const std::string& name, const wire::link_config& config, wire::frame_out& out,
                       wire::frame_in& in) {
  const std::size_t port = links_.size();
  wire::link& link = *links_.emplace_back(std::make_unique<wire::link>(("wire_" + name).c_str(), config));
  out.socket.bind(link.from_a().socket);
  link.to_a().socket.bind(in.socket);
  switch_->to_link(port).socket.bind(link.from_b().socket);
  link.to_b().socket.bind(switch_->from_link(port).socket);
  ends_.push_back({name, "switch"});
}

void network::join_by_switch() {
  const switch_settings& settings = made_.ethernet_switch;
  wire::ethernet_switch_config config{.port_rates_bits_per_s = {},
                                      .forwarding_ps = settings.forwarding_ns * ps_per_ns,
                                      .queue_bytes = settings.queue_bytes,
                                      .mark_above_bytes = settings.ecn_mark_bytes,
                                      .most_addresses = settings.addresses,
                                      .ageing_ps = settings.ageing_s * ps_per_s};
  for (const host_settings& host : made_.hosts) config.port_rates_bits_per_s.push_back(host.platform.wire_bits_per_s);
  for (const auto& flood : floods_) {
    if (flood) config.port_rates_bits_per_s.push_back(made_.platform.wire_bits_per_s);
  }
  config.port_rates_bits_per_s.insert(config.port_rates_bits_per_s.end(), outside_.size(),
                                      made_.platform.wire_bits_per_s);
  switch_ = std::make_unique<wire::ethernet_switch>("switch", config);
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    const host_settings& host = made_.hosts[i];
    add_port(host.name, wire_link_config_of(host.platform), hosts_[i]->device().ethernet_out(),
             hosts_[i]->device().ethernet_in());
    impair(*links_.back(), wire::direction::a_to_b, host.sends, "wire from " + host.name);
    impair(*links_.back(), wire::direction::b_to_a, host.receives, "wire to " + host.name);
  }
  for (std::size_t i = 0; i < floods_.size(); ++i) {
    if (floods_[i]) {
      add_port(made_.workloads[i].name, wire_link_config_of(made_.platform), floods_[i]->ethernet_out(),
               floods_[i]->ethernet_in());
    }
  }
  for (const outside_port& there : outside_)
    add_port(there.name, wire_link_config_of(made_.platform), there.out, there.in);
}

const std::string& network::end_name(std::size_t link, wire::direction sender) const {
  return sender == wire::direction::a_to_b ? ends_[link].a : ends_[link].b;
}

std::uint64_t network::wire_frames() const {
  std::uint64_t frames = 0;
  for (const auto& link : links_)
    frames += link->counters(wire::direction::a_to_b).frames + link->counters(wire::direction::b_to_a).frames;
  return frames;
}

bool network::settled() const {
  return std::ranges::all_of(hosts_, [](const auto& host) { return host->up() || !host->failure().empty(); });
}

bool network::quiescent() const {
  return std::ranges::all_of(hosts_, [](const auto& host) { return host->quiescent(); });
}

}  // namespace fourtuple::model::system
