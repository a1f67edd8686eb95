// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/programs/hostile_clients.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

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

hostile_clients::hostile_clients(world_fixture& world, std::function<std::uint32_t()> next, std::string_view secret)
    : world_(world), next_(std::move(next)), secret_(secret) {
  foreign_.emplace_back(::open("/dev/null", O_RDWR | O_CLOEXEC));
  foreign_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  foreign_.emplace_back(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  foreign_.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // The name of somebody's socket can be had a second time, by another kind of socket.
  descriptor forged(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  socklen_t length = sizeof name;
  if (::getsockname(world_.near.get(), reinterpret_cast<sockaddr*>(&name), &length) == 0)
    static_cast<void>(::bind(forged.get(), reinterpret_cast<const sockaddr*>(&name), length));
  foreign_.push_back(std::move(forged));
}

int hostile_clients::some_socket() {
  return sockets_.empty() ? -1 : sockets_[pick(static_cast<std::uint32_t>(sockets_.size()))].get();
}

preload::request hostile_clients::some_request() {
  preload::request what;
  what.op = static_cast<preload::operation>(pick(19));  // Two of them are none.
  what.level = static_cast<std::int32_t>(pick(4) == 0 ? next_() : pick(2) == 0 ? SOL_SOCKET : IPPROTO_TCP);
  what.argument = static_cast<std::int32_t>(pick(4) == 0 ? next_() : pick(40));
  what.length = pick(4) == 0 ? next_() : pick(64);
  if (pick(20) == 0) what.magic = next_();
  if (pick(40) == 0) what.reserved = next_();
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

// Mostly one of its own, as it should be.
std::vector<int> hostile_clients::some_files() {
  std::vector<int> files;
  if (const int own = some_socket(); own >= 0 && pick(4) != 0) files.push_back(own);
  if (pick(8) != 0) return files;
  for (std::uint32_t count = pick(6); count > 0; --count) {
    const std::uint32_t which = pick(static_cast<std::uint32_t>(foreign_.size() + 2));
    if (which < foreign_.size())
      files.push_back(foreign_[which].get());
    else if (which == foreign_.size() && !connections_.empty())
      files.push_back(connections_[pick(static_cast<std::uint32_t>(connections_.size()))].get());
    else if (const int own = some_socket(); own >= 0)
      files.push_back(own);
  }
  return files;
}

bool hostile_clients::send(int connection, const preload::request& what) {
  const std::vector<std::byte> payload = some_payload();
  std::vector<std::byte> content(sizeof what + payload.size());
  preload::request header = what;
  header.payload_bytes = static_cast<std::uint16_t>(pick(16) == 0 ? next_() : payload.size());
  std::memcpy(content.data(), &header, sizeof header);
  std::ranges::copy(payload, content.begin() + sizeof header);
  if (pick(16) == 0) content.resize(pick(static_cast<std::uint32_t>(content.size() + 1)));
  return world_fixture::send_packet(connection, content, some_files());
}

void hostile_clients::read_all(const descriptor& from) {
  for (std::string text; !(text = world_fixture::read(from)).empty() && !text.starts_with("errno");) {
    if (text.find(secret_) != std::string::npos) ++stolen_;
  }
}

void hostile_clients::misuse_a_socket() {
  const auto victim = sockets_.begin() + pick(static_cast<std::uint32_t>(sockets_.size()));
  if (pick(2) == 0) world_fixture::write(*victim, std::string(pick(5000), 'z'));
  if (pick(2) == 0) read_all(*victim);
  if (pick(3) == 0) ::shutdown(victim->get(), static_cast<int>(pick(3)));
  if (pick(3) == 0) sockets_.erase(victim);
}

void hostile_clients::take(answer got, preload::operation asked) {
  const std::string_view payload(reinterpret_cast<const char*>(got.payload.data()), got.payload.size());
  if (payload.find(secret_) != std::string_view::npos) ++stolen_;
  if (!got.carried.valid()) return;
  using preload::operation;
  // A list is a file; the others are new sockets.
  if (asked == operation::show) return;
  if (asked != operation::socket && asked != operation::connect) ++stolen_;
  if (sockets_.size() < most_sockets) sockets_.push_back(std::move(got.carried));
}

void hostile_clients::round() {
  if (connections_.size() < most_connections) connections_.push_back(world_.connect_to_world());
  descriptor& connection = connections_[pick(static_cast<std::uint32_t>(connections_.size()))];
  const preload::request what = some_request();
  const bool sent = send(connection.get(), what);
  world_.serve();
  // Answers that were late come first; they bring nothing along.
  for (answer got; sent && (got = world_fixture::receive_answer(connection.get())).connected;)
    take(std::move(got), what.op);
  char byte = 0;
  if (!sent || ::recv(connection.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0) connection = world_.connect_to_world();
  if (!sockets_.empty() && pick(8) == 0) misuse_a_socket();
}

}  // namespace fourtuple::programs
