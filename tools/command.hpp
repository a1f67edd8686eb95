// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace fourtuple::tools {

/// Exit statuses of fourtuple.
inline constexpr int exit_ok = 0;
inline constexpr int exit_failed = 1;  ///< The run was made and did not end as it should.
inline constexpr int exit_usage = 2;   ///< Nothing was run: bad options, unreadable files, missing privileges.

/// Something that the user has to put right before anything can be run. What it says is one line that names the thing
/// and the remedy.
class usage_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

using arguments = std::vector<std::string>;

/// The subcommands: they get what follows their name, and return an exit status or throw usage_error.
int command_run(const arguments& words);
int command_serve(const arguments& words);
int command_fetch(const arguments& words);
int command_tables(const arguments& words);
int command_world(const arguments& words);
int command_exec(const arguments& words);
int command_ss(const arguments& words);
int command_report(const arguments& words);
int command_replay(const arguments& words);
int command_explain(const arguments& words);
int command_sweep(const arguments& words);

}  // namespace fourtuple::tools
