// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "tools/command.hpp"

namespace fourtuple::tools {

/// How a program is started on a host of a world.
struct program_launch {
  std::filesystem::path world;  ///< The world's socket, absolute.
  std::string host;
  bool only_world = false;
  std::string clock;  ///< Virtual time: the file of the clock; empty: the kernel's time.
  arguments words;    ///< The program and its arguments.
};

/// Throws usage_error for what could not be started: no such program, or one that no library reaches.
void check_launch(const program_launch& launch);

/// Becomes the program. Comes back only if that fails, with an exit status, after a line on standard error.
int become_program(const program_launch& launch);

/// Starts the program as a child; its process.
pid_t start_program(const program_launch& launch);

/// The exit status that a shell would report: the program's own, or 128 and the signal that ended it.
[[nodiscard]] int exit_status(int wait_status);

}  // namespace fourtuple::tools
