// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <set>
#include <span>

namespace fourtuple::model::world {

/// Whether processes sleep, as /proc shows it.
///
/// A thread that the world has just woken is not asleep any more: Linux changes its state before the waking call
/// returns (try_to_wake_up). One look at several threads is not one moment, however: A may wake B after B was looked at
/// and before A was. So two looks are taken; if in both everything sleeps and nothing has been switched to in between,
/// everything slept during all of it.
///
/// A process that ends is a zombie before its parent is woken (exit_notify), so one that became a zombie just now does
/// not count as asleep yet.
class program_threads {
 public:
  /// All threads of these processes and of their descendants sleep until somebody wakes them.
  [[nodiscard]] bool all_asleep(std::span<const pid_t> roots);

 private:
  struct picture {
    std::map<pid_t, std::uint64_t> switches;  ///< Context switches so far, by thread.
    std::set<pid_t> zombies;
    bool operator==(const picture&) const = default;
  };
  [[nodiscard]] static bool look(pid_t process, picture& seen);
  [[nodiscard]] static bool look(std::span<const pid_t> roots, picture& seen);

  std::map<pid_t, unsigned> zombies_;  // In how many looks in a row, by process.
};

}  // namespace fourtuple::model::world
