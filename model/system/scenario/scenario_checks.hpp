// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "model/system/machine_identity.hpp"
#include "model/system/scenario.hpp"
#include "model/system/scenario/addresses.hpp"

namespace fourtuple::model::system {

/// What contradicts itself, and the path of a setting that has to do with it ("workloads.bulk.to").
struct scenario_problem {
  std::string path;
  std::string what;
};

/// Fills in what follows from the rest: names, addresses, ports, who talks to whom; puts hosts with a count in several
/// times; gives every host the run's seed, skip and quantum.
void complete(scenario& made);

/// Of a scenario that is complete; nothing if it can be run.
[[nodiscard]] std::optional<scenario_problem> problem_with(const scenario& made);
/// The same without looking at workloads, of one host or more.
[[nodiscard]] std::optional<scenario_problem> problem_with_network(const scenario& made);

/// Of a host of a scenario that is complete and free of problems.
[[nodiscard]] machine_identity identity_of(const host_settings& host);

}  // namespace fourtuple::model::system
