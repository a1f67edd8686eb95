// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_input.hpp"

#include <sys/epoll.h>

#include <cerrno>

#include "host/tcp/tcp_ack_policy.hpp"
#include "host/tcp/tcp_close.hpp"
#include "host/tcp/tcp_ipv4.hpp"
#include "host/tcp/tcp_mem.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_rcvbuf.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_urg.hpp"

namespace fourtuple::tcp {
namespace {

constexpr std::uint64_t paws_24_days_ns = 24ULL * 24 * 3600 * base::ns_per_s;  // RFC 7323 5.5

/// The segment that was expected: next in sequence, an ACK of nothing strange, the window as it was.
bool is_predicted(const tcp_sock& tp, const rx_segment& segment) noexcept {
  packet::tcp_flags flags = segment.flags;
  flags.psh = false;
  return tp.header_prediction && flags.bits() == packet::tcp_flags{.ack = true}.bits() && segment.seq == tp.rcv_nxt &&
         between(segment.ack_seq, tp.snd_una, tp.snd_nxt) && segment.options.sack_block_count == 0 &&
         std::uint32_t{segment.window} << tp.snd_wscale == tp.snd_wnd &&
         segment.options.timestamps.has_value() == tp.tstamp_ok;
}

/// The bytes of a segment, or of a unit that GRO made, into the receive queue. `charge`: of the first. False without
/// memory for it.
bool tcp_queue_rcv(tcp_sock& tp, rx_segment& segment, skb_charge charge) noexcept {
  if (!tp.sk_receive_queue.append(tp.net->memory, segment.payload, charge)) return false;
  for (std::uint32_t end_seq = segment.seq + static_cast<std::uint32_t>(segment.payload.size());
       const auto more : segment.frag_list) {
    const auto bytes = static_cast<std::uint32_t>(more.size());
    // Without memory the rest counts as never received: the peer sends it again.
    if (!tp.sk_receive_queue.append(tp.net->memory, more, skb_charge_of(bytes, segment.header_bytes()))) {
      segment.end_seq = end_seq;
      tp.net->count(mib::rcv_q_drop);
      break;
    }
    end_seq += bytes;
  }
  return true;
}

/// True if the segment was all dealt with on the short way.
[[gnu::always_inline]] inline bool tcp_rcv_fast_path(tcp_sock& tp, rx_segment& segment) {
  if (tp.tstamp_ok && static_cast<std::int32_t>(tp.rcv_tsval - tp.ts_recent) < 0) return false;
  if (segment.payload.empty()) {
    // RFC 7323 4.3: the timestamp to echo is that of the segment at the left edge of what is acknowledged.
    if (tp.tstamp_ok && tp.rcv_nxt == tp.rcv_wup) tcp_store_ts_recent(tp);
    if (tcp_ack(tp, segment, false) == ack_verdict::invalid) return true;
    tcp_data_snd_check(tp);
    return true;
  }
  if (segment.bytes() > tcp_receive_window(tp) || !tp.out_of_order_queue.empty()) return false;
  const skb_charge charge = skb_charge_of(segment);
  const std::uint32_t truesize = charge.truesize + frag_list_truesize(segment);
  // Only out of the pages that the sock has: whoever takes another looks at the limits (Linux: sk_forward_alloc). For a
  // unit that is done here, since the long way would take it apart.
  if (sk_mem_used(tp) + truesize > tp.sk_mem_reserved) {
    const bool is_unit = !segment.frag_list.empty();
    if (!is_unit || sk_rmem_alloc(tp) > tp.sk_rcvbuf || !sk_rmem_schedule(tp, truesize)) return false;
  }
  if (!tcp_queue_rcv(tp, segment, charge)) return false;
  if (tp.tstamp_ok && tp.rcv_nxt == tp.rcv_wup) tcp_store_ts_recent(tp);
  tp.net->count(mib::hp_hits);
  tcp_rcv_nxt_update(tp, segment.end_seq);
  tcp_event_data_recv(tp, segment, truesize);
  if (segment.ack_seq != tp.snd_una) {
    static_cast<void>(tcp_ack(tp, segment, false));
    tcp_data_snd_check(tp);
  }
  tcp_ack_snd_check(tp);
  tcp_data_ready(tp);
  return true;
}

}  // namespace

void tcp_parse_aligned_timestamp(tcp_sock& tp, const rx_segment& segment) noexcept {
  tp.saw_tstamp = tp.tstamp_ok && segment.options.timestamps.has_value();
  if (!tp.saw_tstamp) return;
  tp.rcv_tsval = segment.options.timestamps->value;
  tp.rcv_tsecr = segment.options.timestamps->echo_reply;
}

void tcp_store_ts_recent(tcp_sock& tp) noexcept {
  tp.ts_recent = tp.rcv_tsval;
  tp.ts_recent_stamp_s = tp.net->now_s();
}

bool tcp_paws_check_failed(std::uint32_t ts_recent, std::uint64_t ts_recent_stamp_ns, std::uint32_t tsval,
                           std::uint64_t now_ns) noexcept {
  if (static_cast<std::int32_t>(ts_recent - tsval) <= 0) return false;
  // RFC 7323 5.5: after 24 days the peer's clock may have wrapped.
  return now_ns - ts_recent_stamp_ns < paws_24_days_ns && ts_recent != 0;
}

bool tcp_sequence(const tcp_sock& tp, const rx_segment& segment) noexcept {
  if (before(segment.end_seq, tp.rcv_wup)) return false;
  const std::uint32_t limit = tp.rcv_nxt + tcp_receive_window(tp);
  if (!after(segment.end_seq, limit)) return true;
  // Some peers send their FIN into a window that is full (Linux: tcp_sequence).
  if (segment.flags.fin && segment.end_seq - 1 == limit) return true;
  return !after(segment.seq, limit) && tp.sk_receive_queue.bytes() == 0;
}

void tcp_set_state(tcp_sock& tp, tcp_state state) {
  const tcp_state old = tp.skc_state;
  if (old == state) return;
  if (state == tcp_state::established) tp.net->count(mib::curr_estab);
  if (state == tcp_state::close && (old == tcp_state::close_wait || old == tcp_state::established)) {
    tp.net->count(mib::estab_resets);
  }
  if (old == tcp_state::established || old == tcp_state::close_wait) {
    if (state != tcp_state::close_wait) tp.net->uncount(mib::curr_estab);
  }
  if (state == tcp_state::close) tcp_unhash(tp);
  tp.skc_state = state;
  if (!tp.net->traced()) return;
  tp.net->trace({.what = tracepoint::inet_sock_set_state,
                 .tuple = tp.skc_tuple,
                 .sk = &tp,
                 .old_state = old,
                 .new_state = state});
}

void tcp_reset(tcp_sock& tp) {
  trace(tp, tracepoint::tcp_reset);
  switch (tp.skc_state) {
    case tcp_state::syn_sent:
      tcp_done_with_error(tp, ECONNREFUSED);
      return;
    case tcp_state::close_wait:
      tcp_done_with_error(tp, EPIPE);
      return;
    case tcp_state::close:
      return;
    default:
      tcp_done_with_error(tp, ECONNRESET);
      return;
  }
}

bool tcp_oow_rate_limited(tcp_net& net, std::uint32_t& last_ms) noexcept {
  const std::uint32_t now = net.now_ms();
  if (last_ms != 0 && now - last_ms < net.config.tcp_invalid_ratelimit_ms) {
    net.count(mib::ack_skipped);
    return true;
  }
  last_ms = now == 0 ? 1 : now;
  return false;
}

void tcp_send_challenge_ack(tcp_sock& tp) {
  tcp_net& net = *tp.net;
  if (tcp_oow_rate_limited(net, tp.last_oow_ack_ms)) return;
  const std::uint64_t second = net.now_ns() / base::ns_per_s;
  if (second != net.challenge_second) {
    net.challenge_second = second;
    net.challenge_count = net.config.tcp_challenge_ack_limit;
  }
  if (net.challenge_count == 0) return;
  --net.challenge_count;
  net.count(mib::challenge_ack);
  tcp_send_ack(tp);
}

void tcp_send_dupack(tcp_sock& tp, const rx_segment& segment) {
  if (segment.end_seq != segment.seq && before(segment.seq, tp.rcv_nxt)) {
    tcp_enter_quickack_mode(tp, tcp_max_quickacks);
    if (tp.sack_ok && tp.net->config.tcp_dsack) {
      tp.net->count(mib::dsack_old_sent);
      tp.dsack = true;
      tp.duplicate_sack = {segment.seq, after(segment.end_seq, tp.rcv_nxt) ? tp.rcv_nxt : segment.end_seq};
    }
  }
  tcp_send_ack(tp);
}

bool tcp_validate_incoming(tcp_sock& tp, const rx_segment& segment) {
  tcp_net& net = *tp.net;
  // RFC 7323 5.3 R1. A reset is not subject to PAWS.
  if (tp.saw_tstamp && !segment.flags.rst &&
      tcp_paws_check_failed(tp.ts_recent, tp.ts_recent_stamp_s * base::ns_per_s, tp.rcv_tsval, net.now_ns())) {
    net.count(mib::paws_estab);
    if (segment.flags.syn) {
      net.count(mib::syn_challenge);
      tcp_send_challenge_ack(tp);
    } else if (segment.end_seq == segment.seq ? !tcp_oow_rate_limited(net, tp.last_oow_ack_ms) : true) {
      tcp_send_dupack(tp, segment);
    }
    return false;
  }
  if (!tcp_sequence(tp, segment)) {
    if (segment.flags.rst) return false;
    if (segment.flags.syn) {
      net.count(mib::syn_challenge);
      tcp_send_challenge_ack(tp);
    } else if (segment.end_seq != segment.seq || !tcp_oow_rate_limited(net, tp.last_oow_ack_ms)) {
      tcp_send_dupack(tp, segment);
    }
    return false;
  }
  if (segment.flags.rst) {
    // RFC 5961 3.2: only the exact number resets.
    if (segment.seq == tp.rcv_nxt) {
      tcp_reset(tp);
    } else {
      tcp_send_challenge_ack(tp);
    }
    return false;
  }
  if (segment.flags.syn) {
    // Both ends have sent a SYN, and this is the peer's answer, with its SYN again (RFC 9293 3.5, figure 8).
    const bool answers_both = tp.skc_state == tcp_state::syn_recv && segment.flags.ack &&
                              segment.seq + 1 == segment.end_seq && segment.end_seq == tp.rcv_nxt &&
                              segment.ack_seq == tp.snd_nxt;
    if (answers_both) return true;
    // RFC 5961 4.2.
    net.count(mib::syn_challenge);
    tcp_send_challenge_ack(tp);
    return false;
  }
  return true;
}

bool tcp_rcv_predicted_unit(tcp_sock& tp, rx_segment& unit) {
  if (tp.skc_state != tcp_state::established) return false;
  tcp_parse_aligned_timestamp(tp, unit);
  if (!is_predicted(tp, unit) || !tcp_rcv_fast_path(tp, unit)) return false;
  tcp_segs_in(tp, unit);
  return true;
}

void tcp_rcv_established(tcp_sock& tp, rx_segment& segment) {
  tcp_parse_aligned_timestamp(tp, segment);
  if (is_predicted(tp, segment) && tcp_rcv_fast_path(tp, segment)) return;
  if (!segment.flags.ack && !segment.flags.rst && !segment.flags.syn) return;
  if (!tcp_validate_incoming(tp, segment)) return;
  if (tcp_ack(tp, segment, true) == ack_verdict::invalid) return;
  tcp_urg(tp, segment);
  tcp_data_queue(tp, segment);
  if (tp.skc_state == tcp_state::close) return;
  tcp_data_snd_check(tp);
  tcp_ack_snd_check(tp);
}

}  // namespace fourtuple::tcp
