// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/program_options.hpp>
#include <string_view>
#include <vector>

#include "model/system/scenario.hpp"
#include "model/system/scenario/scenario_builder.hpp"

namespace fourtuple::tools {

/// The options of some sections of the scenario's tables (model/system/scenario/setting.hpp), without those in `but`.
[[nodiscard]] boost::program_options::options_description scenario_options_description(
    const char* title, const std::vector<std::string_view>& sections, const std::vector<std::string_view>& but = {});

/// --set.
[[nodiscard]] boost::program_options::options_description set_option_description();

/// Gives a builder what was said in those options: first the ones with names of their own, then --set, each in its
/// order. Throws usage_error.
void read_scenario_options(const boost::program_options::variables_map& values,
                           model::system::scenario_builder& builder);

/// Reads a scenario file into a builder. Throws usage_error.
void read_scenario_file(const std::string& path, model::system::scenario_builder& builder);

/// builder.finish(), with usage_error for what is wrong.
[[nodiscard]] model::system::scenario finish_scenario(const model::system::scenario_builder& builder);

}  // namespace fourtuple::tools
