// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>

#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_ecn.hpp"
#include "host/tcp/tcp_ipv4.hpp"
#include "host/tcp/tcp_minisocks.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_syncookies.hpp"
#include "host/tcp/tcp_transmit.hpp"

namespace fourtuple::tcp {
namespace {

/// Linux: enum tcp_synack_type. A SYN cookie's carries options in the low bits of its timestamp.
enum class tcp_synack : std::uint8_t { normal, cookie };
void send_synack(tcp_net& net, const sock::tcp_request_sock& req, const ip::route& via, tcp_synack type);

// The request is found from its timer's place in it: no virtual bases, so the compiler supports offsetof.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
constexpr std::size_t rsk_timer_offset = offsetof(sock::tcp_request_sock, rsk_timer);
#pragma GCC diagnostic pop

std::uint64_t synack_timeout_ns(const tcp_net& net, unsigned timeouts) noexcept {
  const std::uint64_t ms =
      std::min<std::uint64_t>(std::uint64_t{net.config.tcp_rto_init_ms} << timeouts, net.config.tcp_rto_max_ms);
  return ms * base::ns_per_ms;
}

struct synack_plan {
  bool expire = false;
  bool resend = true;
};

/// Linux: syn_ack_recalc. With TCP_DEFER_ACCEPT a peer that has acknowledged the SYN-ACK is left in peace until data
/// may be expected of it.
synack_plan syn_ack_recalc(const tcp_sock& listener, const sock::tcp_request_sock& req) noexcept {
  const std::uint32_t retries =
      listener.icsk_syn_retries != 0 ? listener.icsk_syn_retries : listener.net->config.tcp_synack_retries;
  const unsigned defer_accept = listener.rskq_defer_accept;
  if (defer_accept == 0) return {.expire = req.num_timeout >= retries, .resend = true};
  return {.expire = req.num_timeout >= retries && (!req.acked || req.num_timeout >= defer_accept),
          .resend = !req.acked || req.num_timeout + 1U >= defer_accept};
}

/// Repeats the SYN-ACK with doubling gaps, and gives the request up in the end (Linux: reqsk_timer_handler).
void reqsk_timer_handler(base::timer& t) noexcept {
  auto& req = *reinterpret_cast<sock::tcp_request_sock*>(reinterpret_cast<std::byte*>(&t) - rsk_timer_offset);
  const auto keep = sock_reference<sock::tcp_request_sock>::hold(req);
  tcp_net& net = net_of(req);
  net.tcp_mstamp_refresh();
  auto& listener = static_cast<tcp_sock&>(*req.rsk_listener);
  const synack_plan plan = syn_ack_recalc(listener, req);
  if (listener.skc_state != tcp_state::listen || plan.expire) {
    inet_csk_reqsk_queue_drop(req);
    return;
  }
  if (req.num_timeout++ == 0) listener.icsk_accept_queue.aged();
  // One whose ACK found the accept queue full needs no SYN-ACK to know of us; it is repeated all the same so that the
  // peer sends its ACK again.
  if (plan.resend) {
    tcp_send_synack(net, req);
    ++req.num_retrans;
    req.snt_synack_ns = 0;
    net.count(mib::retrans_segs);
  }
  net.timers.arm(req.rsk_timer, net.now_ns() + synack_timeout_ns(net, req.num_timeout));
}

/// RFC 9293 3.7.1; Linux: tcp_parse_options, tcp_openreq_init.
void tcp_openreq_init(const tcp_sock& listener, sock::tcp_request_sock& req, const rx_segment& segment) noexcept {
  const tcp_config& config = listener.net->config;
  const packet::tcp_options& options = segment.options;
  req.rcv_isn = segment.seq;
  req.mss = options.mss.value_or(536);
  if (listener.user_mss != 0) req.mss = std::min(req.mss, listener.user_mss);
  req.tstamp_ok = config.tcp_timestamps && options.timestamps.has_value();
  req.ts_recent = req.tstamp_ok ? options.timestamps->value : 0;
  req.sack_ok = config.tcp_sack && options.sack_permitted;
  req.ecn_ok = tcp_ecn_create_request(listener, segment);
  req.wscale_ok = config.tcp_window_scaling && options.window_scale.has_value();
  req.snd_wscale = static_cast<std::uint8_t>((req.wscale_ok ? *options.window_scale : std::uint8_t{0}) & 0xf);
}

/// Linux: inet_csk_reqsk_queue_is_full, and tcp_conn_request's reserve for proven destinations left out.
bool syn_queue_is_full(const tcp_sock& listener) noexcept {
  const std::uint32_t limit = std::min(listener.sk_max_ack_backlog, listener.net->config.tcp_max_syn_backlog);
  return listener.icsk_accept_queue.qlen() >= std::max<std::uint32_t>(limit, 1);
}

/// Whether this SYN is answered with a cookie, or not at all (Linux: tcp_syn_flood_action).
enum class syn_fate : std::uint8_t { queue, cookie, drop };

syn_fate tcp_syn_flood_action(const tcp_sock& listener, bool from_timewait) noexcept {
  tcp_net& net = *listener.net;
  // What was in TIME_WAIT is a real peer, and gives up as much memory as it takes.
  if (from_timewait || (net.config.tcp_syncookies != 2 && !syn_queue_is_full(listener))) return syn_fate::queue;
  if (net.config.tcp_syncookies == 0) {
    net.count(mib::req_q_full_drop);
    return syn_fate::drop;
  }
  net.count(mib::req_q_full_do_cookies);
  return syn_fate::cookie;
}

}  // namespace

sock_reference<sock::tcp_request_sock> inet_reqsk_alloc(tcp_sock& listener, const packet::connection_tuple& tuple) {
  auto req = listener.net->request_slab.alloc(reqsk_timer_handler);
  if (!req) return {};
  req->skc_tuple = tuple;
  req->skc_state = tcp_state::new_syn_recv;
  req->rsk_listener = sock_reference<sock::inet_connection_sock>::hold(listener);
  req->ts_off = secure_tcp_ts_off(*listener.net, tuple);
  return req;
}

void tcp_openreq_init_rwin(const tcp_sock& listener, sock::tcp_request_sock& req, std::uint16_t mtu) noexcept {
  const std::uint32_t mss = tcp_advertised_mss(listener, mtu) - (req.tstamp_ok ? 12U : 0U);
  const initial_window window = tcp_select_initial_window(
      listener.net->config, listener.sk_rcvbuf, listener.sk_rcvbuf_lock, mss, req.wscale_ok, listener.window_clamp);
  req.rsk_rcv_wnd = window.rcv_wnd;
  req.rcv_wscale = static_cast<std::uint8_t>(window.rcv_wscale & 0xf);
}

void tcp_conn_request(tcp_sock& listener, const rx_segment& segment, std::optional<std::uint32_t> isn) {
  tcp_net& net = *listener.net;
  trace(net, tracepoint::tcp_conn_request, segment);
  if (segment.tuple.foreign.is_broadcast() || segment.tuple.foreign.is_multicast() || segment.tuple.foreign.is_any()) {
    net.count(mib::listen_drops);
    return;
  }
  const syn_fate fate = tcp_syn_flood_action(listener, isn.has_value());
  if (fate == syn_fate::drop) {
    net.count(mib::listen_drops);
    return;
  }
  if (listener.sk_acceptq_is_full()) {
    net.count(mib::listen_overflows);
    net.count(mib::listen_drops);
    return;
  }
  const auto via = net.ip.route_output(segment.tuple.foreign);
  auto reference = via ? inet_reqsk_alloc(listener, segment.tuple) : sock_reference<sock::tcp_request_sock>{};
  if (!reference) {
    net.count(mib::listen_drops);
    return;
  }
  sock::tcp_request_sock& req = *reference;
  tcp_openreq_init(listener, req, segment);
  if (fate == syn_fate::cookie) {
    // Only a timestamp can bring the options back.
    if (!req.tstamp_ok) cookie_clear_options(req);
    tcp_openreq_init_rwin(listener, req, via->mtu);
    req.snt_isn = cookie_v4_init_sequence(listener, req);
    send_synack(net, req, *via, tcp_synack::cookie);
    return;
  }
  tcp_openreq_init_rwin(listener, req, via->mtu);
  req.snt_isn = isn ? *isn : secure_tcp_seq(net, req.skc_tuple);
  req.snt_synack_ns = net.now_ns();
  net.hashinfo.inet_ehash_insert(req, segment.hash != 0 ? segment.hash : net.hashinfo.inet_ehashfn(segment.tuple));
  listener.icsk_accept_queue.added();
  trace(net, tracepoint::inet_csk_reqsk_queue_hash_add, segment);
  net.timers.arm(req.rsk_timer, net.now_ns() + synack_timeout_ns(net, 0));
  send_synack(net, req, *via, tcp_synack::normal);
}

void tcp_send_synack(tcp_net& net, const sock::tcp_request_sock& req) {
  if (const auto via = net.ip.route_output(req.skc_tuple.foreign)) send_synack(net, req, *via, tcp_synack::normal);
}

namespace {

void send_synack(tcp_net& net, const sock::tcp_request_sock& req, const ip::route& via, tcp_synack type) {
  const auto& listener = static_cast<const tcp_sock&>(*req.rsk_listener);
  const packet::tcp_header header{
      .seq = req.snt_isn,
      .ack_seq = req.rcv_isn + 1,
      .flags = {.syn = true, .ack = true, .ece = req.ecn_ok != 0},
      .window = static_cast<std::uint16_t>(std::min<std::uint32_t>(req.rsk_rcv_wnd, 65535))};
  std::uint32_t clock = net.now_ms();
  if (type == tcp_synack::cookie && req.tstamp_ok) clock = cookie_init_timestamp(req, clock);
  const packet::tcp_timestamps timestamps{clock + req.ts_off, req.ts_recent};
  const std::uint16_t mss = tcp_advertised_mss(listener, via.mtu);
  const bool capable = req.ecn_ok && listener.icsk_ca_ops->needs_ecn();
  const auto tos = static_cast<std::uint8_t>((listener.tos & ~ecn_mask) | (capable ? ecn_ect_0 : 0));
  net.trace([&] {
    return trace_event{
        .what = tracepoint::tcp_send_synack, .tuple = req.skc_tuple, .seq = req.snt_isn, .ack_seq = req.rcv_isn + 1};
  });
  // If it cannot be sent now, the timer sends it.
  if (req.tstamp_ok && req.sack_ok && req.wscale_ok) {
    const ip::ipv4_output how{.source = req.skc_tuple.local,
                              .destination = req.skc_tuple.foreign,
                              .protocol = packet::ip_protocol::tcp,
                              .tos = tos,
                              .ttl = listener.uc_ttl};
    static_cast<void>(tcp_v4_xmit_syn(
        net, req.skc_tuple, header, {.mss = mss, .window_scale = req.rcv_wscale, .timestamps = timestamps},
        [&](packet::tx_sk_buff& skb) { return net.ip.queue_xmit(skb, via, how); }, false));
    return;
  }
  tx_segment synack;
  synack.tuple = req.skc_tuple;
  synack.header = header;
  synack.options.mss = mss;
  synack.options.sack_permitted = req.sack_ok;
  if (req.wscale_ok) synack.options.window_scale = req.rcv_wscale;
  if (req.tstamp_ok) synack.options.timestamps = timestamps;
  synack.tos = tos;
  synack.ttl = listener.uc_ttl;
  static_cast<void>(tcp_v4_xmit(net, via, synack));
}

}  // namespace

void inet_csk_reqsk_queue_drop(sock::tcp_request_sock& req) {
  const auto keep = sock_reference<sock::tcp_request_sock>::hold(req);
  tcp_net& net = net_of(req);
  net.trace([&] { return trace_event{.what = tracepoint::inet_csk_reqsk_queue_drop, .tuple = req.skc_tuple}; });
  net.timers.disarm(req.rsk_timer);
  if (net.hashinfo.inet_unhash(req)) req.rsk_listener->icsk_accept_queue.removed(req);
}

}  // namespace fourtuple::tcp
