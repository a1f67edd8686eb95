// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace fourtuple::tools {

/// Finds a program as a shell would: a path, or a name in PATH. Throws usage_error if there is none.
[[nodiscard]] std::filesystem::path find_program(const std::string& name);

/// Throws usage_error if a library in front of libc would not reach the program: it is statically linked, setuid, for
/// another kind of processor, or a script whose interpreter is.
void check_program(const std::filesystem::path& program);

}  // namespace fourtuple::tools
