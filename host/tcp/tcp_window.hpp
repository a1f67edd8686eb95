// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>

#include "host/tcp/tcp_mem.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_rcvbuf.hpp"

// The window field of a segment (Linux: tcp_select_window).
namespace fourtuple::tcp {

inline constexpr std::uint32_t tcp_max_unscaled_window = 65535;
inline constexpr std::uint8_t tcp_max_wscale = 14;  // RFC 7323 2.3

/// What of a receive buffer may be offered before anything was received (Linux: TCP_DEFAULT_SCALING_RATIO).
[[nodiscard]] constexpr std::uint32_t tcp_initial_full_space(std::uint32_t rcvbuf) noexcept { return rcvbuf / 2; }
/// The most that may ever be offered of it, whatever the scale can say. `window_clamp`: what the sock has, 0 for none.
[[nodiscard]] constexpr std::uint32_t tcp_initial_window_clamp(std::uint32_t rcvbuf, bool rcvbuf_locked,
                                                               std::uint32_t window_clamp) noexcept {
  const std::uint32_t full_space = tcp_initial_full_space(rcvbuf);
  // A buffer that the application has fixed will not grow.
  if (rcvbuf_locked && (window_clamp == 0 || window_clamp > full_space)) return full_space;
  return window_clamp == 0 ? tcp_max_unscaled_window << tcp_max_wscale : window_clamp;
}

/// The next number that the window field can stand for.
[[nodiscard]] constexpr std::uint32_t tcp_scaled_up(std::uint32_t window, unsigned wscale) noexcept {
  const std::uint32_t mask = (std::uint32_t{1} << wscale) - 1;
  return (window + mask) & ~mask;
}

[[nodiscard]] std::uint16_t tcp_select_window_slow(tcp_sock& tp) noexcept;
/// The window field of the next segment; what is offered is remembered.
[[nodiscard, gnu::always_inline]] inline std::uint16_t tcp_select_window(tcp_sock& tp) noexcept {
  // Nothing waits to be read, so all that may be offered is, or what was offered before if that is more.
  const bool all_is_free = sk_rmem_alloc(tp) == 0 && tp.rcv_wscale != 0 && tp.rcv_wnd != 0 && !tp.icsk_ack.nomem;
  assert(!all_is_free || (tp.icsk_ack.rcv_mss != 0 && tp.window_clamp != 0));
  const std::uint32_t free = std::min(tcp_full_space(tp), tp.rcv_ssthresh);
  if (!all_is_free || free == 0) return tcp_select_window_slow(tp);
  // RFC 9293 3.8.6: never take back what was offered.
  const std::uint32_t window = tcp_scaled_up(std::max(free, tcp_receive_window(tp)), tp.rcv_wscale);
  tp.rcv_wnd = window;
  tp.rcv_wup = tp.rcv_nxt;
  return static_cast<std::uint16_t>(std::min(window >> tp.rcv_wscale, tcp_max_unscaled_window));
}

}  // namespace fourtuple::tcp
