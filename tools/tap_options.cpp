// SPDX-License-Identifier: Apache-2.0
#include "tools/tap_options.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "model/wire/tap_device.hpp"

namespace fourtuple::tools {

namespace po = boost::program_options;

namespace {

model::system::machine_identity identity_of(const po::variables_map& values) {
  const address_and_prefix own = parse_prefix(values["address"].as<std::string>(), "--address");
  model::system::machine_identity identity{.mac = {{0x02, 0x00, 0x00, 0x00, 0x09, 0x02}},
                                           .address = own.address,
                                           .prefix_length = own.prefix_length,
                                           .gateway = {}};
  if (values.count("gateway") != 0) {
    identity.gateway = parse_address(values["gateway"].as<std::string>(), "--gateway");
    const std::uint32_t mask = ~std::uint32_t{0} << (32 - own.prefix_length);
    if ((identity.gateway->value & mask) != (own.address.value & mask)) {
      throw usage_error(
          fmt::format("--gateway={} is not on the network of --address", values["gateway"].as<std::string>()));
    }
  }
  return identity;
}

}  // namespace

po::options_description tap_options_description() {
  po::options_description options("Network", 100);
  options.add_options()("tap", po::value<std::string>()->required(),
                        "the TAP device; made if it does not exist and that is allowed")(
      "address", po::value<std::string>()->required(), "of the simulated host, with prefix length: 10.9.0.2/24")(
      "gateway", po::value<std::string>(), "where packets for other networks go")(
      "out", po::value<std::string>(), "directory for run.json and wire.pcapng; default: none are written");
  return options;
}

std::unique_ptr<model::system::tap_host> make_tap_host(const po::variables_map& values,
                                                       const std::filesystem::path& capture) {
  const model::system::machine_identity identity = identity_of(values);
  const model::system::platform_options platform = read_platform_scenario(values).hosts.front().platform;
  auto opened = model::wire::open_tap_device(values["tap"].as<std::string>());
  if (const auto* problem = std::get_if<std::string>(&opened)) throw usage_error("--tap: " + *problem);
  return std::make_unique<model::system::tap_host>("system", platform, identity,
                                                   std::move(std::get<model::wire::file_descriptor>(opened)), capture);
}

}  // namespace fourtuple::tools
