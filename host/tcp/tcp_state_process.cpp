// SPDX-License-Identifier: Apache-2.0
// All states but ESTABLISHED (RFC 9293 3.10.7; Linux: tcp_rcv_state_process, tcp_rcv_synsent_state_process).
#include <sys/epoll.h>

#include <algorithm>

#include "host/tcp/tcp_ack_flight.hpp"
#include "host/tcp/tcp_ack_policy.hpp"
#include "host/tcp/tcp_close.hpp"
#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_ecn.hpp"
#include "host/tcp/tcp_input.hpp"
#include "host/tcp/tcp_ipv4.hpp"
#include "host/tcp/tcp_minisocks.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_rcvbuf.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timer.hpp"
#include "host/tcp/tcp_timewait.hpp"
#include "host/tcp/tcp_urg.hpp"

namespace fourtuple::tcp {
namespace {

/// What a SYN or SYN-ACK says about the connection.
void take_handshake_options(tcp_sock& tp, const rx_segment& segment) {
  const tcp_config& config = tp.net->config;
  const packet::tcp_options& options = segment.options;
  tp.tstamp_ok = config.tcp_timestamps && options.timestamps.has_value();
  tp.sack_ok = config.tcp_sack && options.sack_permitted;
  tp.wscale_ok = config.tcp_window_scaling && options.window_scale.has_value();
  tp.snd_wscale = tp.wscale_ok ? *options.window_scale : std::uint8_t{0};
  if (!tp.wscale_ok) {
    tp.rcv_wscale = 0;
    tp.window_clamp = std::min<std::uint32_t>(tp.window_clamp, 65535);
    tp.rcv_ssthresh = std::min(tp.rcv_ssthresh, tp.window_clamp);
  }
  const std::uint16_t mss = options.mss.value_or(536);  // RFC 9293 3.7.1
  tp.mss_clamp = std::min(mss, tp.user_mss != 0 ? tp.user_mss : mss);
  if (tp.tstamp_ok) {
    tp.rcv_tsval = options.timestamps->value;
    tp.rcv_tsecr = options.timestamps->echo_reply;
    tcp_store_ts_recent(tp);
    // What is announced leaves no room for the option; what arrives has it.
    tp.advmss = static_cast<std::uint16_t>(tp.advmss - 12);
  }
}

void take_sequence(tcp_sock& tp, const rx_segment& segment) {
  tp.rcv_nxt = segment.seq + 1;
  tp.rcv_wup = tp.rcv_nxt;
  tp.copied_seq = tp.rcv_nxt;
  tp.snd_wnd = segment.window;
  tp.max_window = tp.snd_wnd;
  tp.snd_wl1 = segment.seq;
  tcp_mtup_init(tp);
  tcp_sync_mss(tp, tcp_route_mtu(tp));
  tcp_initialize_rcv_mss(tp);
}

void tcp_finish_connect(tcp_sock& tp) {
  tcp_set_state(tp, tcp_state::established);
  tcp_init_transfer(tp);
  tp.sacked_out = 0;
  tp.lost_out = 0;
  tp.retrans_out = 0;
  tcp_init_buffer_space(tp);
  tp.lsndtime_ms = tp.net->now_ms();
  tp.icsk_ack.lrcvtime_ms = tp.lsndtime_ms;
  tp.icsk_retransmits = 0;
  tp.icsk_backoff = 0;
  if (tp.keepopen) inet_csk_reset_keepalive_timer(tp, keepalive_time_ms(tp));
  tcp_fast_path_check(tp);
  tcp_table_insert(tp);
  if (!tp.sk_dead) tp.wake(EPOLLOUT | EPOLLWRNORM);
}

/// Both ends sent a SYN (RFC 9293 3.5, figure 8).
void simultaneous_open(tcp_sock& tp, const rx_segment& segment) {
  tcp_set_state(tp, tcp_state::syn_recv);
  take_handshake_options(tp, segment);
  tcp_ecn_rcv_syn(tp, segment.flags);
  take_sequence(tp, segment);
  // The SYN goes again, now with an ACK of the peer's; its window is kept unscaled as in every SYN.
  if (tcp_skb* syn = tp.sk_write_queue.rtx_head(); syn != nullptr) {
    static_cast<void>(tcp_transmit_skb(tp, *syn));
  }
}

/// True: answer with a reset.
bool tcp_rcv_synsent_state_process(tcp_sock& tp, rx_segment& segment) {
  trace(tp, tracepoint::tcp_rcv_synsent_state_process, segment);
  if (segment.flags.ack) {
    if (!after(segment.ack_seq, tp.snd_una) || after(segment.ack_seq, tp.snd_nxt)) {
      // Something of an older connection, which the reset ends: the SYN goes again without waiting.
      if (tp.icsk_retransmits == 0) inet_csk_reset_xmit_timer(tp, icsk_time::retrans, tcp_timeout_min_us);
      return !segment.flags.rst;
    }
    // A SYN of the clock's first millisecond is stamped 1 although it carries 0, because 0 says that there was none.
    constexpr std::uint32_t first_ms = 1;
    if (tp.net->config.tcp_timestamps && segment.options.timestamps && segment.options.timestamps->echo_reply != 0 &&
        !between(segment.options.timestamps->echo_reply, tp.retrans_stamp_ms - first_ms + tp.tsoffset,
                 tcp_time_stamp(tp))) {
      // An echo of something that was never sent: not an answer to this SYN.
      tp.net->count(mib::paws_active);
      return !segment.flags.rst;
    }
    if (segment.flags.rst) {
      tcp_reset(tp);
      return false;
    }
    if (!segment.flags.syn) return false;
    take_handshake_options(tp, segment);
    tcp_ecn_rcv_synack(tp, segment.flags);
    tp.saw_tstamp = tp.tstamp_ok;
    tp.rcv_nxt = segment.seq + 1;
    if (tcp_skb* syn = tcp_syn_acked(tp, segment); syn != nullptr) [[likely]] {
      take_sequence(tp, segment);
      tcp_ack_syn(tp, *syn, segment);
    } else {
      static_cast<void>(tcp_ack(tp, segment, true));
      take_sequence(tp, segment);
    }
    tcp_finish_connect(tp);
    tp.icsk_ack.sched = true;
    if (tp.sk_write_queue.send_head() != nullptr) {
      tcp_data_snd_check(tp);
      if (tp.icsk_ack.sched) tcp_send_ack(tp);
    } else if (tp.rskq_defer_accept != 0 || tp.icsk_ack.pingpong) {
      // The ACK may ride on the request that follows at once.
      tp.icsk_ack.pingpong = true;
      tcp_arm_delack(tp, tcp_delack_max_us);
    } else {
      tcp_send_ack(tp);
    }
    // Data or FIN on the SYN-ACK is handled like any other.
    segment.trim_front(tp.rcv_nxt);
    if (segment.end_seq != segment.seq) {
      tcp_data_queue(tp, segment);
      if (tp.skc_state != tcp_state::close) tcp_ack_snd_check(tp);
    }
    return false;
  }
  if (segment.flags.rst) return false;
  if (segment.flags.syn) simultaneous_open(tp, segment);
  return false;
}

/// The ACK of the handshake came (RFC 9293 3.10.7.4 fifth, SYN-RECEIVED).
void enter_established(tcp_sock& tp, const rx_segment& segment) {
  tp.snd_una = segment.ack_seq;
  tp.snd_wnd = std::uint32_t{segment.window} << tp.snd_wscale;
  tp.snd_wl1 = segment.seq;
  tcp_max_window_update(tp, tp.snd_wnd);
  tcp_initialize_rcv_mss(tp);
  tcp_finish_connect(tp);
  ++tp.delivered;  // The SYN-ACK, which was the request's.
  tcp_update_pacing_rate(tp);
}

/// The FIN that was sent is acknowledged in FIN_WAIT1; `fin`: by a segment that has one of its own.
void enter_fin_wait2(tcp_sock& tp, bool fin) {
  tcp_set_state(tp, tcp_state::fin_wait2);
  tp.sk_shutdown |= sock::sock::send_shutdown;
  if (!tp.sk_dead) {
    tp.wake(EPOLLOUT | EPOLLWRNORM);
    return;
  }
  tcp_bound_fin_wait2(tp, fin);
}

/// After the ACK; true if the segment needs no more.
bool process_ack_by_state(tcp_sock& tp, const rx_segment& segment) {
  const bool fin_acked = tp.snd_una == tp.write_seq;
  switch (tp.skc_state) {
    case tcp_state::syn_recv:
      enter_established(tp, segment);
      return false;
    case tcp_state::fin_wait1: {
      if (!fin_acked) return false;
      const bool new_data = segment.end_seq != segment.seq && !segment.flags.fin && after(segment.end_seq, tp.rcv_nxt);
      // RFC 1122 4.2.2.13: nobody will read it. With TCP_LINGER2 below 0 nobody waits for the peer's FIN either.
      if (tp.sk_dead && (new_data || tp.linger2_s < 0)) {
        tp.net->count(mib::abort_on_data);
        tcp_done(tp);
        tcp_v4_send_reset(*tp.net, segment);
        return true;
      }
      enter_fin_wait2(tp, segment.flags.fin);
      return tp.skc_state == tcp_state::close;
    }
    case tcp_state::closing:
      if (!fin_acked) return false;
      tcp_time_wait(tp, tcp_state::time_wait, 0);
      return true;
    case tcp_state::last_ack:
      if (!fin_acked) return false;
      tcp_done(tp);
      return true;
    default:
      return false;
  }
}

/// The peer has sent its FIN: what stands behind it is no text (RFC 9293 3.10.7.4 seventh).
bool is_behind_fin(const tcp_sock& tp, const rx_segment& segment) noexcept {
  const bool fin_was_received = tp.skc_state == tcp_state::close_wait || tp.skc_state == tcp_state::closing ||
                                tp.skc_state == tcp_state::last_ack;
  return fin_was_received && !before(segment.seq, tp.rcv_nxt);
}

/// RFC 1122 4.2.2.13: data for a connection whose reading side is gone. True: it was reset.
bool data_after_close(tcp_sock& tp, const rx_segment& segment) {
  if (tp.skc_state == tcp_state::established || (tp.sk_shutdown & sock::sock::rcv_shutdown) == 0) return false;
  const std::uint32_t data_end = segment.end_seq - (segment.flags.fin ? 1U : 0U);
  if (segment.payload.empty() || !after(data_end, tp.rcv_nxt)) return false;
  tp.net->count(mib::abort_on_data);
  tcp_reset(tp);
  return true;
}

}  // namespace

bool tcp_rcv_last_of_handshake(tcp_sock& child, const rx_segment& segment) {
  if (!child.net->short_ways || segment.flags.bits() != packet::tcp_flags{.ack = true}.bits() ||
      segment.seq != child.rcv_nxt || segment.end_seq != segment.seq || segment.ack_seq != child.snd_nxt ||
      segment.options.sack_block_count != 0 || segment.options.timestamps.has_value() != child.tstamp_ok) {
    return false;
  }
  // The request has looked at its number, its timestamp and its window, and has left them to the child.
  tcp_parse_aligned_timestamp(child, segment);
  child.net->count(mib::pure_acks);
  child.rcv_tstamp_ms = child.net->now_ms();
  enter_established(child, segment);
  return true;
}

bool tcp_rcv_state_process(tcp_sock& tp, rx_segment& segment) {
  switch (tp.skc_state) {
    case tcp_state::close:
      return false;
    case tcp_state::listen:
      if (segment.flags.ack) return true;
      if (segment.flags.rst || !segment.flags.syn || segment.flags.fin) return false;
      tcp_conn_request(tp, segment);
      return false;
    case tcp_state::syn_sent:
      return tcp_rcv_synsent_state_process(tp, segment);
    default:
      break;
  }
  tcp_parse_aligned_timestamp(tp, segment);
  if (!segment.flags.ack && !segment.flags.rst && !segment.flags.syn) return false;
  if (!tcp_validate_incoming(tp, segment)) return false;
  const bool was_syn_recv = tp.skc_state == tcp_state::syn_recv;
  const ack_verdict verdict = tcp_ack(tp, segment, true);
  if (verdict == ack_verdict::invalid) return was_syn_recv;
  if (was_syn_recv && verdict == ack_verdict::old) return false;
  if (process_ack_by_state(tp, segment)) return false;
  tcp_urg(tp, segment);
  if (!is_behind_fin(tp, segment)) {
    if (data_after_close(tp, segment)) return true;
    tcp_data_queue(tp, segment);
  }
  if (tp.skc_state == tcp_state::close) return false;
  tcp_data_snd_check(tp);
  tcp_ack_snd_check(tp);
  return false;
}

}  // namespace fourtuple::tcp
