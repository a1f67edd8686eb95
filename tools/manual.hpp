// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

namespace fourtuple::tools {

/// A subcommand as its --help shows it: usage, what it is for, an example, and every option of its tables.
struct subcommand_help {
  std::string name;
  std::string what;
  std::string text;
};

/// "--connections", "-n", ... in the order of the text, each once.
[[nodiscard]] std::vector<std::string> options_of(const std::string& help_text);

/// A script for bash that completes subcommands, their options and file names.
[[nodiscard]] std::string bash_completion(std::span<const subcommand_help> subcommands);

/// fourtuple(1), for man.
[[nodiscard]] std::string man_page(std::span<const subcommand_help> subcommands, const std::string& version);

}  // namespace fourtuple::tools
