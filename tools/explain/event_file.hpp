// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace fourtuple::tools {

/// A line of what --events wrote (docs/running.md, Events).
struct event_line {
  std::uint64_t time_ps = 0;
  std::string host;
  std::string layer;
  std::string event;
  std::string connection;  ///< Empty if it is about none.
  nlohmann::json values;   ///< All of it.

  [[nodiscard]] std::uint64_t number(const char* key) const;
  [[nodiscard]] std::string text(const char* key) const;
};

/// Calls `each` for every line in order. Throws std::runtime_error with one line that names the file and the line's
/// number if it cannot be read or is not of that kind.
void for_each_event(const std::filesystem::path& file, const std::function<void(const event_line&)>& each);

}  // namespace fourtuple::tools
