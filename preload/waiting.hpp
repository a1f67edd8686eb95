// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>
#include <signal.h>

#include <cstdint>

namespace fourtuple::preload {

/// The clock of the world that the program lives by; false if it is the kernel's.
[[nodiscard]] bool time_is_virtual() noexcept;
/// Simulated time. Only if time_is_virtual().
[[nodiscard]] std::uint64_t simulated_now_ns() noexcept;

/// poll(2) with a timeout in milliseconds of the clock that the program lives by; below 0: none.
int wait_for_files(pollfd* files, nfds_t count, int timeout_ms) noexcept;

/// Virtual time: waits as long as SO_RCVTIMEO (for POLLIN) or SO_SNDTIMEO (for POLLOUT) of a blocking socket lets it.
/// False if there is nothing until then: errno is EAGAIN, or EINTR. True at once if there is no limit; then the call
/// itself waits.
bool wait_within_limit(int fd, short events, int flags) noexcept;

inline constexpr std::uint64_t no_deadline_ns = ~std::uint64_t{0};

/// Virtual time: ppoll(2) until a simulated time.
int wait_until_simulated(pollfd* files, nfds_t count, std::uint64_t deadline_ns, const sigset_t* mask) noexcept;

}  // namespace fourtuple::preload
