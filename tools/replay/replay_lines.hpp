// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/packet/addresses.hpp"
#include "model/system/replay.hpp"

namespace fourtuple::tools {

/// The line of a frame, with its end: as a table for people, or a JSON object. With two devices that differ the second
/// one's outcome is a line, or a member, of its own.
[[nodiscard]] std::string text_heading(std::size_t devices);
[[nodiscard]] std::string text_line(std::uint64_t number, std::size_t length_bytes, std::uint64_t time_ps,
                                    std::span<const model::system::replay_outcome> outcomes,
                                    std::span<const model::system::nic_kind> devices);
[[nodiscard]] std::string json_line(std::uint64_t number, std::size_t length_bytes, std::uint64_t time_ps,
                                    std::span<const model::system::replay_outcome> outcomes,
                                    std::span<const model::system::nic_kind> devices);

/// Connections of a text: one a line, LOCAL:PORT FOREIGN:PORT, where local is who receives; empty lines and lines that
/// begin with # are passed over. Throws usage_error that names `file` and the line.
[[nodiscard]] std::vector<packet::connection_tuple> parse_connections(const std::string& text, const std::string& file);

}  // namespace fourtuple::tools
