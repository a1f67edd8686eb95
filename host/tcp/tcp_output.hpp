// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/ip/ipv4.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_sock.hpp"

// Sending (Linux: tcp_output.c). Functions do what their namesakes do in Linux.
namespace fourtuple::tcp {

/// How hard to push small segments (Linux: TCP_NAGLE_*).
enum class nagle : std::uint8_t { as_set, push };

[[nodiscard]] inline std::uint32_t tcp_wnd_end(const tcp_sock& tp) noexcept { return tp.snd_una + tp.snd_wnd; }
[[nodiscard]] inline std::uint32_t tcp_left_out(const tcp_sock& tp) noexcept { return tp.sacked_out + tp.lost_out; }
[[nodiscard]] inline std::uint32_t tcp_packets_in_flight(const tcp_sock& tp) noexcept {
  return tp.packets_out - tcp_left_out(tp) + tp.retrans_out;
}
[[nodiscard]] inline bool tcp_in_slow_start(const tcp_sock& tp) noexcept { return tp.snd_cwnd < tp.snd_ssthresh; }

// Segments.
ip::xmit_result tcp_transmit_skb(tcp_sock& tp, tcp_skb& skb);
void tcp_send_ack(tcp_sock& tp);
/// Sends what windows and Nagle allow. True if nothing is in flight although something waits (then probe).
bool tcp_write_xmit(tcp_sock& tp, std::uint32_t mss_now, nagle nonagle);
/// Linux: __tcp_push_pending_frames.
void tcp_push_pending_frames(tcp_sock& tp, nagle nonagle = nagle::as_set);
/// Sends the send head, or as much of it as fits in a segment. False: there was no memory, or the device is busy.
bool tcp_send_new_data(tcp_sock& tp, tcp_skb& skb, std::uint32_t mss_now);
/// Whether the next segment lies within the peer's window.
[[nodiscard]] bool tcp_snd_wnd_test(const tcp_sock& tp, const tcp_skb& skb, std::uint32_t mss_now) noexcept;
void tcp_data_snd_check(tcp_sock& tp);
/// The sequence number of a segment without data: within the peer's window even if that has shrunk.
[[nodiscard]] std::uint32_t tcp_acceptable_seq(const tcp_sock& tp) noexcept;
/// A segment that is in no queue: a probe or a reset.
void tcp_send_bare(tcp_sock& tp, std::uint32_t seq, const packet::tcp_flags& flags);
/// The device was busy: go on when it has room again.
void tcp_wait_for_device(tcp_sock& tp);
/// Tells the application that there is room in the send buffer again.
void tcp_check_space(tcp_sock& tp);
[[nodiscard]] bool sk_stream_is_writeable(const tcp_sock& tp) noexcept;

// Opening and closing.
int tcp_connect(tcp_sock& tp);
void tcp_send_fin(tcp_sock& tp);
void tcp_send_active_reset(tcp_sock& tp);

// Sending again, and probing.
bool tcp_retransmit_skb(tcp_sock& tp, tcp_skb& skb);
/// The same without counting it as the repair of a loss (Linux: __tcp_retransmit_skb).
bool tcp_resend_skb(tcp_sock& tp, tcp_skb& skb);
/// Starts the timer of a tail loss probe instead of the RTO, which it never exceeds; `advancing_rto`: an ACK has just
/// started the RTO anew. False if a probe would be of no use (RFC 8985 7.2).
bool tcp_schedule_loss_probe(tcp_sock& tp, bool advancing_rto);
/// That timer fired.
void tcp_send_loss_probe(tcp_sock& tp);
void tcp_xmit_retransmit_queue(tcp_sock& tp);
/// Cuts a segment that is in flight and keeps the counts right.
bool tcp_fragment(tcp_sock& tp, tcp_skb& skb, std::uint32_t bytes);
void tcp_send_probe0(tcp_sock& tp);
void tcp_write_wakeup(tcp_sock& tp, mib reason);

// Segment size.
[[nodiscard]] std::uint32_t tcp_mtu_to_mss(const tcp_sock& tp, std::uint32_t pmtu) noexcept;
std::uint32_t tcp_sync_mss(tcp_sock& tp, std::uint32_t pmtu) noexcept;
[[nodiscard]] std::uint32_t tcp_current_mss(tcp_sock& tp) noexcept;
[[nodiscard]] std::uint32_t tcp_route_mtu(const tcp_sock& tp) noexcept;
[[nodiscard]] std::uint16_t tcp_advertised_mss(const tcp_sock& listener_or_sock, std::uint16_t mtu) noexcept;

// The receive window (tcp_window.cpp).
struct initial_window {
  std::uint32_t rcv_wnd = 0;
  std::uint32_t window_clamp = 0;
  std::uint32_t rcv_ssthresh = 0;
  std::uint8_t rcv_wscale = 0;
};
[[nodiscard]] initial_window tcp_select_initial_window(const tcp_config& config, std::uint32_t rcvbuf,
                                                       bool rcvbuf_locked, std::uint32_t mss, bool wscale_ok) noexcept;
/// Bytes of payload that a receive buffer of `rcvbuf` is good for.
[[nodiscard]] constexpr std::uint32_t tcp_win_from_space(std::uint32_t rcvbuf) noexcept { return rcvbuf / 2; }
[[nodiscard]] std::uint32_t tcp_space(const tcp_sock& tp) noexcept;
/// What of the last offered window is left.
[[nodiscard]] std::uint32_t tcp_receive_window(const tcp_sock& tp) noexcept;
/// The window that would be offered now, were there none offered before (Linux: __tcp_select_window).
[[nodiscard]] std::uint32_t tcp_select_window_raw(const tcp_sock& tp) noexcept;
/// The window field of the next segment; what is offered is remembered.
[[nodiscard]] std::uint16_t tcp_select_window(tcp_sock& tp) noexcept;

/// The connection's timestamp clock: one tick a millisecond.
[[nodiscard]] inline std::uint32_t tcp_time_stamp(const tcp_sock& tp) noexcept {
  return tp.net->now_ms() + tp.tsoffset;
}

}  // namespace fourtuple::tcp
