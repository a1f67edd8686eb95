// SPDX-License-Identifier: Apache-2.0
#include "model/system/scenario/scenario_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "host/app/workloads/distribution.hpp"
#include "model/system/platform.hpp"
#include "model/system/scenario/setting.hpp"

namespace fourtuple::model::system {

namespace {

using problem = std::optional<scenario_problem>;

constexpr std::uint32_t first_address = 0x0a000001;
constexpr std::uint32_t default_prefix_length = 24;
constexpr std::uint32_t first_port = 2222;
constexpr std::size_t most_hosts = 250;

std::string path_of(const workload_settings& work, std::string_view key = {}) {
  return key.empty() ? fmt::format("workloads.{}", work.name) : fmt::format("workloads.{}.{}", work.name, key);
}

void expand_hosts(scenario& made) {
  std::vector<host_settings> hosts;
  std::map<std::string, std::vector<std::string>> members;
  for (const host_settings& host : made.hosts) {
    for (std::uint32_t number = 1; number <= host.count; ++number) {
      host_settings& one = hosts.emplace_back(host);
      one.count = 1;
      if (host.count > 1) one.name += fmt::format("-{}", number);
      if (const auto own = parse_interface(host.address); own && number > 1) {
        one.address =
            fmt::format("{}/{}", to_text(packet::ipv4_address{own->address.value + number - 1}), own->prefix_length);
      }
      if (number > 1) one.mac.clear();
      members[host.name].push_back(one.name);
    }
  }
  made.hosts = std::move(hosts);
  for (workload_settings& work : made.workloads) {
    std::vector<std::string> from;
    for (const std::string& name : work.from) {
      const auto found = members.find(name);
      if (found == members.end())
        from.push_back(name);
      else
        from.insert(from.end(), found->second.begin(), found->second.end());
    }
    work.from = std::move(from);
  }
}

void complete_hosts(scenario& made) {
  for (std::size_t i = 0; i < made.hosts.size(); ++i) {
    host_settings& host = made.hosts[i];
    const auto number = static_cast<std::uint32_t>(i);
    if (host.address.empty())
      host.address = fmt::format("{}/{}", to_text(packet::ipv4_address{first_address + number}), default_prefix_length);
    if (host.mac.empty()) host.mac = fmt::format("02:00:00:00:{:02x}:{:02x}", (number + 1) >> 8, (number + 1) & 0xff);
    host.platform.seed = made.run.seed;
    host.platform.skip = made.run.skip;
    host.platform.quantum_clocks = made.run.quantum_clocks;
  }
}

void complete_attack(scenario& made, workload_settings& work) {
  const std::size_t target = made.host_index(work.to);
  if (target == made.hosts.size()) return;
  const auto own = parse_interface(made.hosts[target].address);
  if (!own) return;
  if (work.address.empty()) work.address = to_text(packet::ipv4_address{(own->address.value | ~own->mask()) - 1});
  if (made.hosts[target].gateway.empty()) made.hosts[target].gateway = work.address;
}

void complete_workloads(scenario& made) {
  std::uint32_t number = 0;
  std::map<std::string, unsigned> of_kind;
  for (workload_settings& work : made.workloads) {
    if (work.name.empty()) {
      const unsigned before = of_kind[name_of(work.kind)]++;
      work.name = before == 0 ? name_of(work.kind) : fmt::format("{}-{}", name_of(work.kind), before + 1);
    }
    if (work.to.empty() && !made.hosts.empty()) work.to = made.hosts.back().name;
    if (work.from.empty() && work.kind != workload_kind::syn_flood) {
      for (const host_settings& host : made.hosts) {
        if (host.name != work.to) work.from.push_back(host.name);
      }
    }
    if (work.port == 0) work.port = first_port + number;
    ++number;
    if (work.kind == workload_kind::syn_flood) complete_attack(made, work);
  }
}

problem check_hosts(const scenario& made, std::size_t fewest) {
  if (made.hosts.size() < fewest || made.hosts.size() > most_hosts)
    return scenario_problem{"hosts",
                            fmt::format("{} hosts: {} to {} are possible", made.hosts.size(), fewest, most_hosts)};
  std::set<std::string> names;
  std::set<std::string> addresses;
  std::set<std::string> macs;
  for (const host_settings& host : made.hosts) {
    const std::string path = fmt::format("hosts.{}", host.name);
    const auto own = parse_interface(host.address);
    if (!own)
      return scenario_problem{fmt::format("{}.address", path),
                              fmt::format("{} is not the address of a host", host.address)};
    if (!names.insert(host.name).second) return scenario_problem{path, fmt::format("two hosts {}", host.name)};
    if (!addresses.insert(to_text(own->address)).second)
      return scenario_problem{fmt::format("{}.address", path),
                              fmt::format("two hosts have the address {}", to_text(own->address))};
    if (!macs.insert(host.mac).second)
      return scenario_problem{fmt::format("{}.mac", path),
                              fmt::format("two hosts have the Ethernet address {}", host.mac)};
    const auto gateway = parse_ipv4(host.gateway);
    if (gateway && !own->contains(*gateway))
      return scenario_problem{
          fmt::format("{}.gateway", path),
          fmt::format("the gateway {} is not on the network of {}, {}", host.gateway, host.name, host.address)};
    if (std::string what = problem_with(host.platform); !what.empty()) return scenario_problem{path, std::move(what)};
    for (const impairment_settings* way : {&host.sends, &host.receives}) {
      if (std::string what = problem_with(*way); !what.empty())
        return scenario_problem{fmt::format("impairments.{}", host.name), std::move(what)};
    }
  }
  return std::nullopt;
}

problem check_cable(const scenario& made) {
  if (made.switched() || made.hosts.size() < 2) return std::nullopt;
  const platform_options& first = made.hosts[0].platform;
  const platform_options& second = made.hosts[1].platform;
  if (first.wire_bits_per_s == second.wire_bits_per_s && first.wire_delay_ns == second.wire_delay_ns)
    return std::nullopt;
  return scenario_problem{fmt::format("hosts.{}.link", made.hosts[1].name),
                          "two hosts without a switch have one cable, and so one [link] for both; or [switch] always = "
                          "true"};
}

// Of kinds that end by themselves only with a number of requests.
bool endless(const workload_settings& work) {
  return work.kind == workload_kind::idle_crowd || (work.requests == 0 && work.kind != workload_kind::bulk);
}

problem check_parties(const scenario& made, const workload_settings& work) {
  const std::size_t to = made.host_index(work.to);
  if (to == made.hosts.size())
    return scenario_problem{path_of(work, "to"), fmt::format("there is no host {}", in_quotes(work.to))};
  const auto target = parse_interface(made.hosts[to].address);
  for (const std::string& name : work.from) {
    const std::size_t from = made.host_index(name);
    if (from == made.hosts.size())
      return scenario_problem{path_of(work, "from"), fmt::format("there is no host {}", in_quotes(name))};
    if (from == to)
      return scenario_problem{path_of(work, "from"), fmt::format("{} would talk to itself", in_quotes(name))};
    const auto own = parse_interface(made.hosts[from].address);
    if (!own->contains(target->address) || !target->contains(own->address))
      return scenario_problem{path_of(work, "from"),
                              fmt::format("{} and {} are on different networks, {} and {}", name, work.to,
                                          made.hosts[from].address, made.hosts[to].address)};
  }
  if (work.from.empty() && work.kind != workload_kind::syn_flood)
    return scenario_problem{path_of(work, "from"), "nobody opens connections"};
  if (std::set<std::string>(work.from.begin(), work.from.end()).size() != work.from.size())
    return scenario_problem{path_of(work, "from"), "a host is named twice"};
  return std::nullopt;
}

problem check_attack(const scenario& made, const workload_settings& work) {
  if (work.kind != workload_kind::syn_flood) return std::nullopt;
  const auto distributed = app::parse_distribution(work.gap_ns);
  if (!distributed || distributed->mean() < 1)
    return scenario_problem{path_of(work, "gap_ns"), "a syn_flood needs a gap between its frames: gap_ns = 1000"};
  const auto own = parse_interface(made.hosts[made.host_index(work.to)].address);
  const auto attacker = parse_ipv4(work.address);
  if (!attacker || !own->contains(*attacker))
    return scenario_problem{
        path_of(work, "address"),
        fmt::format("the attacker's address {} is not on the network of {}", work.address, work.to)};
  for (const host_settings& host : made.hosts) {
    if (parse_interface(host.address)->address == *attacker)
      return scenario_problem{path_of(work, "address"),
                              fmt::format("the attacker's address {} is that of {}", work.address, host.name)};
  }
  if (const auto sources = parse_network(work.sources);
      sources && (sources->contains(own->address) || own->contains(sources->address)))
    return scenario_problem{path_of(work, "sources"),
                            fmt::format("{} is the network of {} itself", work.sources, work.to)};
  return std::nullopt;
}

problem check_workloads(const scenario& made) {
  std::set<std::string> names;
  std::set<std::pair<std::string, std::uint32_t>> listeners;
  bool ends = made.run.duration_us != 0;
  for (const workload_settings& work : made.workloads) {
    if (!names.insert(work.name).second)
      return scenario_problem{path_of(work), fmt::format("two workloads {}", in_quotes(work.name))};
    if (auto found = check_parties(made, work)) return found;
    if (auto found = check_attack(made, work)) return found;
    // A SYN flood is aimed at somebody else's listener.
    if (work.kind != workload_kind::syn_flood && !listeners.emplace(work.to, work.port).second)
      return scenario_problem{path_of(work, "port"),
                              fmt::format("two workloads use port {} of {}", work.port, work.to)};
    ends = ends || !endless(work);
  }
  if (made.workloads.empty()) return scenario_problem{"workloads", "nothing to do: no workload"};
  if (!ends)
    return scenario_problem{"run.duration_us",
                            "the run would never end: give [run] duration_us, or a workload requests"};
  return std::nullopt;
}

}  // namespace

void complete(scenario& made) {
  expand_hosts(made);
  complete_hosts(made);
  complete_workloads(made);
}

std::optional<scenario_problem> problem_with(const scenario& made) {
  if (auto found = check_hosts(made, 2)) return found;
  if (auto found = check_cable(made)) return found;
  return check_workloads(made);
}

std::optional<scenario_problem> problem_with_network(const scenario& made) {
  if (auto found = check_hosts(made, 1)) return found;
  return check_cable(made);
}

machine_identity identity_of(const host_settings& host) {
  const auto own = parse_interface(host.address);
  return {.mac = *parse_mac(host.mac),
          .address = own->address,
          .prefix_length = own->prefix_length,
          .gateway = parse_ipv4(host.gateway)};
}

}  // namespace fourtuple::model::system
