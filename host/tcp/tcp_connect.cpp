// SPDX-License-Identifier: Apache-2.0
// SYN, FIN and RST of a full sock (Linux: tcp_connect, tcp_send_fin, tcp_send_active_reset).
#include <cerrno>

#include "host/tcp/tcp_close.hpp"
#include "host/tcp/tcp_ecn.hpp"
#include "host/tcp/tcp_mem.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timer.hpp"
#include "host/tcp/tcp_xmit_single.hpp"

namespace fourtuple::tcp {
namespace {

void tcp_connect_init(tcp_sock& tp) {
  const tcp_config& config = tp.net->config;
  tp.mss_clamp = tp.user_mss != 0 ? tp.user_mss : static_cast<std::uint16_t>(65535);
  tp.max_window = 0;
  tp.pmtu = 0;
  tcp_mtup_init(tp);
  tcp_sync_mss(tp, tcp_route_mtu(tp));
  tp.advmss = tcp_advertised_mss(tp, tp.sk_dst.mtu);
  tp.icsk_ack.rcv_mss = 536;
  const initial_window window = tcp_select_initial_window(config, tp.sk_rcvbuf, tp.sk_rcvbuf_lock, tp.advmss,
                                                          config.tcp_window_scaling, tp.window_clamp);
  tp.rcv_wnd = window.rcv_wnd;
  tp.rcv_wscale = window.rcv_wscale;
  tp.window_clamp = window.window_clamp;
  tp.rcv_ssthresh = window.rcv_ssthresh;
  tp.sk_err = 0;
  tp.snd_wnd = 0;
  tp.snd_wl1 = 0;
  tp.snd_una = tp.write_seq;
  tp.snd_sml = tp.write_seq;
  tp.snd_nxt = tp.write_seq;
  tp.rcv_nxt = 0;
  tp.rcv_wup = 0;
  tp.copied_seq = 0;
  tp.icsk_rto_us = config.tcp_rto_init_ms * 1000;
  tp.icsk_retransmits = 0;
  tp.icsk_backoff = 0;
  tp.retrans_stamp_ms = 0;
}

}  // namespace

int tcp_connect(tcp_sock& tp) {
  tcp_connect_init(tp);
  tcp_skb* skb = tp.sk_write_queue.push(tp.net->memory, tp.write_seq, 0);
  if (skb == nullptr) return -ENOBUFS;
  sk_forced_mem_schedule(tp, 0);
  skb->syn = true;
  skb->ecn_syn = tcp_ecn_send_syn(tp);
  tp.ecn_ok = skb->ecn_syn;
  skb->end_seq = ++tp.write_seq;
  // Sent or not, it counts as sent: the timer repeats it.
  tp.sk_write_queue.advance_send_head();
  tp.snd_nxt = tp.write_seq;
  tp.pushed_seq = tp.write_seq;
  tp.retrans_stamp_ms = tcp_stamp_ms(*tp.net);
  const ip::xmit_result result = tcp_transmit_first_syn(tp, *skb);
  ++tp.packets_out;
  if (result == ip::xmit_result::no_route) return -ENETUNREACH;
  tp.net->count(mib::active_opens);
  inet_csk_reset_xmit_timer(tp, icsk_time::retrans, tp.icsk_rto_us);
  return 0;
}

void tcp_send_fin(tcp_sock& tp) {
  trace(tp, tracepoint::tcp_send_fin);
  tcp_skb* tail = tp.sk_write_queue.tail();
  const bool sent = tp.sk_write_queue.send_head() == nullptr;
  if (tail != nullptr && (!sent || tcp_under_memory_pressure(*tp.net))) {
    // FIN rides on the last data.
    tail->fin = true;
    ++tail->end_seq;
    ++tp.write_seq;
    if (sent) {
      // As if the FIN had been on it already, and were lost: it goes when that is sent again (Linux: tcp_send_fin).
      ++tp.snd_nxt;
      return;
    }
  } else {
    const bool is_single = tcp_may_xmit_single(tp) && tp.snd_wnd != 0;
    tcp_skb* skb = tp.sk_write_queue.push(tp.net->memory, tp.write_seq, 0);
    if (skb == nullptr) {
      // Without memory for a segment the connection cannot end in order.
      tp.net->count(mib::abort_on_memory);
      tcp_send_active_reset(tp);
      tcp_done(tp);
      return;
    }
    sk_forced_mem_schedule(tp, 0);
    skb->fin = true;
    skb->end_seq = ++tp.write_seq;
    if (is_single) {
      tcp_xmit_single(tp, *skb, {}, {.fin = true, .ack = true}, tp.mss_cache, tp.net->mstamp());
      return;
    }
  }
  tcp_push_pending_frames(tp, tcp_nagle_off);
}

void tcp_send_active_reset(tcp_sock& tp) {
  tp.net->count(mib::out_rsts);
  trace(tp, tracepoint::tcp_send_active_reset);
  tcp_send_bare(tp, tcp_acceptable_seq(tp), {.rst = true, .ack = true});
}

}  // namespace fourtuple::tcp
