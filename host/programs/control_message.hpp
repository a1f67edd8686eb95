// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "host/programs/control_server.hpp"
#include "preload/protocol.hpp"

namespace fourtuple::programs {

/// A request as it came, with its lengths checked.
struct control_server::incoming {
  preload::request header;
  std::array<std::byte, preload::most_payload_bytes> payload_bytes;
  descriptor proof;                  ///< The descriptor that came with it, if any.
  std::vector<descriptor> unwanted;  ///< Others that came; none if the message is ok.

  /// over: the program has closed it, and nothing is left in it. broken: it may have left something.
  enum class result : std::uint8_t { ok, nothing_there, over, broken, malformed };
  /// Takes one message from a client's connection.
  [[nodiscard]] result receive(int file);

  [[nodiscard]] std::span<const std::byte> payload() const noexcept {
    return std::span(payload_bytes).first(header.payload_bytes);
  }
  /// The payload as a host's name; empty if it cannot be one.
  [[nodiscard]] std::string_view host_name() const noexcept;
  /// The handle in the name of the descriptor that came with it, 0 if it has no such name.
  [[nodiscard]] std::uint64_t handle(std::string_view world) const noexcept;
};

/// An answer.
struct control_server::outgoing {
  preload::reply header;
  std::array<std::byte, preload::most_payload_bytes> payload_bytes;
  descriptor carried;
  bool later = false;  ///< No answer now.

  void set_payload(std::span<const std::byte> payload) noexcept;
};

}  // namespace fourtuple::programs
