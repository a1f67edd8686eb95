// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/tcp/tcp_close.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_segment.hpp"
#include "host/tcp/tcp_sock.hpp"

// Receiving (Linux: tcp_input.c). Functions do what their namesakes do in Linux.
namespace fourtuple::tcp {

/// A segment for an established connection: header prediction, then everything else.
void tcp_rcv_established(tcp_sock& tp, rx_segment& segment);
/// Takes in a unit that GRO made, if that is what header prediction expects. False, and nothing happened, if it is not.
[[nodiscard]] bool tcp_rcv_predicted_unit(tcp_sock& tp, rx_segment& unit);
/// A segment for a sock in any other state but CLOSE. True: answer it with a reset.
bool tcp_rcv_state_process(tcp_sock& tp, rx_segment& segment);
/// The ACK that made a child of a request: all there is to do for it, if it says no more than that. False, and nothing
/// happened, if it does.
[[nodiscard]] bool tcp_rcv_last_of_handshake(tcp_sock& child, const rx_segment& segment);
/// RFC 9293 3.10.7.4 first to fourth, with RFC 5961 and PAWS. False: the segment is dealt with.
bool tcp_validate_incoming_slow(tcp_sock& tp, const rx_segment& segment);
[[nodiscard]] inline bool tcp_validate_incoming(tcp_sock& tp, const rx_segment& segment) {
  // Next in sequence, in the window and not older than the last: there is nothing to object to.
  const bool is_next = segment.seq == tp.rcv_nxt && segment.end_seq - segment.seq <= tcp_receive_window(tp) &&
                       !segment.flags.rst && !segment.flags.syn &&
                       (!tp.saw_tstamp || static_cast<std::int32_t>(tp.rcv_tsval - tp.ts_recent) >= 0);
  return is_next || tcp_validate_incoming_slow(tp, segment);
}
/// Text of a segment (RFC 9293 3.10.7.4 seventh), and its FIN.
void tcp_data_queue(tcp_sock& tp, rx_segment& segment);
/// In sequence, the FIN of the peer.
void tcp_fin(tcp_sock& tp);
/// The peer has reset the connection.
void tcp_reset(tcp_sock& tp);

/// Out of order or seen before: the ACK says so at once, with a DSACK block (RFC 2883).
void tcp_send_dupack(tcp_sock& tp, const rx_segment& segment);
/// RFC 5961: an ACK that lets only the true peer go on; limited in rate.
void tcp_send_challenge_ack(tcp_sock& tp);
/// True if an ACK for a segment out of the window was sent too short a time ago (RFC 5961 section 7).
[[nodiscard]] bool tcp_oow_rate_limited(tcp_net& net, std::uint32_t& last_ms) noexcept;

/// Tells that `old` was the state.
[[gnu::noinline, gnu::cold]] void tcp_trace_state(const tcp_sock& tp, tcp_state old);
/// In line, since most callers know the state, and with it what there is to count.
[[gnu::always_inline]] inline void tcp_set_state(tcp_sock& tp, tcp_state state) {
  const tcp_state old = tp.skc_state;
  if (old == state) return;
  const bool was_established = old == tcp_state::established || old == tcp_state::close_wait;
  if (state == tcp_state::established) tp.net->count(mib::curr_estab);
  if (was_established && state == tcp_state::close) tp.net->count(mib::estab_resets);
  if (was_established && state != tcp_state::close_wait) tp.net->uncount(mib::curr_estab);
  if (state == tcp_state::close) tcp_unhash(tp);
  tp.skc_state = state;
  if (tp.net->traced()) [[unlikely]]
    tcp_trace_state(tp, old);
}
/// Reads the timestamps option into the sock.
inline void tcp_parse_aligned_timestamp(tcp_sock& tp, const rx_segment& segment) noexcept {
  tp.saw_tstamp = tp.tstamp_ok && segment.options.timestamps.has_value();
  if (!tp.saw_tstamp) return;
  tp.rcv_tsval = segment.options.timestamps->value;
  tp.rcv_tsecr = segment.options.timestamps->echo_reply;
}
inline void tcp_store_ts_recent(tcp_sock& tp, const tcp_mstamp& now) noexcept {
  tp.ts_recent = tp.rcv_tsval;
  tp.ts_recent_stamp_s = now.s();
}
inline void tcp_store_ts_recent(tcp_sock& tp) noexcept { tcp_store_ts_recent(tp, tp.net->mstamp()); }
/// Counts a segment that came (Linux: tcp_segs_in).
inline void tcp_segs_in(tcp_sock& tp, const rx_segment& segment) noexcept {
  const std::uint32_t segs = segment.gso_segs();
  tp.segs_in += segs;
  if (segment.bytes() != 0) tp.data_segs_in += segs;
}
/// Everything up to `seq` was received in order.
inline void tcp_rcv_nxt_update(tcp_sock& tp, std::uint32_t seq) noexcept {
  tp.bytes_received += seq - tp.rcv_nxt;
  tp.rcv_nxt = seq;
}
/// RFC 7323 5.2: a timestamp from before the latest one that was accepted.
[[nodiscard]] bool tcp_paws_check_failed(std::uint32_t ts_recent, std::uint64_t ts_recent_stamp_ns, std::uint32_t tsval,
                                         std::uint64_t now_ns) noexcept;
/// RFC 9293 3.4: the segment lies in the window; its FIN may be beyond, and so may its end while nothing waits to be
/// read.
[[nodiscard]] bool tcp_sequence(const tcp_sock& tp, const rx_segment& segment) noexcept;

}  // namespace fourtuple::tcp
