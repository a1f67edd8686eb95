// SPDX-License-Identifier: Apache-2.0
// How large a segment may be: the peer's MSS, the path's MTU, options, and half the peer's window (RFC 9293 3.7.1).
#include <algorithm>

#include "host/tcp/tcp_output.hpp"

namespace fourtuple::tcp {
namespace {

constexpr std::uint32_t headers_bytes = 40;  // IPv4 and TCP without options.
constexpr std::uint32_t timestamps_bytes = 12;
constexpr std::uint32_t min_mss = 48;       // Linux: tcp_min_snd_mss
constexpr std::uint32_t default_mss = 536;  // RFC 9293 3.7.1

}  // namespace

std::uint32_t tcp_route_mtu(const tcp_sock& tp) noexcept {
  const std::uint32_t mtu = tp.sk_dst.mtu;
  return tp.pmtu == 0 ? mtu : std::min<std::uint32_t>(mtu, tp.pmtu);
}

std::uint16_t tcp_advertised_mss(const tcp_sock& listener_or_sock, std::uint16_t mtu) noexcept {
  const std::uint32_t mss = std::max<std::uint32_t>(mtu, headers_bytes + min_mss) - headers_bytes;
  const std::uint32_t user = listener_or_sock.user_mss;
  return static_cast<std::uint16_t>(user != 0 ? std::min(user, mss) : mss);
}

std::uint32_t tcp_mtu_to_mss(const tcp_sock& tp, std::uint32_t pmtu) noexcept {
  std::uint32_t mss = pmtu > headers_bytes ? pmtu - headers_bytes : 0;
  mss = std::min<std::uint32_t>(mss, tp.mss_clamp);
  mss = std::max(mss, min_mss);
  return tp.tstamp_ok ? mss - timestamps_bytes : mss;
}

std::uint32_t tcp_mss_to_mtu(const tcp_sock& tp, std::uint32_t mss) noexcept {
  return mss + headers_bytes + (tp.tstamp_ok ? timestamps_bytes : 0);
}

std::uint32_t tcp_bound_to_half_wnd(const tcp_sock& tp, std::uint32_t bytes) noexcept {
  // Two segments must fit in the peer's window, lest its delayed ACKs stall both.
  const std::uint32_t cutoff = tp.max_window > default_mss ? tp.max_window / 2 : tp.max_window;
  if (cutoff != 0 && bytes > cutoff) return std::max(cutoff, 68 - headers_bytes);
  return bytes;
}

std::uint32_t tcp_sync_mss(tcp_sock& tp, std::uint32_t pmtu) noexcept {
  mtu_probe_state* mtup = tp.icsk_mtup.get();
  if (mtup != nullptr && mtup->search_high > pmtu) mtup->search_high = static_cast<std::uint16_t>(pmtu);
  std::uint32_t mss = tcp_bound_to_half_wnd(tp, tcp_mtu_to_mss(tp, pmtu));
  if (mtup != nullptr && mtup->enabled) mss = std::min(mss, tcp_mtu_to_mss(tp, mtup->search_low));
  tp.mss_cache = mss;
  return mss;
}

std::uint32_t tcp_current_mss(tcp_sock& tp) noexcept {
  std::uint32_t mss = tp.mss_cache;
  const std::uint32_t blocks = std::min<std::uint32_t>(
      tp.num_sacks + (tp.dsack ? 1U : 0U), static_cast<std::uint32_t>(packet::tcp_sack_blocks_that_fit(tp.tstamp_ok)));
  if (blocks != 0) {
    const std::uint32_t bytes = 4 + 8 * blocks;
    mss = mss > bytes + 8 ? mss - bytes : 8;
  }
  return mss;
}

}  // namespace fourtuple::tcp
