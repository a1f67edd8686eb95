// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_timewait.hpp"

#include <cstddef>

#include "host/tcp/tcp_close.hpp"
#include "host/tcp/tcp_input.hpp"
#include "host/tcp/tcp_ipv4.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_seq.hpp"

namespace fourtuple::tcp {
namespace {

// A sock and its timer, and a net and its slab, are found from one another by their places. The classes are not of
// standard layout, but have no virtual bases, for which the compiler supports offsetof.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
constexpr std::size_t tw_timer_offset = offsetof(sock::tcp_timewait_sock, tw_timer);
constexpr std::size_t timewait_slab_offset = offsetof(tcp_net, timewait_slab);
#pragma GCC diagnostic pop

void tw_timer_handler(base::timer& t) noexcept {
  auto& tw = *reinterpret_cast<sock::tcp_timewait_sock*>(reinterpret_cast<std::byte*>(&t) - tw_timer_offset);
  inet_twsk_kill(tw);
}

void inet_twsk_reschedule(tcp_net& net, sock::tcp_timewait_sock& tw, std::uint64_t delay_ms) {
  net.timers.arm(tw.tw_timer, net.now_ns() + delay_ms * base::ns_per_ms);
}

/// A FIN_WAIT2 without a full sock: nothing can be delivered any more, so only the FIN is welcome.
tw_status process_fin_wait2(tcp_net& net, sock::tcp_timewait_sock& tw, const rx_segment& segment, bool paws_reject) {
  if (paws_reject || after(segment.seq, tw.tw_rcv_nxt + tw.tw_rcv_wnd) || before(segment.end_seq, tw.tw_rcv_nxt)) {
    return tcp_oow_rate_limited(net, tw.tw_last_oow_ack_ms) ? tw_status::success : tw_status::ack;
  }
  if (segment.flags.rst) {
    inet_twsk_kill(tw);
    return tw_status::success;
  }
  if (segment.flags.syn && !before(segment.seq, tw.tw_rcv_nxt)) return tw_status::rst;
  if (!segment.flags.ack || !after(segment.end_seq, tw.tw_rcv_nxt) || segment.end_seq == segment.seq) {
    return tw_status::success;
  }
  // New data for an application that is gone.
  if (!segment.flags.fin || segment.end_seq != tw.tw_rcv_nxt + 1) {
    tcp_v4_send_reset(net, segment);
    inet_twsk_kill(tw);
    return tw_status::success;
  }
  tw.tw_substate = tcp_state::time_wait;
  net.trace([&] {
    return trace_event{.what = tracepoint::tcp_timewait_state_process,
                       .tuple = tw.skc_tuple,
                       .seq = segment.seq,
                       .old_state = tcp_state::fin_wait2,
                       .new_state = tcp_state::time_wait};
  });
  tw.tw_rcv_nxt = segment.end_seq;
  if (segment.options.timestamps) {
    tw.tw_ts_recent = segment.options.timestamps->value;
    tw.tw_ts_recent_stamp_ns = net.now_ns();
  }
  inet_twsk_reschedule(net, tw, net.config.tcp_timewait_length_ms);
  return tw_status::ack;
}

}  // namespace

tcp_net& net_of(sock::tcp_timewait_sock& tw) noexcept {
  auto* slab = static_cast<sock::sock_slab<sock::tcp_timewait_sock>*>(tw.skc_nulls_node().skc_prot);
  return *reinterpret_cast<tcp_net*>(reinterpret_cast<std::byte*>(slab) - timewait_slab_offset);
}

void tcp_time_wait(tcp_sock& tp, tcp_state substate, std::uint64_t timeout_ms) {
  tcp_net& net = *tp.net;
  auto reference = net.timewait_slab.in_use() < net.config.tcp_max_tw_buckets
                       ? net.timewait_slab.alloc(tw_timer_handler)
                       : sock_reference<sock::tcp_timewait_sock>{};
  if (!reference) {
    // Sorry, but the connection must go: TIME_WAIT is a courtesy.
    net.count(mib::time_wait_overflow);
    tcp_done(tp);
    return;
  }
  sock::tcp_timewait_sock& tw = *reference;
  tw.skc_tuple = tp.skc_tuple;
  tw.skc_state = tcp_state::time_wait;
  tw.skc_reuse = tp.skc_reuse;
  tw.skc_reuseport = tp.skc_reuseport;
  tw.tw_substate = substate;
  tw.tw_rcv_wscale = tp.rcv_wscale;
  tw.tw_tos = tp.tos;
  tw.tw_rcv_nxt = tp.rcv_nxt;
  tw.tw_snd_nxt = tp.snd_nxt;
  tw.tw_rcv_wnd = tcp_receive_window(tp);
  tw.tw_ts_offset = tp.tsoffset;
  tw.tw_ts_recent = tp.tstamp_ok ? tp.ts_recent : 0;
  tw.tw_ts_recent_stamp_ns = tp.ts_recent_stamp_s * base::ns_per_s;
  tw.tw_last_oow_ack_ms = tp.last_oow_ack_ms;
  if (tp.sk_handle != sock::connection_handles::none) {
    tp.sk_dst.device->connection_delete(tp.skc_tuple);
    net.handles.remove(tp.sk_handle);
    tp.sk_handle = sock::connection_handles::none;
  }
  net.hashinfo.inet_twsk_hashdance(tw, tp);
  if (substate == tcp_state::time_wait || timeout_ms == 0) timeout_ms = net.config.tcp_timewait_length_ms;
  inet_twsk_reschedule(net, tw, timeout_ms);
  net.count(mib::tw);
  net.trace([&] {
    return trace_event{.what = tracepoint::tcp_time_wait,
                       .tuple = tp.skc_tuple,
                       .sk = &tp,
                       .old_state = tp.skc_state,
                       .new_state = substate};
  });
  tcp_done(tp);
}

void inet_twsk_kill(sock::tcp_timewait_sock& tw) {
  tcp_net& net = net_of(tw);
  const auto keep = sock_reference<sock::tcp_timewait_sock>::hold(tw);
  net.trace([&] {
    return trace_event{.what = tracepoint::inet_twsk_kill,
                       .tuple = tw.skc_tuple,
                       .old_state = tw.tw_substate,
                       .new_state = tcp_state::close};
  });
  net.timers.disarm(tw.tw_timer);
  net.hashinfo.inet_twsk_unhash(tw);
}

tw_status tcp_timewait_state_process(sock::tcp_timewait_sock& tw, const rx_segment& segment, std::uint32_t& isn) {
  tcp_net& net = net_of(tw);
  const bool stamped = segment.options.timestamps.has_value() && tw.tw_ts_recent != 0;
  const bool paws_reject = stamped && tcp_paws_check_failed(tw.tw_ts_recent, tw.tw_ts_recent_stamp_ns,
                                                            segment.options.timestamps->value, net.now_ns());
  if (tw.tw_substate == tcp_state::fin_wait2) return process_fin_wait2(net, tw, segment, paws_reject);

  if (!paws_reject && segment.seq == tw.tw_rcv_nxt && (segment.seq == segment.end_seq || segment.flags.rst)) {
    // RFC 1337 would have resets ignored; Linux takes them unless tcp_rfc1337 is set.
    if (segment.flags.rst) {
      inet_twsk_kill(tw);
      return tw_status::success;
    }
    inet_twsk_reschedule(net, tw, net.config.tcp_timewait_length_ms);
    if (stamped) {
      tw.tw_ts_recent = segment.options.timestamps->value;
      tw.tw_ts_recent_stamp_ns = net.now_ns();
    }
    return tw_status::success;
  }
  // RFC 1122 4.2.2.13, RFC 6191: a SYN that is newer than everything before may open the connection anew.
  const bool newer = after(segment.seq, tw.tw_rcv_nxt) ||
                     (stamped && static_cast<std::int32_t>(tw.tw_ts_recent - segment.options.timestamps->value) < 0);
  if (segment.flags.syn && !segment.flags.rst && !segment.flags.ack && !paws_reject && newer) {
    isn = tw.tw_snd_nxt + 65535 + 2;
    if (isn == 0) isn = 1;
    return tw_status::syn;
  }
  if (paws_reject) net.count(mib::paws_estab);
  if (segment.flags.rst) return tw_status::success;
  // A retransmitted FIN: its sender must have missed the ACK. Waiting starts again (RFC 9293 3.10.7.4).
  if (paws_reject || segment.flags.ack) inet_twsk_reschedule(net, tw, net.config.tcp_timewait_length_ms);
  if (segment.end_seq == segment.seq && tcp_oow_rate_limited(net, tw.tw_last_oow_ack_ms)) return tw_status::success;
  return tw_status::ack;
}

bool tcp_timewait_reuse::twsk_unique(sock::sock& sk, const sock::inet_timewait_sock& tw, bool port_chosen) noexcept {
  const auto& old = static_cast<const sock::tcp_timewait_sock&>(tw);
  if (old.tw_ts_recent == 0) return false;
  if (!port_chosen) {
    const std::uint32_t mode = net_.config.tcp_tw_reuse;
    const bool loopback = old.skc_tuple.local.is_loopback() || old.skc_tuple.foreign.is_loopback();
    // Whose peer has not closed may still have much to say.
    if (mode == 0 || (mode == 2 && !loopback) || old.tw_substate == tcp_state::fin_wait2) return false;
    // RFC 6191: a second apart, the timestamps tell old segments from new ones.
    if (net_.now_ns() - old.tw_ts_recent_stamp_ns <= base::ns_per_s) return false;
  }
  auto& tp = static_cast<tcp_sock&>(sk);
  std::uint32_t seq = old.tw_snd_nxt + 65535 + 2;
  if (seq == 0) seq = 1;
  tp.write_seq = seq;
  tp.ts_recent = old.tw_ts_recent;
  tp.ts_recent_stamp_s = static_cast<std::uint32_t>(old.tw_ts_recent_stamp_ns / base::ns_per_s);
  return true;
}

void tcp_timewait_reuse::twsk_deschedule(sock::inet_timewait_sock& tw) noexcept {
  net_.count(mib::tw_recycled);
  net_.timers.disarm(tw.tw_timer);
}

}  // namespace fourtuple::tcp
