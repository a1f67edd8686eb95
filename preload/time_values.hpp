// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/time.h>
#include <time.h>

#include <cstdint>

namespace fourtuple::preload {

inline constexpr std::int64_t ns_per_s = 1'000'000'000;

[[nodiscard]] inline timespec to_timespec(std::int64_t ns) noexcept {
  return {.tv_sec = ns / ns_per_s, .tv_nsec = ns % ns_per_s};
}

[[nodiscard]] inline bool valid(const timespec& time) noexcept {
  return time.tv_sec >= 0 && time.tv_nsec >= 0 && time.tv_nsec < ns_per_s;
}

/// 126 years at most.
[[nodiscard]] inline std::uint64_t to_ns(const timespec& time) noexcept {
  constexpr std::int64_t longest_s = 4'000'000'000;
  const std::int64_t seconds = time.tv_sec < longest_s ? time.tv_sec : longest_s;
  return static_cast<std::uint64_t>(seconds * ns_per_s + time.tv_nsec);
}

/// What looking without waiting takes if there is nothing: a program that does nothing else would stop time otherwise.
inline constexpr std::uint64_t glance_ns = 1'000;

/// Virtual time: what `clock` shows now. False if it is none that the world has.
bool clock_shows(clockid_t clock, std::int64_t& now_ns) noexcept;

/// Virtual time: the simulated time so many nanoseconds from now; 0 is a glance.
[[nodiscard]] std::uint64_t deadline_after(std::uint64_t wait_ns) noexcept;
/// The simulated time at which `clock` shows `time`, a glance from now at least. False if it is no clock of the world.
bool deadline_at(clockid_t clock, const timespec& time, std::uint64_t& deadline_ns) noexcept;

}  // namespace fourtuple::preload
