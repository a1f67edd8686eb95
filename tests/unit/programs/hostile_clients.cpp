// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/programs/hostile_clients.hpp"

#include <netinet/in.h>

#include <string_view>

namespace fourtuple::programs {
namespace {

constexpr std::size_t most_connections = 8;
constexpr std::size_t most_sockets = 40;

template <typename Value>
std::vector<std::byte> bytes_of(const Value* values, std::size_t count) {
  const auto bytes = std::as_bytes(std::span(values, count));
  return {bytes.begin(), bytes.end()};
}

}  // namespace

preload::request hostile_clients::some_request() {
  preload::request what;
  what.op = static_cast<preload::operation>(pick(18));  // Two of them are none.
  what.level = static_cast<std::int32_t>(pick(4) == 0 ? next_() : pick(2) == 0 ? SOL_SOCKET : IPPROTO_TCP);
  what.argument = static_cast<std::int32_t>(pick(4) == 0 ? next_() : pick(40));
  what.length = pick(4) == 0 ? next_() : pick(64);
  if (pick(20) == 0) what.magic = next_();
  return what;
}

std::vector<std::byte> hostile_clients::some_payload() {
  if (pick(2) == 0) {
    const std::uint32_t address = pick(2) == 0 ? world_fixture::client_address : world_fixture::server_address;
    const sockaddr_in in = support::address_in({address}, static_cast<std::uint16_t>(pick(4) + 80));
    return bytes_of(&in, 1);
  }
  if (pick(2) == 0) {
    const std::string_view name = pick(2) == 0 ? "client" : "server";
    return bytes_of(name.data(), name.size());
  }
  std::vector<std::byte> payload(pick(3) == 0 ? pick(4096) : pick(40));
  for (std::byte& byte : payload) byte = static_cast<std::byte>(next_());
  return payload;
}

void hostile_clients::misuse_a_socket() {
  const auto victim = sockets_.begin() + pick(static_cast<std::uint32_t>(sockets_.size()));
  if (pick(2) == 0) world_fixture::write(*victim, std::string(pick(5000), 'z'));
  if (pick(3) == 0) ::shutdown(victim->get(), static_cast<int>(pick(3)));
  if (pick(3) == 0) sockets_.erase(victim);
}

void hostile_clients::round() {
  if (connections_.size() < most_connections) connections_.push_back(world_.connect_to_world());
  descriptor& connection = connections_[pick(static_cast<std::uint32_t>(connections_.size()))];
  const bool with_socket = !sockets_.empty() && pick(4) != 0;
  const int proof = with_socket ? sockets_[pick(static_cast<std::uint32_t>(sockets_.size()))].get() : -1;
  const bool sent = world_fixture::send_request(connection.get(), some_request(), some_payload(), proof);
  world_.serve();
  answer got = sent ? world_fixture::receive_answer(connection.get()) : answer{};
  if (got.carried.valid() && sockets_.size() < most_sockets) sockets_.push_back(std::move(got.carried));
  char byte = 0;
  if (!sent || ::recv(connection.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0) connection = world_.connect_to_world();
  if (!sockets_.empty() && pick(8) == 0) misuse_a_socket();
}

}  // namespace fourtuple::programs
