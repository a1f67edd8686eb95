// SPDX-License-Identifier: Apache-2.0
// From the send queue to segments: transmit, Nagle, windows (Linux: tcp_write_xmit and what it calls).
#include "host/tcp/tcp_output.hpp"

#include <algorithm>
#include <cassert>

#include "host/packet/checksum.hpp"
#include "host/packet/ipv4_header.hpp"
#include "host/tcp/tcp_ack_policy.hpp"
#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_ecn.hpp"
#include "host/tcp/tcp_errqueue.hpp"
#include "host/tcp/tcp_ipv4.hpp"
#include "host/tcp/tcp_rate.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timer.hpp"
#include "host/tcp/tcp_transmit.hpp"
#include "host/tcp/tcp_urg.hpp"
#include "host/tcp/tcp_xmit_single.hpp"

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
  const auto sacks = tp.out_of_order_queue.selective_acks();
  for (std::size_t i = 0; i < std::min<std::size_t>(tp.num_sacks, sacks.size()); ++i) put(sacks[i]);
  tp.dsack = false;
  return options;
}

/// A SYN that says all that can be said in one, and nothing urgent.
bool is_usual_syn(const tcp_sock& tp, const tcp_outgoing& what) noexcept {
  const tcp_config& config = tp.net->config;
  return what.flags.syn && what.payload.empty() && !tp.sk_extension && config.tcp_timestamps && config.tcp_sack &&
         config.tcp_window_scaling;
}

ip::xmit_result transmit_syn(tcp_sock& tp, const tcp_outgoing& what) {
  packet::tcp_flags flags = what.flags;
  std::uint8_t tos = tp.tos;
  tcp_ecn_send(tp, what.seq, false, flags, tos);
  ip::ipv4_output how = tcp_ipv4_output(tp);
  // One that is marked goes apart: what comes later does not say the same, nor perhaps did the one before.
  const bool marked = how.tos != tos;
  how.tos = tos;
  const auto queue = [&](packet::tx_sk_buff& skb) {
    ip::ipv4& ip = tp.net->ip;
    if (marked) [[unlikely]]
      return ip.queue_xmit(skb, tp.sk_dst, how);
    return ip.queue_flow(skb, tp.sk_dst, how.destination, [&] { return how; });
  };
  return tcp_v4_xmit_syn(
      *tp.net, tp.skc_tuple,
      {.seq = what.seq,
       .ack_seq = flags.ack ? what.rcv_nxt : 0,
       .flags = flags,
       .window = static_cast<std::uint16_t>(std::min(tp.rcv_wnd, max_handshake_window))},
      {.mss = tp.advmss, .window_scale = tp.rcv_wscale, .timestamps = {tcp_time_stamp(tp), tp.ts_recent}}, queue,
      what.sent_before);
}

[[gnu::noinline]] ip::xmit_result transmit_any(tcp_sock& tp, const tcp_outgoing& what) {
  tx_segment segment;
  segment.tuple = tp.skc_tuple;
  segment.header.seq = what.seq;
  segment.header.flags = what.flags;
  segment.header.ack_seq = what.flags.ack ? what.rcv_nxt : 0;
  segment.tos = tp.tos;
  segment.ttl = tp.uc_ttl;
  segment.dont_fragment = ip_dont_fragment(tp);
  segment.header.urgent_pointer = tcp_urgent_pointer(tp, what.seq);
  segment.header.flags.urg = segment.header.urgent_pointer != 0;
  segment.payload = what.payload;
  segment.gso_size = what.gso_size;
  segment.sent_before = what.sent_before;
  const bool queued_cwr = tp.ecn_queue_cwr;
  tcp_ecn_send(tp, what.seq, !what.payload.empty(), segment.header.flags, segment.tos);
  if (what.flags.syn) {
    segment.options = tcp_syn_options(tp);
    segment.header.window = static_cast<std::uint16_t>(std::min(tp.rcv_wnd, max_handshake_window));
  } else {
    segment.options = tcp_established_options(tp);
    segment.header.window = tcp_select_window(tp);
  }
  const ip::xmit_result result = tcp_v4_xmit(*tp.net, tp.sk_dst, segment);
  if (result == ip::xmit_result::busy) tp.ecn_queue_cwr = queued_cwr;
  return result;
}

/// Chooses the way. In line, since callers know most of what it asks.
[[gnu::always_inline]] inline ip::xmit_result transmit_by_kind(tcp_sock& tp, const tcp_outgoing& what) {
  if (what.flags.syn) return is_usual_syn(tp, what) ? transmit_syn(tp, what) : transmit_any(tp, what);
  return tcp_is_plain(tp) ? tcp_transmit_plain(tp, what, tp.net->now_ms()) : transmit_any(tp, what);
}

[[gnu::always_inline]] inline ip::xmit_result transmit(tcp_sock& tp, const tcp_outgoing& what) {
  const ip::xmit_result result = transmit_by_kind(tp, what);
  if (result != ip::xmit_result::ok) return result;
  if (what.flags.ack) tcp_event_ack_sent(tp);
  tp.wstamp_ns = std::max(tp.wstamp_ns, tp.net->now_ns());
  const std::size_t bytes = what.payload.size();
  tp.segs_out += static_cast<std::uint32_t>(what.gso_size == 0 ? 1 : (bytes + what.gso_size - 1) / what.gso_size);
  return result;
}

/// After transmit() of `skb`, which has `bytes` of data.
[[gnu::always_inline]] inline ip::xmit_result note_transmit(tcp_sock& tp, tcp_skb& skb, std::uint32_t bytes,
                                                            ip::xmit_result result) {
  if (result == ip::xmit_result::busy) {
    tcp_wait_for_device(tp);
    return result;
  }
  if (bytes != 0) {
    tcp_event_data_sent(tp, bytes, tcp_packets_in_flight(tp) == 0, tp.net->now_ms());
    tp.data_segs_out += skb.gso_segs;
  }
  skb.sent_at_ns = std::max(tp.wstamp_ns, tp.net->now_ns());
  tcp_pacing_sent(tp, bytes);
  tp.sk_write_queue.move_to_newest_sent(skb);
  tcp_rate_skb_sent(tp, skb, tcp_rate_mstamp_us(skb.sent_at_ns));
  tcp_tx_sent(tp, skb.seq, skb.end_seq, skb.data());
  return result;
}

bool tcp_nagle_test(const tcp_sock& tp, const tcp_skb& skb, std::uint32_t mss_now, std::uint8_t nonagle) noexcept {
  if ((nonagle & tcp_nagle_push) != 0 || tcp_urg_mode(tp) || skb.fin) return true;
  return !tcp_nagle_check(skb.len < mss_now, tp, nonagle);
}

/// Something waits, nothing is out that an ACK could come for: the window must be probed for (RFC 9293 3.8.6.1).
void tcp_check_probe_timer(tcp_sock& tp) {
  if (tp.packets_out == 0 && tp.icsk_pending == icsk_time::none) {
    inet_csk_reset_xmit_timer(tp, icsk_time::probe0, tcp_probe0_base_us(tp));
  }
}

/// Of cwnd, what may go as a unit now: half of it at most, so that ACKs keep coming.
std::uint32_t tcp_cwnd_test(const tcp_sock& tp) noexcept {
  const std::uint32_t in_flight = tcp_packets_in_flight(tp);
  if (in_flight >= tp.snd_cwnd) return 0;
  return std::min(std::max(tp.snd_cwnd >> 1, 1U), tp.snd_cwnd - in_flight);
}

/// Whether one more unit goes, and how large it is; 0: it does not. `quota`: segments that cwnd has left.
std::uint32_t next_unit_bytes(tcp_sock& tp, tcp_skb& skb, std::uint32_t mss_now, std::uint32_t quota,
                              std::uint32_t max_segs, std::uint8_t nonagle, push_one limit, xmit_limits& limits) {
  skb.set_tso_segs(mss_now);
  if (!tcp_snd_wnd_test(tp, skb, mss_now)) {
    limits.rwnd = true;
    return 0;
  }
  if (skb.gso_segs == 1) {
    const std::uint8_t mode = tp.sk_write_queue.is_last(skb) ? nonagle : tcp_nagle_push;
    return tcp_nagle_test(tp, skb, mss_now, mode) ? mss_now : 0;
  }
  if (limit == push_one::no && tcp_tso_should_defer(tp, skb, limits, max_segs)) return 0;
  return tcp_mss_split_point(tp, skb, mss_now, std::min(quota, max_segs), nonagle);
}

}  // namespace

void tcp_cwnd_application_limited(tcp_sock& tp) noexcept {
  if (tp.icsk_ca_state == tcp_ca::open) {
    const std::uint32_t used = std::max(tp.snd_cwnd_used, tp.net->config.tcp_initial_cwnd);
    if (used < tp.snd_cwnd) {
      tp.snd_ssthresh = tcp_current_ssthresh(tp);
      tp.snd_cwnd = (tp.snd_cwnd + used) / 2;
    }
    tp.snd_cwnd_used = 0;
  }
  tp.snd_cwnd_stamp_ms = tp.net->now_ms();
}

ip::xmit_result tcp_transmit_skb(tcp_sock& tp, tcp_skb& skb) {
  tcp_outgoing what{.seq = skb.seq,
                    .flags = {.fin = skb.fin != 0,
                              .syn = skb.syn != 0,
                              // A unit says so at its end, for a receiver that would gather more (Linux: GRO flush).
                              .psh = skb.psh || skb.gso_segs > 1,
                              .ack = tp.skc_state != tcp_state::syn_sent,
                              .ece = skb.ecn_syn != 0,
                              .cwr = skb.ecn_syn && tp.skc_state == tcp_state::syn_sent},
                    .payload = skb.data(),
                    .gso_size = skb.gso_size,
                    .rcv_nxt = tp.rcv_nxt,
                    .sent_before = !after(skb.end_seq, tp.snd_nxt)};
  return note_transmit(tp, skb, skb.len, transmit(tp, what));
}

ip::xmit_result tcp_transmit_first_syn(tcp_sock& tp, tcp_skb& skb) {
  assert(skb.syn && skb.len == 0 && tp.skc_state == tcp_state::syn_sent);
  const bool ecn = skb.ecn_syn != 0;
  return note_transmit(tp, skb, 0,
                       transmit(tp, {.seq = skb.seq, .flags = {.syn = true, .ece = ecn, .cwr = ecn}, .rcv_nxt = 0}));
}

void tcp_send_ack_of(tcp_sock& tp, std::uint32_t rcv_nxt) {
  if (tp.skc_state == tcp_state::close || tp.skc_state == tcp_state::listen) return;
  const ip::xmit_result result =
      transmit(tp, {.seq = tcp_acceptable_seq(tp), .flags = {.ack = true}, .rcv_nxt = rcv_nxt});
  if (result == ip::xmit_result::ok) return;
  // The ACK is still owed: the delayed ACK timer tries again.
  tp.icsk_ack.sched = true;
  tcp_arm_delack(tp, tcp_delack_min_us(tp));
}

void tcp_send_ack(tcp_sock& tp) { tcp_send_ack_of(tp, tp.rcv_nxt); }

std::uint32_t tcp_acceptable_seq(const tcp_sock& tp) noexcept {
  return before(tcp_wnd_end(tp), tp.snd_nxt) && tp.snd_nxt - tcp_wnd_end(tp) >= (std::uint32_t{1} << tp.rcv_wscale)
             ? tcp_wnd_end(tp)
             : tp.snd_nxt;
}

void tcp_send_bare(tcp_sock& tp, std::uint32_t seq, const packet::tcp_flags& flags) {
  static_cast<void>(transmit(tp, {.seq = seq, .flags = flags, .rcv_nxt = tp.rcv_nxt}));
}

bool tcp_snd_wnd_test(const tcp_sock& tp, const tcp_skb& skb, std::uint32_t mss_now) noexcept {
  const std::uint32_t end_seq = skb.len > mss_now ? skb.seq + mss_now : skb.end_seq;
  return !after(end_seq, tcp_wnd_end(tp));
}

void tcp_event_new_data_sent(tcp_sock& tp, tcp_skb& skb) {
  const bool first = tp.packets_out == 0;
  tp.sk_write_queue.advance_send_head();
  tp.snd_nxt = skb.end_seq;
  tp.packets_out += skb.gso_segs;
  if (first || tp.icsk_pending == icsk_time::loss_probe) tcp_rearm_rto(tp);
  tp.net->count(mib::orig_data_sent, skb.gso_segs);
  tcp_chrono_start(tp, tcp_chrono::busy);
}

bool tcp_write_xmit(tcp_sock& tp, std::uint32_t mss_now, std::uint8_t nonagle, push_one limit) {
  xmit_limits limits;
  std::uint32_t sent = 0;
  if (limit == push_one::no) {
    const mtu_probe_result probe = tcp_mtu_probe(tp);
    if (probe == mtu_probe_result::wait) return false;
    if (probe == mtu_probe_result::sent) sent = 1;
  }
  const std::uint32_t max_segs = tcp_tso_segs(tp, mss_now);
  while (tcp_skb* skb = tp.sk_write_queue.send_head()) {
    if (tcp_pacing_check(tp)) break;
    std::uint32_t quota = tcp_cwnd_test(tp);
    if (quota == 0) {
      // RFC 8985 7.3: the probe goes whatever cwnd says.
      if (limit != push_one::loss_probe) break;
      quota = 1;
    }
    // What was written later fills the unit up.
    const std::uint32_t unit_bytes = std::min(quota, max_segs) * mss_now;
    if (skb->len < unit_bytes) tp.sk_write_queue.pull_from_next(*skb, unit_bytes - skb->len);
    const std::uint32_t bytes = next_unit_bytes(tp, *skb, mss_now, quota, max_segs, nonagle, limit, limits);
    if (bytes == 0) break;
    if (skb->len > bytes && !tp.sk_write_queue.fragment(*skb, bytes, mss_now)) break;
    skb->set_tso_segs(mss_now);
    // Unless it is busy, what the device did not take is like a loss in the network: the retransmission timer sees to
    // it.
    if (tcp_transmit_skb(tp, *skb) == ip::xmit_result::busy) break;
    tcp_event_new_data_sent(tp, *skb);
    if (skb->len < skb->gso_segs * mss_now) tp.snd_sml = skb->end_seq;
    sent += skb->gso_segs;
    if (limit != push_one::no) break;
  }
  if (limits.rwnd) {
    tcp_chrono_start(tp, tcp_chrono::rwnd_limited);
  } else {
    tcp_chrono_stop(tp, tcp_chrono::rwnd_limited);
  }
  limits.cwnd = limits.cwnd || tcp_packets_in_flight(tp) >= tp.snd_cwnd;
  if (sent != 0 || limits.cwnd) tcp_cwnd_validate(tp, limits.cwnd, tp.net->now_ms());
  if (sent != 0) {
    if (tcp_in_cwnd_reduction(tp)) tp.prr_out += sent;
    if (limit != push_one::loss_probe) tcp_schedule_loss_probe(tp, false);
    return false;
  }
  return tp.packets_out == 0 && tp.sk_write_queue.send_head() != nullptr && !tp.in_blocked_list;
}

void tcp_push_pending_frames(tcp_sock& tp, std::uint8_t nonagle) {
  if (tp.skc_state == tcp_state::close || tp.sk_write_queue.send_head() == nullptr) return;
  if (tcp_write_xmit(tp, tcp_current_mss(tp), nonagle)) tcp_check_probe_timer(tp);
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
