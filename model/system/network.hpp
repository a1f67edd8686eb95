// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "model/host/seeded_random.hpp"
#include "model/system/machine.hpp"
#include "model/system/scenario.hpp"
#include "model/system/syn_flood.hpp"
#include "model/wire/ethernet_switch.hpp"
#include "model/wire/link.hpp"

namespace fourtuple::model::system {

/// What is at a port of a network and no part of the scenario. Both outlive the network.
struct outside_port {
  std::string name;
  wire::frame_out& out;
  wire::frame_in& in;
};

/// The hosts of a scenario and what joins them: two hosts with a cable, the first one at its end a, or any number with
/// a switch, each at end a of a link of its own. SYN floods come in at ports of the switch too, and so does what is
/// outside of the scenario, unless it is alone with one host: then the cable goes there.
class network : public sc_core::sc_module {
 public:
  /// `made` is complete and free of problems (scenario_builder::finish), and outlives this.
  /// There are as many outside ports as made.other_ports says.
  network(sc_core::sc_module_name name, const scenario& made, std::vector<outside_port> outside = {});
  ~network() override;

  [[nodiscard]] const std::vector<std::unique_ptr<machine>>& hosts() const noexcept { return hosts_; }
  [[nodiscard]] machine& host(std::string_view name) const;
  [[nodiscard]] const std::vector<std::unique_ptr<wire::link>>& links() const noexcept { return links_; }
  /// Of the two ends of a link: hosts, attackers, "switch".
  [[nodiscard]] const std::string& end_name(std::size_t link, wire::direction sender) const;
  /// nullptr for a cable.
  [[nodiscard]] const wire::ethernet_switch* switch_device() const noexcept { return switch_.get(); }
  /// The attacker of a workload, nullptr if that is not a SYN flood.
  [[nodiscard]] syn_flood* flood_of(std::size_t workload) const noexcept { return floods_[workload].get(); }

  /// Frames on all links so far.
  [[nodiscard]] std::uint64_t wire_frames() const;
  /// Every device is up, or could not be brought up.
  [[nodiscard]] bool settled() const;
  [[nodiscard]] bool quiescent() const;

 private:
  struct link_ends {
    std::string a;
    std::string b;
  };

  void join_by_cable();
  void join_by_switch();
  void add_port(const std::string& name, const wire::link_config& config, wire::frame_out& out, wire::frame_in& in);
  void add_flood(const workload_settings& work);
  void impair(wire::link& link, wire::direction way, const impairment_settings& settings, const std::string& stream);

  const scenario& made_;
  std::vector<outside_port> outside_;
  std::vector<std::unique_ptr<machine>> hosts_;
  std::vector<std::unique_ptr<syn_flood>> floods_;  ///< One for each workload, most of them nullptr.
  std::vector<std::unique_ptr<host::seeded_random>> flood_random_;
  std::vector<std::unique_ptr<wire::link>> links_;
  std::vector<link_ends> ends_;
  std::unique_ptr<wire::ethernet_switch> switch_;
};

}  // namespace fourtuple::model::system
