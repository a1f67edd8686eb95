// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/program_options.hpp>

#include "model/system/scenario.hpp"

namespace fourtuple::tools {

/// --loss, --drop, --corrupt...: what goes wrong on the wire. A value holds for both directions, or, with "client:" or
/// "server:" before it, for what that one sends.
[[nodiscard]] boost::program_options::options_description impairment_options_description();
/// Throws usage_error for what cannot be understood or done.
[[nodiscard]] model::system::wire_impairments read_impairment_options(
    const boost::program_options::variables_map& values);

}  // namespace fourtuple::tools
