// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/program_options.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "model/system/tap_host.hpp"
#include "tools/options.hpp"

namespace fourtuple::tools {

/// --tap, --address, --gateway, --out: what serve and fetch have in common.
[[nodiscard]] boost::program_options::options_description tap_options_description();

/// Opens the TAP device and puts a host with its NIC behind it. usage_error if that cannot be.
/// `capture`: pcapng file, empty for none.
[[nodiscard]] std::unique_ptr<model::system::tap_host> make_tap_host(
    const boost::program_options::variables_map& values, const std::filesystem::path& capture);

}  // namespace fourtuple::tools
