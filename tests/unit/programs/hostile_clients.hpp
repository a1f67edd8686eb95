// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "tests/unit/programs/world_fixture.hpp"

namespace fourtuple::programs {

/// Programs that send a world whatever comes, much of it nearly right: lengths, numbers, contents, descriptors of all
/// kinds; and that misuse the sockets they hold. They notice if they get what is not theirs.
class hostile_clients {
 public:
  /// `next`: where all choices come from. `secret`: what only honest programs write.
  hostile_clients(world_fixture& world, std::function<std::uint32_t()> next, std::string_view secret = "honest");

  /// One message, and sometimes something done to a socket.
  void round();

  /// Bytes of others that were read, and descriptors that came where none belongs.
  [[nodiscard]] unsigned stolen() const noexcept { return stolen_; }

 private:
  std::uint32_t pick(std::uint32_t below) { return next_() % below; }
  [[nodiscard]] int some_socket();
  [[nodiscard]] preload::request some_request();
  [[nodiscard]] std::vector<std::byte> some_payload();
  [[nodiscard]] std::vector<int> some_files();
  [[nodiscard]] bool send(int connection, const preload::request& what);
  void take(answer got, preload::operation asked);
  void misuse_a_socket();
  void read_all(const descriptor& from);

  world_fixture& world_;
  std::function<std::uint32_t()> next_;
  std::string_view secret_;
  unsigned stolen_ = 0;
  std::vector<descriptor> connections_;
  std::vector<descriptor> sockets_;
  std::vector<descriptor> foreign_;  // What a world has nothing to do with.
};

}  // namespace fourtuple::programs
