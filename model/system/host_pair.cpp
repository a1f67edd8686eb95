// SPDX-License-Identifier: Apache-2.0
#include "model/system/host_pair.hpp"

#include <memory>
#include <string>

#include "model/host/seeded_random.hpp"
#include "model/system/platform.hpp"

namespace fourtuple::model::system {

namespace {

constexpr machine_identity client_identity{
    .mac = {{0x02, 0x00, 0x00, 0x00, 0x00, 0x01}}, .address = {0x0a000001}, .prefix_length = 24, .gateway = {}};
constexpr machine_identity server_identity{
    .mac = {{0x02, 0x00, 0x00, 0x00, 0x00, 0x02}}, .address = {0x0a000002}, .prefix_length = 24, .gateway = {}};

}  // namespace

host_pair::host_pair(sc_core::sc_module_name name, const platform_options& options)
    : sc_module(name),
      client_("client", options, client_identity),
      server_("server", options, server_identity),
      wire_("wire", wire_link_config_of(options)) {
  client_.device().ethernet_out().socket.bind(wire_.from_a().socket);
  wire_.to_a().socket.bind(client_.device().ethernet_in().socket);
  server_.device().ethernet_out().socket.bind(wire_.from_b().socket);
  wire_.to_b().socket.bind(server_.device().ethernet_in().socket);
}

void host_pair::impair(const wire_impairments& impairments, std::uint64_t seed) {
  const auto streams_from = [seed](const std::string& sender) -> wire::random_streams {
    return [seed, sender](std::string_view name) -> wire::random_stream {
      const auto random = std::make_shared<host::seeded_random>(seed, "wire from " + sender + ": " + std::string(name));
      return [random] { return random->next(); };
    };
  };
  if (impairments.from_client.any())
    wire_.impair(wire::direction::a_to_b, impairments.from_client, streams_from("client"));
  if (impairments.from_server.any())
    wire_.impair(wire::direction::b_to_a, impairments.from_server, streams_from("server"));
}

std::uint64_t host_pair::wire_frames() const {
  return wire_.counters(wire::direction::a_to_b).frames + wire_.counters(wire::direction::b_to_a).frames;
}

bool host_pair::settled() const {
  return (client_.up() || !client_.failure().empty()) && (server_.up() || !server_.failure().empty());
}

}  // namespace fourtuple::model::system
