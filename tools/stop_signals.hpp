// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

namespace fourtuple::tools {

/// While it lives, SIGINT and SIGTERM set a flag instead of ending the process, so that a run can end with its summary.
/// Another one within a second is the same wish, passed on twice (timeout(1) sends it to the process and to its group;
/// so does a shell whose user types Ctrl-C again). A later one ends the process at once. One object at a time.
class stop_signals {
 public:
  explicit stop_signals(std::atomic<bool>& flag);
  ~stop_signals();
  stop_signals(const stop_signals&) = delete;
  stop_signals& operator=(const stop_signals&) = delete;
};

}  // namespace fourtuple::tools
