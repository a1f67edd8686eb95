// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_minisocks.hpp"

#include <sys/epoll.h>

#include <algorithm>

#include "host/tcp/tcp_close.hpp"
#include "host/tcp/tcp_input.hpp"
#include "host/tcp/tcp_ipv4.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_rtt.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timer.hpp"
#include "host/tcp/tcp_window.hpp"

namespace fourtuple::tcp {
namespace {

/// What a child takes over from its listener (Linux: sk_clone_lock).
/// In the order in which they lie there, and told apart from one another (__restrict): the compiler copies neighbours
/// together.
void inherit_settings(tcp_sock& __restrict child, const tcp_sock& __restrict listener) noexcept {
  child.skc_reuse = listener.skc_reuse;
  child.skc_reuseport = listener.skc_reuseport;
  child.sk_uid = listener.sk_uid;
  child.sk_rcvbuf = listener.sk_rcvbuf;
  child.sk_sndbuf = listener.sk_sndbuf;
  child.sk_lingertime_s = listener.sk_lingertime_s;
  child.sk_linger = listener.sk_linger;
  child.sk_rcvbuf_lock = listener.sk_rcvbuf_lock;
  child.sk_sndbuf_lock = listener.sk_sndbuf_lock;
  child.sk_zerocopy = listener.sk_zerocopy;
  child.sk_urginline = listener.sk_urginline;
  child.tos = listener.tos;
  child.uc_ttl = listener.uc_ttl;
  child.pmtudisc = listener.pmtudisc;
  child.recverr = listener.recverr;
  child.min_ttl = listener.min_ttl;
  child.keepalive_probes = listener.keepalive_probes;
  child.linger2_s = listener.linger2_s;
  child.keepalive_time_s = listener.keepalive_time_s;
  child.keepalive_intvl_s = listener.keepalive_intvl_s;
  child.keepopen = listener.keepopen;
  child.recvmsg_inq = listener.recvmsg_inq;
  child.nonagle = listener.nonagle;
  child.icsk_ca_ops = listener.icsk_ca_ops;
  child.user_mss = listener.user_mss;
  child.window_clamp = listener.window_clamp;
  child.user_timeout_ms = listener.user_timeout_ms;
  child.rcvlowat = listener.rcvlowat;
  child.notsent_lowat = listener.notsent_lowat;
  if (listener.sk_extension && listener.sk_extension->tsflags != 0) {
    child.extension().tsflags = listener.sk_extension->tsflags;
  }
  // Without memory it goes unpaced.
  if (listener.pacing != nullptr) tcp_set_max_pacing_rate(child, listener.pacing->max_rate);
}

void set_sequence(tcp_sock& child, const sock::tcp_request_sock& req, const rx_segment& segment) noexcept {
  child.rcv_nxt = req.rcv_isn + 1;
  child.rcv_wup = child.rcv_nxt;
  child.copied_seq = child.rcv_nxt;
  child.snd_una = req.snt_isn + 1;
  child.snd_nxt = child.snd_una;
  child.snd_sml = child.snd_una;
  child.write_seq = child.snd_una;
  child.pushed_seq = child.snd_una;
  child.snd_wl1 = req.rcv_isn;
  child.snd_wnd = std::uint32_t{segment.window} << req.snd_wscale;
  child.max_window = child.snd_wnd;
}

void set_options(tcp_sock& child, const sock::tcp_request_sock& req) noexcept {
  tcp_net& net = *child.net;
  child.tstamp_ok = req.tstamp_ok;
  child.sack_ok = req.sack_ok;
  child.ecn_ok = req.ecn_ok;
  child.wscale_ok = req.wscale_ok;
  child.snd_wscale = req.snd_wscale;
  child.rcv_wscale = req.rcv_wscale;
  child.tsoffset = req.ts_off;
  child.ts_recent = req.ts_recent;
  child.ts_recent_stamp_s = net.now_s();
  child.mss_clamp = req.mss;
  child.advmss = static_cast<std::uint16_t>(tcp_advertised_mss(child, child.sk_dst.mtu) - (req.tstamp_ok ? 12 : 0));
  child.rcv_wnd = req.rsk_rcv_wnd;
  child.window_clamp = std::min(tcp_max_unscaled_window << req.rcv_wscale,
                                tcp_initial_window_clamp(child.sk_rcvbuf, child.sk_rcvbuf_lock, child.window_clamp));
  child.rcv_ssthresh = std::min(req.rsk_rcv_wnd, child.window_clamp);
  child.icsk_rto_us = net.config.tcp_rto_init_ms * 1000;
}

/// The connection as a full sock, in TCP_SYN_RECV and in no table yet.
sock_reference<tcp_sock> tcp_create_openreq_child(const tcp_sock& listener, const sock::tcp_request_sock& req,
                                                  const rx_segment& segment) {
  tcp_net& net = *listener.net;
  const auto via = net.ip.route_output(req.skc_tuple.foreign);
  if (!via) return {};
  auto child = net.tcp_slab.alloc(net);
  if (!child) return {};
  child->skc_tuple = req.skc_tuple;
  child->inet_saddr = req.skc_tuple.local;
  child->sk_dst = *via;
  child->skc_state = tcp_state::syn_recv;
  inherit_settings(*child, listener);
  set_sequence(*child, req, segment);
  net.trace([&] {
    return trace_event{.what = tracepoint::inet_sock_set_state,
                       .tuple = child->skc_tuple,
                       .sk = child.get(),
                       .old_state = tcp_state::new_syn_recv,
                       .new_state = tcp_state::syn_recv};
  });
  set_options(*child, req);
  tcp_sync_mss(*child, tcp_route_mtu(*child));
  // RFC 6298 5.7: a SYN-ACK that had to be repeated gives no sample and a careful timeout.
  if (req.snt_synack_ns != 0) {
    const auto rtt_us = static_cast<std::uint32_t>((net.now_ns() - req.snt_synack_ns) / base::ns_per_us);
    child->rtt_min_us = rtt_us;
    tcp_rtt_estimator(*child, rtt_us);
    tcp_set_rto(*child);
  } else if (!req.tstamp_ok) {
    child->icsk_rto_us = 3'000'000;
  }
  child->total_retrans = req.num_retrans;
  return child;
}

}  // namespace

sock_reference<tcp_sock> tcp_v4_syn_recv_sock(tcp_sock& listener, const sock::tcp_request_sock& req,
                                              const rx_segment& segment, sock::tcp_request_sock* in_place_of) {
  tcp_net& net = *listener.net;
  if (listener.sk_acceptq_is_full()) {
    net.count(mib::listen_overflows);
    net.count(mib::listen_drops);
    return {};
  }
  auto child = tcp_create_openreq_child(listener, req, segment);
  if (!child || net.hashinfo.inet_inherit_port(listener, *child) != 0) {
    net.count(mib::listen_drops);
    return {};
  }
  if (!net.hashinfo.inet_ehash_insert(*child, in_place_of)) {
    // The request was answered or dropped meanwhile.
    net.hashinfo.inet_put_port(*child);
    return {};
  }
  net.count(mib::passive_opens);
  return child;
}

namespace {

/// The handshake is complete: request off its timer and count, child on the accept queue.
void inet_csk_complete_hashdance(tcp_sock& listener, sock::tcp_request_sock& req, tcp_sock& child) {
  listener.net->timers.disarm(req.rsk_timer);
  listener.icsk_accept_queue.removed(req);
  sock::inet_csk_reqsk_queue_add(listener, sock_reference<sock::request_sock>::hold(req),
                                 sock_reference<sock::sock>::hold(child));
  trace(child, tracepoint::inet_csk_complete_hashdance);
}

/// Linux: tcp_in_window.
bool tcp_in_window(std::uint32_t seq, std::uint32_t end_seq, std::uint32_t start, std::uint32_t end) noexcept {
  if (seq == start) return true;
  if (after(end_seq, start) && before(seq, end)) return true;
  return seq == end && seq == end_seq;
}

}  // namespace

sock_reference<tcp_sock> tcp_check_req(sock::tcp_request_sock& req, rx_segment& segment) {
  tcp_net& net = net_of(req);
  auto& listener = static_cast<tcp_sock&>(*req.rsk_listener);
  trace(net, tracepoint::tcp_check_req, segment);
  const std::uint32_t rcv_nxt = req.rcv_isn + 1;
  bool paws_reject = false;
  if (req.tstamp_ok && segment.options.timestamps) {
    paws_reject = tcp_paws_check_failed(req.ts_recent, net.now_ns(), segment.options.timestamps->value, net.now_ns());
  }
  // The SYN again: the SYN-ACK must have been lost.
  if (segment.seq == req.rcv_isn && segment.flags.syn && !segment.flags.ack && !segment.flags.rst && !paws_reject) {
    if (!tcp_oow_rate_limited(net, req.last_oow_ack_ms)) {
      tcp_send_synack(net, req);
      ++req.num_retrans;
      req.snt_synack_ns = 0;
      net.count(mib::retrans_segs);
    }
    return {};
  }
  if (segment.flags.ack && segment.ack_seq != req.snt_isn + 1) {
    // RFC 9293 3.10.7.4: an ACK of something else.
    if (!segment.flags.rst) tcp_v4_send_reset(net, segment);
    return {};
  }
  if (paws_reject || !tcp_in_window(segment.seq, segment.end_seq, rcv_nxt, rcv_nxt + req.rsk_rcv_wnd)) {
    if (paws_reject) net.count(mib::paws_estab);
    if (!segment.flags.rst && !tcp_oow_rate_limited(net, req.last_oow_ack_ms)) tcp_v4_reqsk_send_ack(net, req);
    return {};
  }
  if (segment.seq == req.rcv_isn) segment.flags.syn = false;
  if (segment.flags.rst || segment.flags.syn) {
    // RFC 5961 3.2 for a reset that is only somewhere in the window.
    if (segment.flags.rst && segment.seq != rcv_nxt) {
      tcp_v4_reqsk_send_ack(net, req);
      return {};
    }
    net.count(mib::embryonic_rsts);
    net.count(mib::attempt_fails);
    if (!segment.flags.rst) tcp_v4_send_reset(net, segment);
    inet_csk_reqsk_queue_drop(req);
    return {};
  }
  if (!segment.flags.ack) return {};
  // TCP_DEFER_ACCEPT: a bare ACK is no reason to wake the application.
  if (req.num_timeout < listener.rskq_defer_accept && segment.end_seq == rcv_nxt) {
    req.acked = true;
    net.count(mib::defer_accept_drop);
    return {};
  }
  if (req.tstamp_ok && segment.options.timestamps && !after(segment.seq, rcv_nxt)) {
    req.ts_recent = segment.options.timestamps->value;
  }
  auto child = tcp_v4_syn_recv_sock(listener, req, segment, &req);
  if (!child) {
    req.acked = true;
    if (net.config.tcp_abort_on_overflow) {
      tcp_v4_send_reset(net, segment);
      inet_csk_reqsk_queue_drop(req);
    }
    return {};
  }
  inet_csk_complete_hashdance(listener, req, *child);
  return child;
}

void tcp_child_process(tcp_sock& parent, tcp_sock& child, rx_segment& segment) {
  // This one, and the SYN, which was the request's.
  child.segs_in = 1;
  tcp_segs_in(child, segment);
  if (!tcp_rcv_last_of_handshake(child, segment) && tcp_rcv_state_process(child, segment)) {
    tcp_v4_send_reset(*child.net, segment);
  }
  if (!parent.sk_dead) parent.wake(EPOLLIN | EPOLLRDNORM);
}

}  // namespace fourtuple::tcp
