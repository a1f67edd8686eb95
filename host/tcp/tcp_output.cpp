// SPDX-License-Identifier: Apache-2.0
// From the send queue to segments: transmit, Nagle, windows (Linux: tcp_write_xmit and what it calls).
#include "host/tcp/tcp_output.hpp"

#include <algorithm>

#include "host/tcp/tcp_ack_policy.hpp"
#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_ipv4.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timer.hpp"

namespace fourtuple::tcp {
namespace {

constexpr std::uint32_t max_handshake_window = 65535;  // RFC 7323 2.2: never scaled in a SYN.

packet::tcp_options tcp_syn_options(tcp_sock& tp) {
  const tcp_config& config = tp.net->config;
  packet::tcp_options options;
  options.mss = tp.advmss;
  if (config.tcp_timestamps) options.timestamps = packet::tcp_timestamps{tcp_time_stamp(tp), tp.ts_recent};
  options.sack_permitted = config.tcp_sack;
  if (config.tcp_window_scaling) options.window_scale = tp.rcv_wscale;
  return options;
}

packet::tcp_options tcp_established_options(tcp_sock& tp) {
  packet::tcp_options options;
  if (tp.tstamp_ok) options.timestamps = packet::tcp_timestamps{tcp_time_stamp(tp), tp.ts_recent};
  const std::size_t room = packet::tcp_sack_blocks_that_fit(tp.tstamp_ok);
  const auto put = [&](const packet::tcp_sack_block& block) {
    if (options.sack_block_count < room) options.sack_blocks[options.sack_block_count++] = block;
  };
  // RFC 2883 section 4: the duplicate comes first, and is reported once.
  if (tp.dsack) put(tp.duplicate_sack);
  for (std::size_t i = 0; i < tp.num_sacks; ++i) put(tp.selective_acks[i]);
  tp.dsack = false;
  return options;
}

ip::xmit_result transmit(tcp_sock& tp, std::uint32_t seq, const packet::tcp_flags& flags,
                         std::span<const std::byte> payload) {
  tx_segment segment;
  segment.tuple = tp.skc_tuple;
  segment.header.seq = seq;
  segment.header.flags = flags;
  segment.header.ack_seq = flags.ack ? tp.rcv_nxt : 0;
  segment.tos = tp.tos;
  segment.ttl = tp.uc_ttl;
  segment.payload = payload;
  if (flags.syn) {
    segment.options = tcp_syn_options(tp);
    segment.header.window = static_cast<std::uint16_t>(std::min(tp.rcv_wnd, max_handshake_window));
  } else {
    segment.options = tcp_established_options(tp);
    segment.header.window = tcp_select_window(tp);
  }
  const ip::xmit_result result = tcp_v4_xmit(*tp.net, tp.sk_dst, segment);
  if (result == ip::xmit_result::ok && flags.ack) tcp_event_ack_sent(tp);
  return result;
}

/// Minshall's variant of Nagle (RFC 896): a small segment waits only while another small one is out.
bool tcp_minshall_check(const tcp_sock& tp) noexcept {
  return after(tp.snd_sml, tp.snd_una) && !after(tp.snd_sml, tp.snd_nxt);
}

bool tcp_nagle_test(const tcp_sock& tp, const tcp_skb& skb, std::uint32_t mss_now, nagle mode) noexcept {
  if (mode == nagle::push || skb.fin || skb.syn || skb.len >= mss_now || !tp.sk_write_queue.is_last(skb)) return true;
  if (tp.cork) return false;
  return tp.nonagle || tp.packets_out == 0 || !tcp_minshall_check(tp);
}

void tcp_event_new_data_sent(tcp_sock& tp, tcp_skb& skb) {
  const bool first = tp.packets_out == 0;
  tp.sk_write_queue.advance_send_head();
  tp.snd_nxt = skb.end_seq;
  ++tp.packets_out;
  if (first || tp.icsk_pending == icsk_time::probe0 || tp.icsk_pending == icsk_time::loss_probe) tcp_rearm_rto(tp);
}

/// RFC 7661 in Linux's way: whether the flight has filled cwnd since it was last looked at.
void tcp_cwnd_validate(tcp_sock& tp, bool is_cwnd_limited) noexcept {
  if (!before(tp.snd_una, tp.cwnd_usage_seq) || is_cwnd_limited ||
      (!tp.is_cwnd_limited && tp.packets_out > tp.max_packets_out)) {
    tp.is_cwnd_limited = is_cwnd_limited;
    tp.max_packets_out = tp.packets_out;
    tp.cwnd_usage_seq = tp.snd_nxt;
  }
}

/// Something waits, nothing is out that an ACK could come for: the window must be probed for (RFC 9293 3.8.6.1).
void tcp_check_probe_timer(tcp_sock& tp) {
  if (tp.packets_out == 0 && tp.icsk_pending == icsk_time::none) {
    inet_csk_reset_xmit_timer(tp, icsk_time::probe0, tcp_probe0_base_us(tp));
  }
}

void tcp_event_data_sent(tcp_sock& tp) {
  const std::uint64_t now = tp.net->now_ns();
  if (tcp_packets_in_flight(tp) == 0) tp.icsk_ca_ops->tx_start(tp);
  tp.lsndtime_ns = now;
  // A reply within the delayed ACK's time: a conversation, in which ACKs ride on data.
  if (now - tp.icsk_ack.lrcvtime_ns < std::uint64_t{tp.icsk_ack.ato_us} * base::ns_per_us) tp.icsk_ack.pingpong = true;
}

}  // namespace

ip::xmit_result tcp_transmit_skb(tcp_sock& tp, tcp_skb& skb) {
  const packet::tcp_flags flags{
      .fin = skb.fin, .syn = skb.syn, .psh = skb.psh, .ack = tp.skc_state != tcp_state::syn_sent};
  const ip::xmit_result result = transmit(tp, skb.seq, flags, skb.data());
  if (result == ip::xmit_result::busy) {
    tcp_wait_for_device(tp);
    return result;
  }
  skb.sent_at_ns = tp.net->now_ns();
  if (skb.len != 0) tcp_event_data_sent(tp);
  return result;
}

void tcp_send_ack(tcp_sock& tp) {
  if (tp.skc_state == tcp_state::close || tp.skc_state == tcp_state::listen) return;
  const ip::xmit_result result = transmit(tp, tcp_acceptable_seq(tp), {.ack = true}, {});
  if (result == ip::xmit_result::ok) return;
  // The ACK is still owed: the delayed ACK timer tries again.
  tp.icsk_ack.sched = true;
  tcp_arm_delack(tp, tp.net->config.tcp_delack_min_ms * 1000);
}

std::uint32_t tcp_acceptable_seq(const tcp_sock& tp) noexcept {
  return before(tcp_wnd_end(tp), tp.snd_nxt) && tp.snd_nxt - tcp_wnd_end(tp) >= (std::uint32_t{1} << tp.rcv_wscale)
             ? tcp_wnd_end(tp)
             : tp.snd_nxt;
}

void tcp_send_bare(tcp_sock& tp, std::uint32_t seq, const packet::tcp_flags& flags) {
  static_cast<void>(transmit(tp, seq, flags, {}));
}

bool tcp_snd_wnd_test(const tcp_sock& tp, const tcp_skb& skb, std::uint32_t mss_now) noexcept {
  const std::uint32_t end_seq = skb.len > mss_now ? skb.seq + mss_now : skb.end_seq;
  return !after(end_seq, tcp_wnd_end(tp));
}

bool tcp_send_new_data(tcp_sock& tp, tcp_skb& skb, std::uint32_t mss_now) {
  if (skb.len > mss_now && !tp.sk_write_queue.fragment(skb, mss_now)) return false;
  // Unless it is busy, what the device did not take is like a loss in the network: the retransmission timer sees to it.
  if (tcp_transmit_skb(tp, skb) == ip::xmit_result::busy) return false;
  if (skb.len < mss_now && !skb.syn) tp.snd_sml = skb.end_seq;
  tcp_event_new_data_sent(tp, skb);
  return true;
}

bool tcp_write_xmit(tcp_sock& tp, std::uint32_t mss_now, nagle mode) {
  bool is_cwnd_limited = false;
  std::uint32_t sent = 0;
  while (tcp_skb* skb = tp.sk_write_queue.send_head()) {
    if (tcp_packets_in_flight(tp) >= tp.snd_cwnd) {
      is_cwnd_limited = true;
      break;
    }
    if (!tcp_snd_wnd_test(tp, *skb, mss_now)) break;
    if (!tcp_nagle_test(tp, *skb, mss_now, mode)) break;
    if (!tcp_send_new_data(tp, *skb, mss_now)) break;
    ++sent;
  }
  is_cwnd_limited |= tcp_packets_in_flight(tp) >= tp.snd_cwnd;
  if (sent == 0) return tp.packets_out == 0 && tp.sk_write_queue.send_head() != nullptr && !tp.in_blocked_list;
  if (tp.icsk_ca_state == tcp_ca::recovery || tp.icsk_ca_state == tcp_ca::cwr) tp.prr_out += sent;
  tcp_cwnd_validate(tp, is_cwnd_limited);
  tcp_schedule_loss_probe(tp, false);
  return false;
}

void tcp_push_pending_frames(tcp_sock& tp, nagle mode) {
  if (tp.skc_state == tcp_state::close || tp.sk_write_queue.send_head() == nullptr) return;
  if (tcp_write_xmit(tp, tcp_current_mss(tp), mode)) tcp_check_probe_timer(tp);
}

void tcp_data_snd_check(tcp_sock& tp) {
  tcp_push_pending_frames(tp);
  tcp_check_space(tp);
}

void tcp_wait_for_device(tcp_sock& tp) {
  if (tp.in_blocked_list) return;
  // Held by the list, so that it cannot go away before the device wakes it.
  tp.sock_hold();
  tp.in_blocked_list = true;
  tp.next_blocked = nullptr;
  *tp.net->xmit_blocked_tail = &tp;
  tp.net->xmit_blocked_tail = &tp.next_blocked;
}

}  // namespace fourtuple::tcp
