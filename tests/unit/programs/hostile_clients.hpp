// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "tests/unit/programs/world_fixture.hpp"

namespace fourtuple::programs {

/// Programs that send a world whatever comes, much of it nearly right, and that misuse the sockets they hold.
class hostile_clients {
 public:
  /// `next`: where all choices come from.
  hostile_clients(world_fixture& world, std::function<std::uint32_t()> next) : world_(world), next_(std::move(next)) {}

  /// One message, and sometimes something done to a socket.
  void round();

 private:
  std::uint32_t pick(std::uint32_t below) { return next_() % below; }
  [[nodiscard]] preload::request some_request();
  [[nodiscard]] std::vector<std::byte> some_payload();
  void misuse_a_socket();

  world_fixture& world_;
  std::function<std::uint32_t()> next_;
  std::vector<descriptor> connections_;
  std::vector<descriptor> sockets_;
};

}  // namespace fourtuple::programs
