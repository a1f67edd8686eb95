// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "host/ip/ipv4.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_sock.hpp"

// Sending (Linux: tcp_output.c). Functions do what their namesakes do in Linux.
namespace fourtuple::tcp {

// How hard to push small segments: bits of tcp_sock::nonagle, and of what a single attempt is made with.
inline constexpr std::uint8_t tcp_nagle_off = 1;   ///< TCP_NODELAY
inline constexpr std::uint8_t tcp_nagle_cork = 2;  ///< TCP_CORK, MSG_MORE
inline constexpr std::uint8_t tcp_nagle_push = 4;  ///< What is queued now goes, whatever else is set.

/// How much a call of tcp_write_xmit may send.
enum class push_one : std::uint8_t {
  no,          ///< What windows allow.
  one,         ///< One unit.
  loss_probe,  ///< One unit, of a segment if cwnd is full.
};

inline constexpr std::uint64_t tcp_pacing_unlimited = ~std::uint64_t{0};
inline constexpr std::uint32_t tcp_infinite_ssthresh = 0x7fffffff;

[[nodiscard]] inline std::uint32_t tcp_wnd_end(const tcp_sock& tp) noexcept { return tp.snd_una + tp.snd_wnd; }
[[nodiscard]] inline std::uint32_t tcp_left_out(const tcp_sock& tp) noexcept { return tp.sacked_out + tp.lost_out; }
[[nodiscard]] inline std::uint32_t tcp_packets_in_flight(const tcp_sock& tp) noexcept {
  return tp.packets_out - tcp_left_out(tp) + tp.retrans_out;
}
/// cwnd is being reduced to ssthresh.
[[nodiscard]] inline bool tcp_in_cwnd_reduction(const tcp_sock& tp) noexcept {
  return tp.icsk_ca_state == tcp_ca::cwr || tp.icsk_ca_state == tcp_ca::recovery;
}
/// What ssthresh may be set to without losing what is known of the path.
[[nodiscard]] inline std::uint32_t tcp_current_ssthresh(const tcp_sock& tp) noexcept {
  if (tcp_in_cwnd_reduction(tp)) return tp.snd_ssthresh;
  return std::max(tp.snd_ssthresh, (tp.snd_cwnd >> 1) + (tp.snd_cwnd >> 2));
}
[[nodiscard]] inline bool tcp_in_slow_start(const tcp_sock& tp) noexcept { return tp.snd_cwnd < tp.snd_ssthresh; }

// Segments.
ip::xmit_result tcp_transmit_skb(tcp_sock& tp, tcp_skb& skb);
/// The same for the SYN that connect() has put into the queue.
ip::xmit_result tcp_transmit_first_syn(tcp_sock& tp, tcp_skb& skb);
void tcp_send_ack(tcp_sock& tp);
/// The same with another number to acknowledge, for a congestion control that is exact about which data was marked.
void tcp_send_ack_of(tcp_sock& tp, std::uint32_t rcv_nxt);
/// Sends what windows, Nagle and pacing allow. True if nothing is in flight although something waits (then probe).
bool tcp_write_xmit(tcp_sock& tp, std::uint32_t mss_now, std::uint8_t nonagle, push_one limit = push_one::no);
/// Linux: __tcp_push_pending_frames.
void tcp_push_pending_frames(tcp_sock& tp, std::uint8_t nonagle);
inline void tcp_push_pending_frames(tcp_sock& tp) { tcp_push_pending_frames(tp, tp.nonagle); }
/// Whether the next segment lies within the peer's window.
[[nodiscard]] bool tcp_snd_wnd_test(const tcp_sock& tp, const tcp_skb& skb, std::uint32_t mss_now) noexcept;
/// `skb`, the send head, was sent.
void tcp_event_new_data_sent(tcp_sock& tp, tcp_skb& skb);
/// What keeps the connection from sending faster; for TCP_INFO (Linux: tcp_chrono_start, tcp_chrono_stop).
inline void tcp_chrono_set(tcp_sock& tp, tcp_chrono type, std::uint32_t now_ms) noexcept {
  if (tp.chrono_type != tcp_chrono::none) {
    tp.chrono_stat_ms[static_cast<std::size_t>(tp.chrono_type) - 1] += now_ms - tp.chrono_start_ms;
  }
  tp.chrono_start_ms = now_ms;
  tp.chrono_type = type;
}
inline void tcp_chrono_start(tcp_sock& tp, tcp_chrono why, const tcp_mstamp& now) noexcept {
  // The more specific reason counts.
  if (why > tp.chrono_type) tcp_chrono_set(tp, why, now.ms());
}
inline void tcp_chrono_start(tcp_sock& tp, tcp_chrono why) noexcept { tcp_chrono_start(tp, why, tp.net->mstamp()); }
inline void tcp_chrono_stop(tcp_sock& tp, tcp_chrono why, const tcp_mstamp& now) noexcept {
  if (tp.chrono_type == tcp_chrono::none) return;
  const bool idle = tp.sk_write_queue.empty();
  if (idle || why == tp.chrono_type) tcp_chrono_set(tp, idle ? tcp_chrono::none : tcp_chrono::busy, now.ms());
}
inline void tcp_chrono_stop(tcp_sock& tp, tcp_chrono why) noexcept { tcp_chrono_stop(tp, why, tp.net->mstamp()); }

// Units of several segments, and when they go (tcp_tso.cpp, tcp_pacing.cpp).

/// How many segments are sent as a unit: a millisecond of the pacing rate, and no less than tcp_min_tso_segs.
[[nodiscard]] std::uint32_t tcp_tso_segs(const tcp_sock& tp, std::uint32_t mss_now) noexcept;
/// Bytes that the application's writes are gathered into (Linux: tcp_xmit_size_goal).
[[nodiscard]] std::uint32_t tcp_xmit_size_goal(const tcp_sock& tp, std::uint32_t mss_now) noexcept;
struct xmit_limits {
  bool cwnd = false;
  bool rwnd = false;
};
/// Whether to wait for an ACK that makes a larger unit possible. If so, `limits` says what held it up.
[[nodiscard]] bool tcp_tso_should_defer(const tcp_sock& tp, const tcp_skb& skb, xmit_limits& limits,
                                        std::uint32_t max_segs) noexcept;
/// How much of `skb` goes as the next unit.
[[nodiscard]] std::uint32_t tcp_mss_split_point(const tcp_sock& tp, const tcp_skb& skb, std::uint32_t mss_now,
                                                std::uint32_t max_segs, std::uint8_t nonagle) noexcept;
/// RFC 896 in Minshall's variant: whether a segment smaller than the MSS has to wait.
[[nodiscard]] bool tcp_nagle_check(bool partial, const tcp_sock& tp, std::uint8_t nonagle) noexcept;
/// True: the next unit has to wait, and a timer is set for it.
[[nodiscard]] bool tcp_pacing_check(tcp_sock& tp);
/// After a unit of `bytes` (Linux: tcp_update_skb_after_send).
void tcp_pacing_sent(tcp_sock& tp, std::uint32_t bytes) noexcept;
/// SO_MAX_PACING_RATE, in bytes a second. False without memory.
bool tcp_set_max_pacing_rate(tcp_sock& tp, std::uint64_t rate) noexcept;
[[nodiscard]] inline std::uint64_t tcp_max_pacing_rate(const tcp_sock& tp) noexcept {
  return tp.pacing == nullptr ? tcp_pacing_unlimited : tp.pacing->max_rate;
}
/// Bytes a second that cwnd and the round trip came to at the last ACK, with segments as large as they are now.
[[nodiscard]] std::uint64_t tcp_pacing_rate(const tcp_sock& tp) noexcept;
/// After each ACK (Linux works the rate out here; for most ACKs nobody asks).
[[gnu::always_inline]] inline void tcp_update_pacing_rate(tcp_sock& tp) noexcept {
  tp.pacing_srtt_us = tp.srtt_us;
  tp.pacing_cwnd = std::max(tp.snd_cwnd, tp.packets_out) & 0x7fff'ffff;
  tp.pacing_slow_start = tp.snd_cwnd < tp.snd_ssthresh / 2;
}
/// The sequence number of a segment without data: within the peer's window even if that has shrunk.
[[nodiscard]] std::uint32_t tcp_acceptable_seq(const tcp_sock& tp) noexcept;
/// A segment that is in no queue: a probe or a reset.
void tcp_send_bare(tcp_sock& tp, std::uint32_t seq, const packet::tcp_flags& flags);
/// The device was busy: go on when it has room again.
void tcp_wait_for_device(tcp_sock& tp);
/// Tells the application that there is room in the send buffer again.
void tcp_check_space(tcp_sock& tp);
/// After an ACK: there may be something to send, and room to write.
inline void tcp_data_snd_check(tcp_sock& tp) {
  if (tp.sk_write_queue.send_head() != nullptr) tcp_push_pending_frames(tp);
  if (tp.write_wanted) tcp_check_space(tp);
}
[[nodiscard]] bool sk_stream_is_writeable(const tcp_sock& tp) noexcept;

// Opening and closing.
int tcp_connect(tcp_sock& tp);
void tcp_send_fin(tcp_sock& tp);
void tcp_send_active_reset(tcp_sock& tp);

// Sending again, and probing.

/// Up to `segs` segments of `skb`; what is more of it is cut off (Linux: tcp_retransmit_skb).
bool tcp_retransmit_skb(tcp_sock& tp, tcp_skb& skb, std::uint32_t segs);
/// The same without counting it as the repair of a loss (Linux: __tcp_retransmit_skb).
bool tcp_resend_skb(tcp_sock& tp, tcp_skb& skb, std::uint32_t segs);
/// Starts the timer of a tail loss probe instead of the RTO, which it never exceeds; `advancing_rto`: an ACK has just
/// started the RTO anew. False if a probe would be of no use (RFC 8985 7.2).
bool tcp_schedule_loss_probe(tcp_sock& tp, bool advancing_rto);
/// That timer fired.
void tcp_send_loss_probe(tcp_sock& tp);
void tcp_xmit_retransmit_queue(tcp_sock& tp);
/// Cuts a segment that is in flight and keeps the counts right.
bool tcp_fragment(tcp_sock& tp, tcp_skb& skb, std::uint32_t bytes, std::uint32_t mss);
/// `fewer` segments less than were counted for `skb` (Linux: tcp_adjust_pcount).
void tcp_adjust_pcount(tcp_sock& tp, const tcp_skb& skb, std::int32_t fewer) noexcept;
void tcp_send_probe0(tcp_sock& tp);
/// A segment within the window if there is one to send, else one that makes the peer answer. False: it could not be
/// sent.
bool tcp_write_wakeup(tcp_sock& tp, mib reason);

// Finding the path's MTU (tcp_mtu_probe.cpp; RFC 4821).

void tcp_mtup_init(tcp_sock& tp) noexcept;
/// Whether a probe was sent, has to wait for the windows, or is not wanted.
enum class mtu_probe_result : std::uint8_t { none, wait, sent };
mtu_probe_result tcp_mtu_probe(tcp_sock& tp);
void tcp_mtup_probe_failed(tcp_sock& tp) noexcept;
void tcp_mtup_probe_success(tcp_sock& tp) noexcept;
/// Retransmissions go unanswered: packets may be too large (Linux: tcp_mtu_probing).
void tcp_mtu_black_hole(tcp_sock& tp) noexcept;

// Segment size.
[[nodiscard]] std::uint32_t tcp_mtu_to_mss(const tcp_sock& tp, std::uint32_t pmtu) noexcept;
[[nodiscard]] std::uint32_t tcp_mss_to_mtu(const tcp_sock& tp, std::uint32_t mss) noexcept;
/// At most half of the largest window that the peer ever offered.
[[nodiscard]] std::uint32_t tcp_bound_to_half_wnd(const tcp_sock& tp, std::uint32_t bytes) noexcept;
std::uint32_t tcp_sync_mss(tcp_sock& tp, std::uint32_t pmtu) noexcept;
[[nodiscard]] std::uint32_t tcp_current_mss(tcp_sock& tp) noexcept;
[[nodiscard]] std::uint32_t tcp_route_mtu(const tcp_sock& tp) noexcept;
/// The peer offers `window`, and segments may be larger if no window was larger.
inline void tcp_max_window_update(tcp_sock& tp, std::uint32_t window) noexcept {
  if (window <= tp.max_window) return;
  const bool was_in_the_way = tp.max_window / 2 < tp.sk_dst.mtu;
  tp.max_window = window;
  if (was_in_the_way) tcp_sync_mss(tp, tcp_route_mtu(tp));
}
[[nodiscard]] std::uint16_t tcp_advertised_mss(const tcp_sock& listener_or_sock, std::uint16_t mtu) noexcept;

// The receive window (tcp_window.cpp).
struct initial_window {
  std::uint32_t rcv_wnd = 0;
  std::uint32_t window_clamp = 0;
  std::uint32_t rcv_ssthresh = 0;
  std::uint8_t rcv_wscale = 0;
};
/// `window_clamp`: TCP_WINDOW_CLAMP, 0 if it is not set.
[[nodiscard]] initial_window tcp_select_initial_window(const tcp_config& config, std::uint32_t rcvbuf,
                                                       bool rcvbuf_locked, std::uint32_t mss, bool wscale_ok,
                                                       std::uint32_t window_clamp = 0) noexcept;
/// What of the last offered window is left.
[[nodiscard]] inline std::uint32_t tcp_receive_window(const tcp_sock& tp) noexcept {
  const auto left = static_cast<std::int32_t>(tp.rcv_wup + tp.rcv_wnd - tp.rcv_nxt);
  return left < 0 ? 0 : static_cast<std::uint32_t>(left);
}
/// The window that would be offered now, were there none offered before (Linux: __tcp_select_window).
[[nodiscard]] std::uint32_t tcp_select_window_raw(tcp_sock& tp) noexcept;

/// The time for a field in which 0 stands for none.
[[nodiscard]] inline std::uint32_t tcp_stamp_ms(const tcp_net& net) noexcept {
  const std::uint32_t now = net.now_ms();
  return now == 0 ? 1 : now;
}
/// The connection's timestamp clock: one tick a millisecond.
[[nodiscard]] inline std::uint32_t tcp_time_stamp(const tcp_sock& tp) noexcept {
  return tp.net->now_ms() + tp.tsoffset;
}

}  // namespace fourtuple::tcp
