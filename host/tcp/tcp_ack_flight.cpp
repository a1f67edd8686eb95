// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_ack_flight.hpp"

#include "host/tcp/tcp_input.hpp"
#include "host/tcp/tcp_recovery.hpp"

namespace fourtuple::tcp {
namespace {

/// The same as in header prediction, besides data: the window that was known, and nothing that there is to say about
/// losses, congestion or the connection's beginning.
bool is_plain_ack(const tcp_sock& tp, const rx_segment& segment) noexcept {
  return !segment.flags.syn && !segment.flags.ece && !segment.flags.cwr && segment.options.sack_block_count == 0 &&
         std::uint32_t{segment.window} << tp.snd_wscale == tp.snd_wnd;
}

}  // namespace

bool tcp_ack_flight_slow(tcp_sock& tp, const rx_segment& segment) {
  if (!tp.net->short_ways || !is_plain_ack(tp, segment)) return false;
  const tcp_mstamp now = tp.net->mstamp();
  const bool is_news = !after(segment.seq, tp.rcv_wup);
  if (!tcp_ack_flight(tp, segment.seq, segment.ack_seq, now)) return false;
  if (segment.seq == segment.end_seq) tp.net->count(mib::pure_acks);
  // RFC 7323 4.3.
  if (tp.saw_tstamp && is_news) tcp_store_ts_recent(tp, now);
  trace(tp, tracepoint::tcp_probe, segment);
  return true;
}

}  // namespace fourtuple::tcp
