// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_sock.hpp"

// The memory of all socks of one TCP together: tcp_mem (Linux: sk_mem_schedule and around it in net/core/sock.c).
//
// A sock takes whole pages from what there is for all (tcp_sock::sk_mem_reserved) and fills its queues from them. So
// the global count is touched only when these pages are full, and when they are given back. What Linux keeps as
// sk_forward_alloc is sk_mem_reserved less sk_mem_used().
namespace fourtuple::tcp {

inline constexpr std::uint32_t sk_mem_page_bytes = 4096;  ///< What tcp_mem counts in (Linux: PAGE_SIZE).
inline constexpr std::uint32_t sock_min_sndbuf = 4608;    ///< Linux: SOCK_MIN_SNDBUF
/// A sock that keeps more than this unused gives it back at the next opportunity.
inline constexpr std::uint32_t sk_mem_surplus_bytes = 16 * sk_mem_page_bytes;

/// What memory is wanted for.
enum class sk_mem : std::uint8_t { send, recv };

/// What the received segments are charged for (Linux: sk_rmem_alloc).
[[nodiscard]] inline std::uint32_t sk_rmem_alloc(const tcp_sock& tp) noexcept {
  return tp.sk_receive_queue.truesize() + tp.out_of_order_queue.truesize();
}
/// Bytes that the queues of a sock take (Linux: sk_wmem_queued and sk_rmem_alloc).
[[nodiscard]] inline std::uint32_t sk_mem_used(const tcp_sock& tp) noexcept {
  return tp.sk_write_queue.truesize() + sk_rmem_alloc(tp);
}
/// The pages that `bytes` more need beyond those the sock has; false if they are not to be had. Then nothing has
/// changed, except that a sender's sk_sndbuf has become what it uses.
[[nodiscard]] bool sk_mem_raise_allocated(tcp_sock& tp, std::uint32_t bytes, sk_mem kind) noexcept;

/// Whether `bytes` more may be queued (Linux: sk_wmem_schedule, sk_rmem_schedule).
[[nodiscard]] inline bool sk_wmem_schedule(tcp_sock& tp, std::uint32_t bytes) noexcept {
  return sk_mem_used(tp) + bytes <= tp.sk_mem_reserved || sk_mem_raise_allocated(tp, bytes, sk_mem::send);
}
[[nodiscard]] inline bool sk_rmem_schedule(tcp_sock& tp, std::uint32_t bytes) noexcept {
  return sk_mem_used(tp) + bytes <= tp.sk_mem_reserved || sk_mem_raise_allocated(tp, bytes, sk_mem::recv);
}
/// Takes the pages for `bytes` more whatever the limit says, for what must not fail (a FIN, the segment without which
/// nothing would ever move).
void sk_forced_mem_schedule(tcp_sock& tp, std::uint32_t bytes) noexcept;
/// How many of `bytes` may be written now; 0: none (Linux: tcp_wmem_schedule). Who has next to nothing queued gets
/// tcp_wmem[0] in any case.
[[nodiscard]] std::uint32_t tcp_wmem_schedule(tcp_sock& tp, std::uint32_t bytes) noexcept;

/// Gives the pages back that are not used.
void sk_mem_reclaim(tcp_sock& tp) noexcept;
/// The same for a sock that has many of them.
inline void sk_mem_reclaim_surplus(tcp_sock& tp) noexcept {
  if (tp.sk_mem_reserved > sk_mem_surplus_bytes && tp.sk_mem_reserved - sk_mem_surplus_bytes > sk_mem_used(tp)) {
    sk_mem_reclaim(tp);
  }
}
/// A sock is about to be destroyed: all of its pages.
void sk_mem_release(tcp_sock& tp) noexcept;

[[nodiscard]] inline bool tcp_under_memory_pressure(const tcp_net& net) noexcept {
  return net.memory_pressure_since_ns != base::never_ns;
}
/// Less than tcp_mem's first value is in use, so buffers may grow.
[[nodiscard]] inline bool tcp_memory_is_plentiful(const tcp_net& net) noexcept {
  return net.memory_allocated_pages < net.config.tcp_mem[0];
}
void tcp_enter_memory_pressure(tcp_net& net) noexcept;
/// The buffer becomes half of what is queued (Linux: sk_stream_moderate_sndbuf).
void sk_stream_moderate_sndbuf(tcp_sock& tp) noexcept;
/// Offers no more than four segments (Linux: tcp_adjust_rcv_ssthresh).
void tcp_adjust_rcv_ssthresh(tcp_sock& tp) noexcept;

/// Too many orphans, or too much memory for an orphan with this much queued. `shift`: how many times an orphan that is
/// worth little counts double.
[[nodiscard]] bool tcp_check_oom(const tcp_sock& tp, unsigned shift) noexcept;
/// An orphan that would be kept trying is given up instead, with a reset if `do_reset` or if the peer may still be
/// there. True if that happened.
bool tcp_out_of_resources(tcp_sock& tp, bool do_reset);

}  // namespace fourtuple::tcp
