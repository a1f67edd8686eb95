// SPDX-License-Identifier: Apache-2.0
// How much is sent as one unit, and when it is worth waiting for more (Linux: tcp_tso_autosize and what is around it).
#include <algorithm>

#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_seq.hpp"

namespace fourtuple::tcp {
namespace {

constexpr std::uint32_t max_header_bytes = 320;  // Linux: MAX_TCP_HEADER, which a unit leaves room for.
constexpr std::uint32_t max_segs = 65'535;       // Linux: GSO_MAX_SEGS
constexpr unsigned pacing_shift = 10;            // 1 / 1024 s: about a millisecond (Linux: sk_pacing_shift).

std::uint32_t sk_gso_max_size(const tcp_sock& tp) noexcept {
  const std::uint32_t size = tp.net->config.gso_max_size;
  return size > max_header_bytes + 1 ? size - (max_header_bytes + 1) : 1;
}

/// A small segment is out that was sent as such (Minshall).
bool tcp_minshall_check(const tcp_sock& tp) noexcept {
  return after(tp.snd_sml, tp.snd_una) && !after(tp.snd_sml, tp.snd_nxt);
}

}  // namespace

std::uint32_t tcp_tso_segs(const tcp_sock& tp, std::uint32_t mss_now) noexcept {
  const tcp_config& config = tp.net->config;
  std::uint64_t bytes = tcp_pacing_rate(tp) >> pacing_shift;
  // With a tiny round trip there is nobody between whom bursts could hurt.
  if (config.tcp_tso_rtt_log != 0) {
    const std::uint32_t halvings = tp.rtt_min_us >> std::min<std::uint32_t>(config.tcp_tso_rtt_log, 31);
    if (halvings < 32) bytes += sk_gso_max_size(tp) >> halvings;
  }
  bytes = std::min<std::uint64_t>(bytes, sk_gso_max_size(tp));
  const auto segs = static_cast<std::uint32_t>(bytes / mss_now);
  // Two segments of a loopback's size are more than an IPv4 packet.
  const std::uint32_t most = std::clamp(sk_gso_max_size(tp) / mss_now, 1U, max_segs);
  return std::min(std::max({segs, config.tcp_min_tso_segs, 1U}), most);
}

std::uint32_t tcp_xmit_size_goal(const tcp_sock& tp, std::uint32_t mss_now) noexcept {
  const std::uint32_t most = tcp_bound_to_half_wnd(tp, sk_gso_max_size(tp));
  return std::max(std::min(most / mss_now, max_segs) * mss_now, mss_now);
}

bool tcp_nagle_check(bool partial, const tcp_sock& tp, std::uint8_t nonagle) noexcept {
  if (!partial) return false;
  if ((nonagle & tcp_nagle_cork) != 0) return true;
  return nonagle == 0 && tp.packets_out != 0 && tcp_minshall_check(tp);
}

std::uint32_t tcp_mss_split_point(const tcp_sock& tp, const tcp_skb& skb, std::uint32_t mss_now,
                                  std::uint32_t unit_segs, std::uint8_t nonagle) noexcept {
  const std::uint32_t window = tcp_wnd_end(tp) - skb.seq;
  const std::uint32_t most = mss_now * unit_segs;
  if (most <= window && !tp.sk_write_queue.is_last(skb)) return most;
  const std::uint32_t needed = std::min(skb.len, window);
  if (most <= needed) return most;
  const std::uint32_t partial = needed % mss_now;
  return tcp_nagle_check(partial != 0, tp, nonagle) ? needed - partial : needed;
}

bool tcp_tso_should_defer(const tcp_sock& tp, const tcp_skb& skb, xmit_limits& limits,
                          std::uint32_t unit_segs) noexcept {
  if (tp.icsk_ca_state >= tcp_ca::recovery) return false;
  // Only while units follow one another closely: otherwise the ACK that is waited for may be far.
  const std::uint64_t now = tp.net->now_ns();
  if (now > tp.wstamp_ns + base::ns_per_ms) return false;

  const std::uint32_t send_win = tcp_wnd_end(tp) - skb.seq;
  const std::uint32_t cong_win = (tp.snd_cwnd - tcp_packets_in_flight(tp)) * tp.mss_cache;
  const std::uint32_t limit = std::min(send_win, cong_win);
  if (limit >= unit_segs * tp.mss_cache) return false;
  if (!tp.sk_write_queue.is_last(skb) && limit >= skb.len) return false;
  const std::uint32_t divisor = tp.net->config.tcp_tso_win_divisor;
  if (divisor != 0) {
    if (limit >= std::min(tp.snd_wnd, tp.snd_cwnd * tp.mss_cache) / divisor) return false;
  } else if (limit > 3 * tp.mss_cache) {
    return false;
  }
  const tcp_skb* head = tp.sk_write_queue.rtx_head();
  if (head == nullptr) return false;
  // The next ACK is expected a round trip after its segment was sent: it is only waited for if that is near.
  const std::uint64_t srtt_ns = std::uint64_t{tp.srtt_us} * base::ns_per_us / 8;
  const std::uint64_t near_ns = std::min(srtt_ns / 2, base::ns_per_ms);
  if (head->sent_at_ns + srtt_ns > now + near_ns) return false;

  if (cong_win < send_win) {
    if (cong_win <= skb.len) {
      limits.cwnd = true;
      return true;
    }
  } else if (send_win <= skb.len) {
    limits.rwnd = true;
    return true;
  }
  // What is complete does not become larger.
  return !skb.fin && !skb.eor;
}

}  // namespace fourtuple::tcp
