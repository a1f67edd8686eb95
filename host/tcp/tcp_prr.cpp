// SPDX-License-Identifier: Apache-2.0
// Reducing cwnd: Proportional Rate Reduction (RFC 6937; Linux: tcp_cwnd_reduction).
#include <algorithm>

#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_recovery.hpp"

namespace fourtuple::tcp {

void tcp_init_cwnd_reduction(tcp_sock& tp) {
  tp.high_seq = tp.snd_nxt;
  tp.tlp_out = false;
  tp.snd_cwnd_cnt = 0;
  tp.prior_cwnd = tp.snd_cwnd;
  tp.prr_delivered = 0;
  tp.prr_out = 0;
  tp.snd_ssthresh = tp.icsk_ca_ops->ssthresh(tp);
  tp.ecn_queue_cwr = tp.ecn_ok;
}

void tcp_cwnd_reduction(tcp_sock& tp, std::uint32_t newly_delivered, std::uint32_t newly_lost,
                        bool una_advanced) noexcept {
  if (newly_delivered == 0 || tp.prior_cwnd == 0) return;
  const auto in_flight = static_cast<std::int64_t>(tcp_packets_in_flight(tp));
  const std::int64_t room = static_cast<std::int64_t>(tp.snd_ssthresh) - in_flight;
  tp.prr_delivered += newly_delivered;
  std::int64_t send = 0;
  if (room < 0) {
    // In proportion to what arrives, so that ssthresh is reached within a round trip.
    const std::uint64_t share = (std::uint64_t{tp.snd_ssthresh} * tp.prr_delivered + tp.prior_cwnd - 1) / tp.prior_cwnd;
    send = static_cast<std::int64_t>(share) - tp.prr_out;
  } else {
    // As much as arrived; with progress and no new loss as in slow start.
    send = std::max<std::int64_t>(static_cast<std::int64_t>(tp.prr_delivered) - tp.prr_out, newly_delivered);
    if (una_advanced && newly_lost == 0) ++send;
    send = std::min(room, send);
  }
  // The fast retransmission itself always goes.
  send = std::max<std::int64_t>(send, tp.prr_out == 0 ? 1 : 0);
  tp.snd_cwnd = static_cast<std::uint32_t>(in_flight + send);
}

void tcp_end_cwnd_reduction(tcp_sock& tp) {
  // Unless it was undone.
  if (tp.snd_ssthresh < tcp_infinite_ssthresh && (tp.icsk_ca_state == tcp_ca::cwr || tp.undo_marker_set)) {
    tp.snd_cwnd = tp.snd_ssthresh;
    tp.snd_cwnd_stamp_ms = tp.net->now_ms();
  }
  trace(tp, tracepoint::tcp_end_cwnd_reduction);
}

void tcp_enter_cwr(tcp_sock& tp) {
  tp.prior_ssthresh = 0;
  if (tp.icsk_ca_state >= tcp_ca::cwr) return;
  tp.undo_marker_set = false;
  tcp_init_cwnd_reduction(tp);
  tcp_set_ca_state(tp, tcp_ca::cwr);
}

}  // namespace fourtuple::tcp
