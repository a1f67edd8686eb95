// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string_view>

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
///
/// A thread that is about to sleep, or that was woken and looks whether it has to sleep on (do_wait), is shown as
/// sleeping already (set_current_state), for long if another one has its processor. It is still on a run queue then,
/// and /proc names no place in which it sleeps (get_wchan). Where no place is ever named, for want of permission or of
/// the kernel's symbols, a thread is doubtful like a new zombie, once.
class program_threads {
 public:
  /// All threads of these processes and of their descendants sleep until somebody wakes them.
  [[nodiscard]] bool all_asleep(std::span<const pid_t> roots);

 private:
  struct picture {
    std::map<pid_t, std::uint64_t> switches;  ///< Context switches so far, by thread.
    std::set<pid_t> doubtful;
    bool operator==(const picture&) const = default;
  };
  enum class place : std::uint8_t { named, never_named };

  [[nodiscard]] bool look(pid_t process, picture& seen);
  [[nodiscard]] bool look(std::span<const pid_t> roots, picture& seen);
  [[nodiscard]] bool look_at_thread(const std::filesystem::path& directory, std::string_view status, picture& seen);
  /// Those that are doubtful have been so in enough looks.
  [[nodiscard]] bool long_enough(const picture& seen);

  std::map<pid_t, unsigned> doubtful_;  // In how many looks, by thread.
  std::map<pid_t, place> places_;       // What /proc told of where a thread sleeps.
};

}  // namespace fourtuple::model::world
