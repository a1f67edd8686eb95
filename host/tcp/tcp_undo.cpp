// SPDX-License-Identifier: Apache-2.0
// Taking back a reduction of cwnd that was for nothing: found by timestamps (RFC 3522, RFC 4015), by DSACKs (RFC 3708)
// or by F-RTO (RFC 5682). Linux: tcp_try_undo_*.
#include <algorithm>

#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_seq.hpp"

namespace fourtuple::tcp {
namespace {

constexpr std::uint8_t rack_recovery_thresh = 16;  // RFC 8985 6.2 step 4

void tcp_undo_cwnd_reduction(tcp_sock& tp, bool unmark_loss) {
  if (unmark_loss) {
    for (tcp_skb* skb = tp.sk_write_queue.rtx_head(); skb != nullptr; skb = tp.sk_write_queue.rtx_next(*skb)) {
      skb->lost = false;
    }
    tp.lost_out = 0;
    tp.sk_write_queue.set_retransmit_hint(nullptr);
  }
  if (tp.prior_ssthresh != 0) {
    tp.snd_cwnd = tp.icsk_ca_ops->undo_cwnd(tp);
    if (tp.prior_ssthresh > tp.snd_ssthresh) {
      tp.snd_ssthresh = tp.prior_ssthresh;
      tp.ecn_queue_cwr = false;
    }
  }
  tp.snd_cwnd_stamp_ms = tp.net->now_ms();
  tp.undo_marker_set = false;
  // What was not lost after all may be by now.
  tp.rack.advanced = true;
}

bool tcp_may_undo(const tcp_sock& tp) noexcept {
  return tp.undo_marker_set && (tp.undo_retrans == 0 || tcp_packet_delayed(tp));
}

/// RFC 6582 section 4.1: without SACK duplicate ACKs right after recovery may be echoes of it, until something above
/// high_seq is acknowledged.
bool tcp_is_non_sack_preventing_reopen(tcp_sock& tp) noexcept {
  if (tp.snd_una != tp.high_seq || tp.sack_ok) return false;
  if (!tcp_any_retrans_done(tp)) tp.retrans_stamp_ms = 0;
  return true;
}

}  // namespace

void tcp_init_undo(tcp_sock& tp) noexcept {
  tp.undo_marker_set = true;
  tp.undo_marker = tp.snd_una;
  // Those still in flight may be told of by DSACKs, the tail loss probe as well.
  tp.undo_retrans = static_cast<std::int32_t>(tp.retrans_out);
  if (tp.tlp_out && tp.rack.tlp_retrans) ++tp.undo_retrans;
  // 0 would say that all of them were.
  if (tp.undo_retrans == 0) tp.undo_retrans = -1;
}

bool tcp_tsopt_ecr_before(const tcp_sock& tp, std::uint32_t when_ms) noexcept {
  return tp.saw_tstamp && tp.rcv_tsecr != 0 && before(tp.rcv_tsecr, when_ms + tp.tsoffset);
}

bool tcp_packet_delayed(const tcp_sock& tp) noexcept {
  if (tp.retrans_stamp_ms != 0) return tcp_tsopt_ecr_before(tp, tp.retrans_stamp_ms);
  // Nothing was sent again yet, so it was the original; but for two places where the stamp is taken back.
  if (!tp.sack_ok && !before(tp.snd_una, tp.high_seq)) return false;
  return tp.skc_state != tcp_state::syn_sent;
}

bool tcp_try_undo_recovery(tcp_sock& tp) {
  if (tcp_may_undo(tp)) {
    tp.net->count(tp.icsk_ca_state == tcp_ca::loss ? mib::loss_undo : mib::full_undo);
    tcp_undo_cwnd_reduction(tp, false);
  } else if (tp.rack.reo_wnd_persist != 0) {
    --tp.rack.reo_wnd_persist;
  }
  if (tcp_is_non_sack_preventing_reopen(tp)) return true;
  tcp_set_ca_state(tp, tcp_ca::open);
  tp.is_sack_reneg = false;
  return false;
}

bool tcp_try_undo_dsack(tcp_sock& tp) {
  if (!tp.undo_marker_set || tp.undo_retrans != 0) return false;
  tp.rack.reo_wnd_persist =
      static_cast<std::uint8_t>(std::min<unsigned>(rack_recovery_thresh, tp.rack.reo_wnd_persist + 1U));
  tcp_undo_cwnd_reduction(tp, false);
  tp.net->count(mib::dsack_undo);
  return true;
}

bool tcp_try_undo_partial(tcp_sock& tp, std::uint32_t prior_snd_una) {
  if (!tp.undo_marker_set || !tcp_packet_delayed(tp)) return false;
  // The hole was filled by what was late, not by a retransmission.
  tcp_check_sack_reordering(tp, prior_snd_una, true);
  // While retransmissions are out it is not known yet whether they too were for nothing: nothing more is marked or
  // sent again.
  if (tp.retrans_out != 0) return true;
  if (!tcp_any_retrans_done(tp)) tp.retrans_stamp_ms = 0;
  tcp_undo_cwnd_reduction(tp, true);
  tp.net->count(mib::partial_undo);
  tcp_try_keep_open(tp);
  return false;
}

bool tcp_try_undo_loss(tcp_sock& tp, bool frto) {
  if (!frto && !tcp_may_undo(tp)) return false;
  tcp_undo_cwnd_reduction(tp, true);
  tp.net->count(mib::loss_undo);
  if (frto) tp.net->count(mib::spurious_rtos);
  tp.icsk_retransmits = 0;
  if (tcp_is_non_sack_preventing_reopen(tp)) return true;
  if (frto || tp.sack_ok) {
    tcp_set_ca_state(tp, tcp_ca::open);
    tp.is_sack_reneg = false;
  }
  return true;
}

}  // namespace fourtuple::tcp
