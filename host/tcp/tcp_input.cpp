// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_input.hpp"

#include <sys/epoll.h>

#include <cerrno>

#include "host/tcp/tcp_ack_policy.hpp"
#include "host/tcp/tcp_close.hpp"
#include "host/tcp/tcp_ipv4.hpp"
#include "host/tcp/tcp_mem.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_rcv_fast_path.hpp"
#include "host/tcp/tcp_rcvbuf.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_urg.hpp"

namespace fourtuple::tcp {
namespace {

constexpr std::uint64_t paws_24_days_ns = 24ULL * 24 * 3600 * base::ns_per_s;  // RFC 7323 5.5

}  // namespace

void tcp_queue_frag_list(tcp_sock& tp, rx_segment& unit) noexcept {
  std::uint32_t end_seq = unit.seq + static_cast<std::uint32_t>(unit.payload.size());
  for (const auto more : unit.frag_list) {
    const auto bytes = static_cast<std::uint32_t>(more.size());
    // Without memory the rest counts as never received: the peer sends it again.
    if (!tp.sk_receive_queue.append(tp.net->memory, more, skb_charge_of(bytes, unit.header_bytes()))) {
      unit.end_seq = end_seq;
      tp.net->count(mib::rcv_q_drop);
      return;
    }
    end_seq += bytes;
  }
}

ack_verdict tcp_ack_predicted(tcp_sock& tp, const rx_segment& segment) { return tcp_ack(tp, segment, false); }

ack_verdict tcp_ack_usual(tcp_sock& tp, std::span<const std::byte> payload, std::uint32_t ack_seq,
                          packet::tcp_flags flags, std::uint8_t ecn) {
  rx_segment segment;
  segment.tuple = tp.skc_tuple;
  // Its data was received before its ACK is looked at.
  segment.end_seq = tp.rcv_nxt;
  segment.seq = tp.rcv_nxt - static_cast<std::uint32_t>(payload.size());
  segment.ack_seq = ack_seq;
  segment.flags = flags;
  segment.window = static_cast<std::uint16_t>(tp.snd_wnd >> tp.snd_wscale);
  segment.ecn = ecn;
  segment.option_bytes = packet::aligned_timestamps_bytes;
  segment.options.timestamps = packet::tcp_timestamps{tp.rcv_tsval, tp.rcv_tsecr};
  segment.payload = payload;
  return tcp_ack(tp, segment, false);
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

void tcp_trace_state(const tcp_sock& tp, tcp_state old) {
  tp.net->trace([&] {
    return trace_event{.what = tracepoint::inet_sock_set_state,
                       .tuple = tp.skc_tuple,
                       .sk = &tp,
                       .old_state = old,
                       .new_state = tp.skc_state};
  });
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

bool tcp_validate_incoming_slow(tcp_sock& tp, const rx_segment& segment) {
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
  if (!tcp_is_predicted(tp, unit) || !tcp_rcv_fast_path(tp, unit, tp.net->mstamp())) return false;
  tcp_segs_in(tp, unit);
  return true;
}

void tcp_rcv_established(tcp_sock& tp, rx_segment& segment) {
  tcp_parse_aligned_timestamp(tp, segment);
  if (tcp_is_predicted(tp, segment) && tcp_rcv_fast_path(tp, segment, tp.net->mstamp())) return;
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
