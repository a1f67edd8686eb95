// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_ack_flight.hpp"

#include "host/tcp/tcp_input.hpp"
#include "host/tcp/tcp_recovery.hpp"

namespace fourtuple::tcp {
namespace {

/// Nothing that there is to say about losses and congestion.
bool is_plain_ack(const rx_segment& segment) noexcept {
  return !segment.flags.ece && !segment.flags.cwr && segment.options.sack_block_count == 0;
}

}  // namespace

bool tcp_ack_flight_slow(tcp_sock& tp, const rx_segment& segment) {
  if (!tp.net->short_ways || !is_plain_ack(segment)) return false;
  tcp_skb* skb = tcp_flight_acked(tp, segment.ack_seq);
  if (skb == nullptr) return false;
  const tcp_mstamp& now = tp.net->mstamp();
  if (segment.seq == segment.end_seq) tp.net->count(mib::pure_acks);
  // RFC 7323 4.3.
  if (tp.saw_tstamp && !after(segment.seq, tp.rcv_wup)) tcp_store_ts_recent(tp, now);
  static_cast<void>(tcp_ack_update_window(tp, segment));
  tcp_ack_flight(tp, skb, segment.seq, now);
  trace(tp, tracepoint::tcp_probe, segment);
  return true;
}

tcp_skb* tcp_syn_acked(const tcp_sock& tp, const rx_segment& segment) noexcept {
  if (!tp.net->short_ways || !is_plain_ack(segment)) return nullptr;
  return tcp_flight_acked(tp, segment.ack_seq, true);
}

void tcp_ack_syn(tcp_sock& tp, tcp_skb& syn, const rx_segment& segment) {
  tcp_ack_flight(tp, &syn, segment.seq, tp.net->mstamp(), true);
  trace(tp, tracepoint::tcp_probe, segment);
}

}  // namespace fourtuple::tcp
