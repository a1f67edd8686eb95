// SPDX-License-Identifier: Apache-2.0
#include "preload/waiting.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "preload/libc.hpp"
#include "preload/sandbox.hpp"
#include "preload/time_values.hpp"
#include "preload/virtual_clock.hpp"
#include "preload/world_client.hpp"

namespace fourtuple::preload {
namespace {

FOURTUPLE_LIBC(poll)
FOURTUPLE_LIBC(ppoll)
FOURTUPLE_LIBC(close)
FOURTUPLE_LIBC(getsockopt)
FOURTUPLE_LIBC(clock_gettime)

constexpr nfds_t files_on_stack = 256;

// When the world was found to be gone, by the kernel's clock; 0: it is there. From then on time goes on with that
// clock: it would stand still for ever, and programs wait for the end of something.
std::atomic<std::uint64_t> world_gone_ns = 0;

std::uint64_t kernel_now_ns() noexcept {
  timespec now{};
  libc_clock_gettime(CLOCK_MONOTONIC, &now);
  return to_ns(now);
}

int wait_by_the_kernel(pollfd* files, nfds_t count, std::uint64_t deadline_ns, const sigset_t* mask) noexcept {
  const std::uint64_t now_ns = simulated_now_ns();
  const timespec left = to_timespec(static_cast<std::int64_t>(deadline_ns > now_ns ? deadline_ns - now_ns : 0));
  return libc_ppoll(files, count, &left, mask);
}

const clock_page* map_clock() noexcept {
  const char* path = std::getenv(clock_variable);
  if (path == nullptr || !program_settings().in_world) return nullptr;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return nullptr;
  void* const mapped = mmap(nullptr, sizeof(clock_page), PROT_READ, MAP_SHARED, file, 0);
  libc_close(file);
  const auto* page = static_cast<const clock_page*>(mapped);
  return mapped != MAP_FAILED && page->magic == clock_page::magic_value ? page : nullptr;
}

[[gnu::constructor]] void map_at_start() { (void)world_clock(); }

}  // namespace

const clock_page* world_clock() noexcept {
  static const clock_page* const page = map_clock();
  return page;
}

bool time_is_virtual() noexcept { return world_clock() != nullptr; }

std::uint64_t simulated_now_ns() noexcept {
  const std::uint64_t simulated_ns = __atomic_load_n(&world_clock()->simulated_ns, __ATOMIC_ACQUIRE);
  const std::uint64_t gone_ns = world_gone_ns.load(std::memory_order_relaxed);
  return gone_ns == 0 ? simulated_ns : simulated_ns + (kernel_now_ns() - gone_ns);
}

void world_is_gone() noexcept {
  if (!time_is_virtual()) return;
  std::uint64_t there = 0;
  world_gone_ns.compare_exchange_strong(there, kernel_now_ns(), std::memory_order_relaxed);
}

// The deadline is a message from the world on one more descriptor, which the call waits for like for the others. So the
// thread sleeps in the kernel, with signals and everything, and the world sees it sleeping.
int wait_until_simulated(pollfd* files, nfds_t count, std::uint64_t deadline_ns, const sigset_t* mask) noexcept {
  if (deadline_ns == no_deadline_ns) return libc_ppoll(files, count, static_cast<const timespec*>(nullptr), mask);
  const int already = libc_poll(files, count, 0);
  if (already != 0) return already;
  const world_connection alarm;
  request what;
  what.op = operation::sleep_until;
  what.payload_bytes = sizeof deadline_ns;
  if (!alarm.valid() || !alarm.send(what, &deadline_ns, -1)) {
    world_is_gone();
    return wait_by_the_kernel(files, count, deadline_ns, mask);
  }
  pollfd on_stack[files_on_stack + 1];
  pollfd* all = on_stack;
  if (count > files_on_stack) {
    all = static_cast<pollfd*>(std::malloc((count + 1) * sizeof *all));
    if (all == nullptr) {
      errno = ENOMEM;
      return -1;
    }
  }
  if (count > 0) std::memcpy(all, files, count * sizeof *all);
  all[count] = {.fd = alarm.file(), .events = POLLIN, .revents = 0};
  int ready = libc_ppoll(all, count + 1, static_cast<const timespec*>(nullptr), mask);
  if (ready > 0 && all[count].revents != 0) --ready;
  const bool gone = ready == 0 && (all[count].revents & POLLHUP) != 0;
  if (count > 0) std::memcpy(files, all, count * sizeof *all);
  const int saved = errno;
  if (all != on_stack) std::free(all);
  errno = saved;
  if (!gone) return ready;
  world_is_gone();
  return wait_by_the_kernel(files, count, deadline_ns, mask);
}

bool wait_within_limit(int fd, short events, int flags) noexcept {
  if (!time_is_virtual() || in_sandbox() || (flags & MSG_DONTWAIT) != 0) return true;
  const int before = errno;
  timeval limit{};
  socklen_t length = sizeof limit;
  const int name = events == POLLIN ? SO_RCVTIMEO : SO_SNDTIMEO;
  const bool limited = libc_getsockopt(fd, SOL_SOCKET, name, static_cast<void*>(&limit), &length) == 0 &&
                       (limit.tv_sec != 0 || limit.tv_usec != 0) && (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0;
  errno = before;
  if (!limited) return true;
  pollfd one{.fd = fd, .events = events, .revents = 0};
  const std::uint64_t limit_ns =
      static_cast<std::uint64_t>(limit.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(limit.tv_usec) * 1'000;
  const int ready = wait_until_simulated(&one, 1, simulated_now_ns() + limit_ns, nullptr);
  if (ready == 0) errno = EAGAIN;
  return ready > 0;
}

int wait_for_files(pollfd* files, nfds_t count, int timeout_ms) noexcept {
  if (!time_is_virtual() || timeout_ms < 0) return libc_poll(files, count, timeout_ms);
  const std::uint64_t wait_ns = static_cast<std::uint64_t>(timeout_ms) * 1'000'000;
  return wait_until_simulated(files, count, simulated_now_ns() + wait_ns, nullptr);
}

}  // namespace fourtuple::preload
