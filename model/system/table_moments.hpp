// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "host/sock/tables_snapshot.hpp"
#include "model/system/scenario.hpp"

namespace fourtuple::model::system {

/// A moment in the life of one connection at which tables can be looked at.
enum class table_moment : std::uint8_t {
  listen,   ///< The server has called bind() and listen() on port 2222.
  syn,      ///< A SYN has arrived there; a request sock stands for it.
  ack,      ///< The handshake is over; the child waits for accept().
  accept,   ///< The server has called accept().
  connect,  ///< The client's side: connect() from port 44404 has sent its SYN.
};

[[nodiscard]] std::optional<table_moment> parse_table_moment(std::string_view name) noexcept;

/// Runs the two hosts of a scenario, client and server at their default addresses, up to that moment and takes down the
/// tables of the host that it is about. One such run in a process. Throws std::runtime_error with one line if the
/// moment does not come.
[[nodiscard]] sock::tables_snapshot tables_at(table_moment moment, const scenario& made);

}  // namespace fourtuple::model::system
