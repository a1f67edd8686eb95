// SPDX-License-Identifier: Apache-2.0
// Sending again what was lost (Linux: tcp_retransmit_skb, tcp_xmit_retransmit_queue).
#include <algorithm>

#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timer.hpp"

namespace fourtuple::tcp {
namespace {

/// Bytes of `skb` that may go again, in a window that the peer may have taken back; 0: none.
std::uint32_t bytes_to_resend(const tcp_sock& tp, const tcp_skb& skb, std::uint32_t mss, std::uint32_t segs,
                              std::uint32_t& window) noexcept {
  window = tcp_wnd_end(tp) - skb.seq;
  if (!before(skb.seq, tcp_wnd_end(tp))) {
    // Only the first segment may go, as a probe.
    if (skb.seq != tp.snd_una) return 0;
    window = mss;
  }
  const std::uint32_t bytes = mss * segs;
  if (bytes <= window) return bytes;
  return window < mss ? window : window / mss * mss;
}

/// Whether `next` may be sent together with what is in front of it (Linux: tcp_can_collapse).
bool tcp_can_collapse(const tcp_skb& first, const tcp_skb& next) noexcept {
  return !first.eor && next.gso_segs == 1 && !next.sacked && !next.syn;
}

/// Small segments that follow become part of this one: fewer headers (Linux: tcp_retrans_try_collapse).
void tcp_retrans_try_collapse(tcp_sock& tp, tcp_skb& to, std::uint32_t space) {
  if (!tp.net->config.tcp_retrans_collapse || to.syn || to.sacked || to.gso_segs > 1) return;
  while (tcp_skb* next = tp.sk_write_queue.rtx_next(to)) {
    if (!tcp_can_collapse(to, *next) || to.len + next->len > space || after(next->end_seq, tcp_wnd_end(tp))) return;
    tcp_skb marks_of_next{tp.net->memory};
    marks_of_next.lost = next->lost;
    marks_of_next.retransmitted = next->retransmitted;
    if (tp.sk_write_queue.retransmit_hint() == next) tp.sk_write_queue.set_retransmit_hint(&to);
    if (!tp.sk_write_queue.collapse_next(to, space)) return;
    tcp_adjust_pcount(tp, marks_of_next, 1);
  }
}

/// Off `skb` what may not go now, or on to it what may go with it.
bool fit(tcp_sock& tp, tcp_skb& skb, std::uint32_t mss, std::uint32_t bytes, std::uint32_t window) {
  if (skb.len > bytes) return tcp_fragment(tp, skb, bytes, mss);
  const std::int32_t before_cut = skb.gso_segs;
  skb.set_tso_segs(mss);
  tcp_adjust_pcount(tp, skb, before_cut - skb.gso_segs);
  const std::uint32_t space = std::min(window, mss);
  if (skb.len < space) tcp_retrans_try_collapse(tp, skb, space);
  return true;
}

}  // namespace

void tcp_adjust_pcount(tcp_sock& tp, const tcp_skb& skb, std::int32_t fewer) noexcept {
  const auto by = static_cast<std::uint32_t>(fewer);
  tp.packets_out -= by;
  if (skb.sacked) tp.sacked_out -= by;
  if (skb.retransmitted) tp.retrans_out -= by;
  if (skb.lost) tp.lost_out -= by;
  // Without SACK some of them may have been counted for duplicate ACKs.
  if (!tp.sack_ok && fewer > 0) tp.sacked_out -= std::min(tp.sacked_out, by);
}

bool tcp_fragment(tcp_sock& tp, tcp_skb& skb, std::uint32_t bytes, std::uint32_t mss) {
  const bool in_flight = !before(tp.snd_nxt, skb.end_seq);
  const std::int32_t before_cut = skb.gso_segs;
  if (!tp.sk_write_queue.fragment(skb, bytes, mss)) return false;
  if (in_flight) tcp_adjust_pcount(tp, skb, before_cut - skb.gso_segs - skb.next->gso_segs);
  return true;
}

bool tcp_resend_skb(tcp_sock& tp, tcp_skb& skb, std::uint32_t segs) {
  // A probe of the path's MTU that is overtaken by other losses says nothing.
  if (tp.icsk_mtup != nullptr) tp.icsk_mtup->probe_size = 0;
  if (before(skb.seq, tp.snd_una) && skb.len != 0) {
    tcp_send_queue::trim_head(skb, std::min(tp.snd_una - skb.seq, skb.len));
  }
  const std::uint32_t mss = tcp_current_mss(tp);
  std::uint32_t window = 0;
  const std::uint32_t bytes = bytes_to_resend(tp, skb, mss, segs, window);
  if (bytes == 0 || !fit(tp, skb, mss, bytes, window)) return false;
  // RFC 3168 6.1.1.1: whoever drops SYNs that ask for it gets one that does not.
  if (skb.ecn_syn && tp.net->config.tcp_ecn_fallback) {
    skb.ecn_syn = false;
    tp.ecn_ok = false;
  }
  // A try counts whether it gets out or not: what comes back must not be taken for an answer to the original.
  skb.ever_retransmitted = true;
  const ip::xmit_result result = tcp_transmit_skb(tp, skb);
  if (result == ip::xmit_result::busy) {
    tp.net->count(mib::retrans_fail, skb.gso_segs);
    return false;
  }
  tp.net->count(mib::retrans_segs, skb.gso_segs);
  if (skb.syn) tp.net->count(mib::syn_retrans);
  tp.net->trace([&] {
    return trace_event{
        .what = tracepoint::tcp_retransmit_skb, .tuple = tp.skc_tuple, .sk = &tp, .seq = skb.seq, .bytes = skb.len};
  });
  tp.total_retrans += skb.gso_segs;
  tp.bytes_retrans += skb.len;
  return true;
}

bool tcp_retransmit_skb(tcp_sock& tp, tcp_skb& skb, std::uint32_t segs) {
  const bool sent = tcp_resend_skb(tp, skb, segs);
  if (sent && !skb.retransmitted) {
    skb.retransmitted = true;
    tp.retrans_out += skb.gso_segs;
  }
  if (tp.retrans_stamp_ms == 0) {
    tp.retrans_stamp_ms = std::max<std::uint32_t>(static_cast<std::uint32_t>(skb.sent_at_ns / base::ns_per_ms), 1);
  }
  tp.undo_retrans = std::max(tp.undo_retrans, 0) + skb.gso_segs;
  return sent;
}

void tcp_xmit_retransmit_queue(tcp_sock& tp) {
  if (tp.packets_out == 0) return;
  const tcp_skb* rtx_head = tp.sk_write_queue.rtx_head();
  tcp_skb* skb = tp.sk_write_queue.retransmit_hint();
  if (skb == nullptr) skb = tp.sk_write_queue.rtx_head();
  const std::uint32_t max_segs = tcp_tso_segs(tp, tcp_current_mss(tp));
  bool rearm = false;
  bool hole = false;
  for (; skb != nullptr; skb = tp.sk_write_queue.rtx_next(*skb)) {
    if (tcp_pacing_check(tp)) break;
    if (!hole) tp.sk_write_queue.set_retransmit_hint(skb);
    const std::uint32_t in_flight = tcp_packets_in_flight(tp);
    if (in_flight >= tp.snd_cwnd || tp.retrans_out >= tp.lost_out) break;
    if (!skb->lost) {
      // It may become lost yet: the search begins here next time.
      hole = hole || (!skb->retransmitted && !skb->sacked);
      continue;
    }
    if (skb->sacked || skb->retransmitted) continue;
    if (!tcp_retransmit_skb(tp, *skb, std::min(tp.snd_cwnd - in_flight, max_segs))) break;
    tp.net->count(tp.icsk_ca_state == tcp_ca::loss ? mib::slow_start_retrans : mib::fast_retrans, skb->gso_segs);
    if (tcp_in_cwnd_reduction(tp)) tp.prr_out += skb->gso_segs;
    if (skb == rtx_head && tp.icsk_pending != icsk_time::reo_timeout) rearm = true;
  }
  if (rearm) inet_csk_reset_xmit_timer(tp, icsk_time::retrans, tp.icsk_rto_us);
}

}  // namespace fourtuple::tcp
