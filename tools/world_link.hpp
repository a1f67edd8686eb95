// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "host/programs/descriptor.hpp"
#include "preload/protocol.hpp"

namespace fourtuple::tools {

/// A connection to a running world, in the name of a program that is about to start there.
class world_link {
 public:
  /// Throws usage_error if there is no world at that socket, or no such host in it.
  world_link(const std::filesystem::path& world, const std::string& host);

  /// The file of the programs' clock; empty if the world follows the wall clock. In virtual time the world counts this
  /// process and its descendants as its programs as long as the object lives.
  [[nodiscard]] const std::string& clock() const noexcept { return clock_; }

 private:
  programs::descriptor file_;
  std::string clock_;
};

/// Looks at a host of a running world, at all hosts if the name is empty. Throws usage_error if there is no world at
/// that socket, or no such host in it.
[[nodiscard]] std::string show_world(const std::filesystem::path& world, const std::string& host, preload::view what);

}  // namespace fourtuple::tools
