// SPDX-License-Identifier: Apache-2.0
// What an ACK takes off the send queue, and the round trip that it measures (Linux: tcp_clean_rtx_queue).
#include <algorithm>
#include <optional>

#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_mem.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_rack.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_rtt.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timer.hpp"

namespace fourtuple::tcp {
namespace {

/// What of the queue an ACK went through.
struct cleaning {
  std::uint64_t first_ackt_ns = 0;  ///< When the first and the last of what was sent but once was sent; 0: none was.
  std::uint64_t last_ackt_ns = 0;
  std::uint32_t reord = 0;  ///< Lowest of what was sent once and not SACKed.
  bool fully_acked = true;
};

/// Segments of `skb` that the ACK covers; what is left of it keeps its marks.
std::uint32_t acked_segs(tcp_sock& tp, tcp_skb& skb, bool& fully) noexcept {
  if (!after(skb.end_seq, tp.snd_una)) return skb.gso_segs;
  fully = false;
  // Of a single segment no part counts.
  if (skb.gso_segs == 1 || !after(tp.snd_una, skb.seq)) return 0;
  const std::uint32_t before_trim = skb.gso_segs;
  tcp_send_queue::trim_head(skb, tp.snd_una - skb.seq);
  return before_trim - skb.gso_segs;
}

/// What was sent once arrived, or what was sent again.
void note_delivery(tcp_sock& tp, const tcp_skb& skb, std::uint32_t start_seq, std::uint32_t segs, cleaning& state,
                   ack_news& news) noexcept {
  if (skb.ever_retransmitted) {
    if (skb.retransmitted) tp.retrans_out -= segs;
    news.retrans_data_acked = true;
  } else if (!skb.sacked) {
    state.last_ackt_ns = std::max<std::uint64_t>(skb.sent_at_ns, 1);
    if (state.first_ackt_ns == 0) state.first_ackt_ns = state.last_ackt_ns;
    if (before(start_seq, state.reord)) state.reord = start_seq;
    if (!after(skb.end_seq, tp.high_seq)) news.orig_sack_acked = true;
  }
}

/// The timestamp echoed is older than the retransmission: the original arrived.
bool tcp_skb_spurious_retrans(const tcp_sock& tp, const tcp_skb& skb) noexcept {
  return skb.ever_retransmitted &&
         tcp_tsopt_ecr_before(tp, static_cast<std::uint32_t>(skb.sent_at_ns / base::ns_per_ms));
}

void take_off(tcp_sock& tp, tcp_skb& skb, std::uint32_t start_seq, std::uint32_t segs, cleaning& state,
              ack_news& news) noexcept {
  note_delivery(tp, skb, start_seq, segs, state, news);
  if (skb.sacked) {
    tp.sacked_out -= segs;
  } else if (tp.sack_ok) {
    tcp_count_delivered(tp, segs, news.ece);
    if (!tcp_skb_spurious_retrans(tp, skb)) tcp_rack_advance(tp, skb, tp.net->mstamp());
  }
  if (skb.lost) tp.lost_out -= segs;
  tp.packets_out -= segs;
  news.acked += segs;
  tcp_rate_skb_delivered(tp, skb, news.rate);
  if (skb.syn) {
    news.syn_acked = true;
    tp.retrans_stamp_ms = 0;
  } else {
    news.data_acked = true;
  }
}

std::optional<std::uint32_t> us_since(const tcp_sock& tp, std::uint64_t then_ns) noexcept {
  if (then_ns == 0) return std::nullopt;
  return static_cast<std::uint32_t>((tp.net->now_ns() - then_ns) / base::ns_per_us);
}

/// RFC 7323 4.1: with timestamps an ACK of a retransmission is a sample as well.
std::optional<std::uint32_t> rtt_by_timestamp(const tcp_sock& tp) noexcept {
  if (!tp.saw_tstamp || tp.rcv_tsecr == 0) return std::nullopt;
  const std::uint32_t delta_ms = tcp_time_stamp(tp) - tp.rcv_tsecr;
  if (delta_ms > tp.net->config.tcp_rto_max_ms) return std::nullopt;
  return std::max<std::uint32_t>(delta_ms, 1) * 1000;
}

struct rtt_samples {
  std::optional<std::uint32_t> seq_us;   ///< By what was acknowledged,
  std::optional<std::uint32_t> sack_us;  ///< by what was SACKed,
  std::optional<std::uint32_t> ca_us;    ///< and the latest of either, for congestion control.
};

/// RFC 6298 2 and 3. False if there was no sample.
bool tcp_ack_update_rtt(tcp_sock& tp, rtt_samples& samples, const ack_news& news) noexcept {
  if (!samples.seq_us) samples.seq_us = samples.sack_us;
  if (!samples.seq_us && news.is_acked()) {
    samples.seq_us = rtt_by_timestamp(tp);
    samples.ca_us = samples.seq_us;
  }
  if (!samples.seq_us) return false;
  const std::uint32_t least_us = std::max<std::uint32_t>(samples.ca_us.value_or(*samples.seq_us), 1);
  tp.rtt_min_us = std::min(tp.rtt_min_us, least_us);
  tcp_rtt_estimator(tp, *samples.seq_us);
  tcp_set_rto(tp);
  tp.icsk_backoff = 0;
  return true;
}

/// The bookkeeping that follows if something left the queue.
void after_progress(tcp_sock& tp, std::uint32_t prior_fack, const cleaning& state, ack_news& news) {
  news.set_xmit_timer = true;
  const mtu_probe_state* mtup = tp.icsk_mtup.get();
  if (mtup != nullptr && mtup->probe_size != 0 && !after(mtup->probe_seq_end, tp.snd_una)) tcp_mtup_probe_success(tp);
  if (!tp.sack_ok) {
    tcp_remove_reno_sacks(tp, news.acked, news.ece);
    // Without SACK it cannot be told which of the two arrived.
    if (news.retrans_data_acked) news.orig_sack_acked = false;
  } else if (before(state.reord, prior_fack)) {
    // A hole that was not repaired was filled all the same.
    tcp_check_sack_reordering(tp, state.reord, false);
  }
}

}  // namespace

void tcp_clean_rtx_queue(tcp_sock& tp, std::uint32_t prior_fack, ack_news& news) {
  cleaning state{.reord = tp.snd_nxt};
  while (tcp_skb* skb = tp.sk_write_queue.rtx_head()) {
    const std::uint32_t start_seq = skb->seq;
    const std::uint32_t segs = acked_segs(tp, *skb, state.fully_acked);
    if (segs == 0) break;
    take_off(tp, *skb, start_seq, segs, state, news);
    if (!state.fully_acked) break;
    tp.sk_write_queue.pop_front();
  }
  const tcp_skb* head = tp.sk_write_queue.rtx_head();
  if (head == nullptr) {
    tcp_chrono_stop(tp, tcp_chrono::busy);
    sk_mem_reclaim_surplus(tp);
  }
  if (head != nullptr && head->sacked) news.sack_reneging = true;

  rtt_samples samples;
  if (state.first_ackt_ns != 0 && !news.retrans_data_acked) {
    samples.seq_us = us_since(tp, state.first_ackt_ns);
    samples.ca_us = us_since(tp, state.last_ackt_ns);
  }
  if (news.first_sackt_ns != 0) {
    samples.sack_us = us_since(tp, news.first_sackt_ns);
    samples.ca_us = us_since(tp, news.last_sackt_ns);
  }
  const bool rtt_updated = tcp_ack_update_rtt(tp, samples, news);
  if (news.is_acked()) {
    after_progress(tp, prior_fack, state, news);
  } else if (head != nullptr && rtt_updated && samples.sack_us && *samples.sack_us > us_since(tp, head->sent_at_ns)) {
    // Of data sent before the head was sent last: it does not put the head's timeout off for ever.
    news.set_xmit_timer = true;
  }
  if (news.is_forward_progress() && samples.ca_us) {
    tp.icsk_ca_ops->pkts_acked(
        tp, {.rtt_us = *samples.ca_us, .pkts_acked = news.acked + news.sack_delivered, .now = tp.net->mstamp()});
  }
}

}  // namespace fourtuple::tcp
