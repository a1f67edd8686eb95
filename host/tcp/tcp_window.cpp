// SPDX-License-Identifier: Apache-2.0
// The receive window: how much is offered, so that it never shrinks and never silly (RFC 9293 3.8.6.2.2).
#include <algorithm>
#include <bit>

#include "host/tcp/tcp_mem.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_rcvbuf.hpp"
#include "host/tcp/tcp_window.hpp"

namespace fourtuple::tcp {
namespace {

constexpr std::uint32_t round_down(std::uint32_t value, std::uint32_t unit) noexcept { return value - value % unit; }

}  // namespace

initial_window tcp_select_initial_window(const tcp_config& config, std::uint32_t rcvbuf, bool rcvbuf_locked,
                                         std::uint32_t mss, bool wscale_ok, std::uint32_t window_clamp) noexcept {
  initial_window result;
  window_clamp = tcp_initial_window_clamp(rcvbuf, rcvbuf_locked, window_clamp);
  std::uint32_t space = std::min(tcp_initial_full_space(rcvbuf), window_clamp);
  if (space > mss) space = round_down(space, mss);
  // In the SYN it is no more than 65535 (RFC 7323 2.2), but all of it may be used.
  result.rcv_wnd = space;
  if (wscale_ok) {
    // Room for what autotuning may come to.
    const std::uint32_t most = std::min(std::max({space, config.tcp_rmem[2], config.rmem_max}), window_clamp);
    const int shift = static_cast<int>(std::bit_width(most)) - 1 - 15;
    result.rcv_wscale = static_cast<std::uint8_t>(std::clamp<int>(shift, 0, tcp_max_wscale));
  }
  result.window_clamp = std::min(tcp_max_unscaled_window << result.rcv_wscale, window_clamp);
  result.rcv_ssthresh = std::min(space, result.window_clamp);
  return result;
}

std::uint32_t tcp_select_window_raw(tcp_sock& tp) noexcept {
  const std::uint32_t allowed = tcp_full_space(tp);
  const std::uint32_t full = std::min(tp.window_clamp, allowed);
  std::uint32_t free = tcp_space(tp);
  const std::uint32_t mss = std::min<std::uint32_t>(tp.icsk_ack.rcv_mss, full);
  if (mss == 0) return 0;
  if (free < full / 2) {
    tp.icsk_ack.quick = 0;
    if (tcp_under_memory_pressure(*tp.net)) tcp_adjust_rcv_ssthresh(tp);
    free = round_down(free, std::uint32_t{1} << tp.rcv_wscale);
    // Silly window avoidance: rather none than less than a segment or a sixteenth of the buffer.
    if (free < allowed >> 4 || free < mss) return 0;
  }
  free = std::min(free, tp.rcv_ssthresh);
  if (tp.rcv_wscale != 0) return tcp_scaled_up(free, tp.rcv_wscale);

  const std::uint32_t offered = tp.rcv_wnd;
  if (offered <= free - std::min(free, mss) || offered > free) return round_down(free, mss);
  if (mss == full && free > offered + full / 2) return free;
  return offered;
}

std::uint16_t tcp_select_window_slow(tcp_sock& tp) noexcept {
  if (tp.icsk_ack.nomem) [[unlikely]] {
    // Nothing at all is taken now, whatever was offered.
    tp.header_prediction = false;
    tp.rcv_wnd = 0;
    tp.rcv_wup = tp.rcv_nxt;
    return 0;
  }
  const std::uint32_t old = tp.rcv_wnd;
  const std::uint32_t current = tcp_receive_window(tp);
  std::uint32_t window = tcp_select_window_raw(tp);
  if (window < current) {
    // RFC 9293 3.8.6: never take back what was offered.
    if (window == 0) tp.net->count(mib::want_zero_window_adv);
    window = tcp_scaled_up(current, tp.rcv_wscale);
  }
  tp.rcv_wnd = window;
  tp.rcv_wup = tp.rcv_nxt;
  window = std::min(window, tcp_max_unscaled_window << tp.rcv_wscale) >> tp.rcv_wscale;
  if (window == 0) {
    tp.header_prediction = false;
    if (old != 0) tp.net->count(mib::to_zero_window_adv);
  } else if (old == 0) {
    tp.net->count(mib::from_zero_window_adv);
  }
  return static_cast<std::uint16_t>(window);
}

}  // namespace fourtuple::tcp
