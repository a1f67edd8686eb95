// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_ipv4.hpp"

#include <cerrno>

#include "host/base/byte_order.hpp"
#include "host/packet/checksum.hpp"
#include "host/tcp/tcp_close.hpp"
#include "host/tcp/tcp_ecn.hpp"
#include "host/tcp/tcp_input.hpp"
#include "host/tcp/tcp_minisocks.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_syncookies.hpp"
#include "host/tcp/tcp_timewait.hpp"
#include "host/tcp/tcp_transmit.hpp"

namespace fourtuple::tcp {
namespace {

/// False: counted and to be dropped.
bool checksum_is_good(tcp_net& net, const ip::ipv4_packet& packet) {
  switch (packet.checksum) {
    case packet::ip_summed::unnecessary:
      return true;
    case packet::ip_summed::bad:
      break;
    case packet::ip_summed::none:
      if (packet::internet_checksum{packet::pseudo_header_sum(packet.source, packet.destination,
                                                              packet::ip_protocol::tcp,
                                                              static_cast<std::uint16_t>(packet.payload.size()))}
              .add(packet.payload)
              .good()) {
        return true;
      }
      break;
  }
  net.count(mib::in_csum_errors);
  net.count(mib::in_errs);
  return false;
}

/// Of a TCP header that is all there; otherwise 0.
[[gnu::always_inline]] inline std::size_t tcp_header_bytes(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < packet::tcp_header::bytes) return 0;
  const std::size_t header_bytes = std::size_t{base::load_be8(bytes, 12)} >> 4 << 2;
  return header_bytes < packet::tcp_header::bytes || header_bytes > bytes.size() ? 0 : header_bytes;
}

/// Reads a header of so many bytes (Linux: tcp_v4_fill_cb). Made where it stays: it is too large to be copied.
[[gnu::always_inline]] inline rx_segment tcp_v4_fill_cb(const ip::ipv4_packet& packet,
                                                        std::size_t header_bytes) noexcept {
  const std::span<const std::byte> bytes = packet.payload;
  const auto flags = packet::tcp_flags::from_bits(base::load_be8(bytes, 13));
  const std::uint32_t seq = base::load_be32(bytes, 4);
  const std::size_t option_bytes = header_bytes - packet::tcp_header::bytes;
  const std::size_t payload_bytes = bytes.size() - header_bytes;
  return {.tuple = {packet.destination, packet.source, base::load_be16(bytes, 2), base::load_be16(bytes, 0)},
          .hash = 0,
          .seq = seq,
          .end_seq = seq + static_cast<std::uint32_t>(payload_bytes) + (flags.syn ? 1U : 0U) + (flags.fin ? 1U : 0U),
          .ack_seq = base::load_be32(bytes, 8),
          .flags = flags,
          .window = base::load_be16(bytes, 14),
          .urgent_pointer = base::load_be16(bytes, 18),
          .gso_size = packet.skb != nullptr ? packet.skb->gso_size : std::uint16_t{0},
          .ttl = packet.ttl,
          .ecn = static_cast<std::uint8_t>(packet.tos & ecn_mask),
          .option_bytes = static_cast<std::uint8_t>(option_bytes),
          .options = packet::parse_tcp_options(bytes.subspan(packet::tcp_header::bytes, option_bytes), flags.syn),
          .payload = bytes.subspan(header_bytes),
          .frag_list = {},
          .frag_bytes = 0,
          .trimmed_bytes = 0};
}

/// What GRO put behind the first segment.
void add_rest_of_unit(rx_segment& segment, const ip::gro_rest& rest) noexcept {
  segment.frag_list = rest.payloads;
  segment.frag_bytes = rest.bytes;
  segment.end_seq += rest.bytes;
  segment.flags.psh = segment.flags.psh || (rest.flags & ip::gro_rest::psh) != 0;
  if ((rest.flags & ip::gro_rest::fin) == 0 || segment.flags.fin) return;
  segment.flags.fin = true;
  ++segment.end_seq;
}

/// The sock by the handle that the device gave, if that is still right.
sock_reference<sock::sock_common> lookup_by_handle(tcp_net& net, const packet::sk_buff& skb,
                                                   const packet::connection_tuple& tuple) {
  sock::sock_common* sk = net.handles.find(skb.handle);
  if (sk == nullptr || sk->skc_tuple != tuple) {
    net.count(mib::table_stale);
    return {};
  }
  net.count(mib::table_hits);
  return sock_reference<sock::sock_common>::hold(*sk);
}

std::uint32_t hash_of(const tcp_net& net, const packet::sk_buff* skb, const packet::connection_tuple& tuple) noexcept {
  return net.rxhash && skb != nullptr && skb->hash_valid ? skb->hash : net.hashinfo.inet_ehashfn(tuple);
}

/// Linux: __inet_lookup_skb.
sock_reference<sock::sock_common> inet_lookup_skb(tcp_net& net, const ip::ipv4_packet& packet, rx_segment& segment) {
  if (packet.skb != nullptr && packet.skb->table_hit) {
    if (auto found = lookup_by_handle(net, *packet.skb, segment.tuple)) return found;
  } else {
    net.count(mib::table_misses);
  }
  segment.hash = hash_of(net, packet.skb, segment.tuple);
  if (auto found = net.hashinfo.inet_lookup_established(segment.tuple, segment.hash)) return found;
  return net.hashinfo.inet_lookup_listener(segment.tuple, segment.hash);
}

[[gnu::noinline]] void rcv_request(tcp_net& net, sock::tcp_request_sock& req, rx_segment& segment) {
  auto listener = sock_reference<sock::inet_connection_sock>::hold(*req.rsk_listener);
  if (listener->skc_state != tcp_state::listen) {
    inet_csk_reqsk_queue_drop(req);
    if (!segment.flags.rst) tcp_v4_send_reset(net, segment);
    return;
  }
  if (auto child = tcp_check_req(req, segment)) {
    tcp_child_process(static_cast<tcp_sock&>(*listener), *child, segment);
  }
}

[[gnu::noinline]] void rcv_timewait(tcp_net& net, sock::tcp_timewait_sock& tw, const rx_segment& segment) {
  std::uint32_t isn = 0;
  switch (tcp_timewait_state_process(tw, segment, isn)) {
    case tw_status::success:
      return;
    case tw_status::ack:
      tcp_v4_timewait_ack(net, tw);
      return;
    case tw_status::rst:
      tcp_v4_send_reset(net, segment);
      inet_twsk_kill(tw);
      return;
    case tw_status::syn: {
      auto listener = net.hashinfo.inet_lookup_listener(segment.tuple);
      if (!listener) {
        tcp_v4_timewait_ack(net, tw);
        return;
      }
      inet_twsk_kill(tw);
      tcp_conn_request(static_cast<tcp_sock&>(*listener), segment, isn);
      return;
    }
  }
}

}  // namespace

ip::xmit_result tcp_v4_xmit(tcp_net& net, const ip::route& via, tx_segment& segment) {
  segment.header.source_port = segment.tuple.local_port;
  segment.header.destination_port = segment.tuple.foreign_port;
  packet::tx_sk_buff skb;
  static_cast<void>(skb.append(segment.payload));
  if (segment.payload.size() > segment.gso_size) skb.gso_size = segment.gso_size;
  const std::size_t header_bytes = packet::tcp_header::bytes + packet::tcp_options_bytes(segment.options);
  // Left to the device, or to IPv4 where the device does not do it (Linux: __tcp_v4_send_check).
  segment.header.checksum =
      packet::pseudo_header_sum(segment.tuple.local, segment.tuple.foreign, packet::ip_protocol::tcp,
                                static_cast<std::uint16_t>(header_bytes + segment.payload.size()));
  packet::write_tcp(skb.push(header_bytes), segment.header, segment.options);
  skb.set_checksum_partial(packet::tcp_header::checksum_offset);
  const ip::ipv4_output output{.source = segment.tuple.local,
                               .destination = segment.tuple.foreign,
                               .protocol = packet::ip_protocol::tcp,
                               .tos = segment.tos,
                               .ttl = segment.ttl,
                               .dont_fragment = segment.dont_fragment};
  const ip::xmit_result result = net.ip.queue_xmit(skb, via, output);
  if (result == ip::xmit_result::ok && !segment.sent_before) net.count(mib::out_segs, skb.gso_segs());
  return result;
}

void tcp_v4_send_reset(tcp_net& net, const rx_segment& segment) {
  if (segment.flags.rst) return;
  const auto via = net.ip.route_output(segment.tuple.foreign);
  if (!via) return;
  tx_segment reset;
  reset.tuple = segment.tuple;
  reset.header.flags.rst = true;
  if (segment.flags.ack) {
    reset.header.seq = segment.ack_seq;
  } else {
    reset.header.flags.ack = true;
    reset.header.ack_seq = segment.end_seq;
  }
  net.count(mib::out_rsts);
  trace(net, tracepoint::tcp_v4_send_reset, segment);
  static_cast<void>(tcp_v4_xmit(net, *via, reset));
}

void tcp_v4_send_ack(tcp_net& net, const packet::connection_tuple& tuple, std::uint32_t seq, std::uint32_t ack,
                     std::uint16_t window, std::optional<packet::tcp_timestamps> timestamps, std::uint8_t tos) {
  const auto via = net.ip.route_output(tuple.foreign);
  if (!via) return;
  if (timestamps) {
    const ip::ipv4_output how{
        .source = tuple.local, .destination = tuple.foreign, .protocol = packet::ip_protocol::tcp, .tos = tos};
    static_cast<void>(
        tcp_v4_xmit_plain(net, tuple, {.seq = seq, .ack_seq = ack, .flags = {.ack = true}, .window = window},
                          *timestamps, [&](packet::tx_sk_buff& skb) { return net.ip.queue_xmit(skb, *via, how); }));
    return;
  }
  tx_segment segment;
  segment.tuple = tuple;
  segment.header.seq = seq;
  segment.header.ack_seq = ack;
  segment.header.flags.ack = true;
  segment.header.window = window;
  segment.tos = tos;
  static_cast<void>(tcp_v4_xmit(net, *via, segment));
}

void tcp_v4_timewait_ack(tcp_net& net, const sock::tcp_timewait_sock& tw) {
  std::optional<packet::tcp_timestamps> timestamps;
  if (tw.tw_ts_recent != 0) timestamps = packet::tcp_timestamps{net.now_ms() + tw.tw_ts_offset, tw.tw_ts_recent};
  tcp_v4_send_ack(net, tw.skc_tuple, tw.tw_snd_nxt, tw.tw_rcv_nxt,
                  static_cast<std::uint16_t>(tw.tw_rcv_wnd >> tw.tw_rcv_wscale), timestamps, tw.tw_tos);
}

void tcp_v4_reqsk_send_ack(tcp_net& net, const sock::tcp_request_sock& req) {
  std::optional<packet::tcp_timestamps> timestamps;
  if (req.tstamp_ok) timestamps = packet::tcp_timestamps{net.now_ms() + req.ts_off, req.ts_recent};
  tcp_v4_send_ack(net, req.skc_tuple, req.snt_isn + 1, req.rcv_isn + 1,
                  static_cast<std::uint16_t>(req.rsk_rcv_wnd >> req.rcv_wscale), timestamps, 0);
}

void tcp_v4_do_rcv(tcp_sock& tp, rx_segment& segment) {
  tcp_segs_in(tp, segment);
  if (tp.skc_state == tcp_state::listen && cookie_v4_check(tp, segment)) return;
  if (tp.skc_state == tcp_state::established) {
    tcp_rcv_established(tp, segment);
  } else if (tcp_rcv_state_process(tp, segment)) {
    tcp_v4_send_reset(*tp.net, segment);
  }
}

namespace {

[[gnu::always_inline]] inline void rcv_full(tcp_sock& tp, rx_segment& segment) {
  // RFC 5082: who is farther away than agreed is not the peer.
  if (segment.ttl < tp.min_ttl) {
    tp.net->count(mib::min_ttl_drop);
    return;
  }
  tcp_v4_do_rcv(tp, segment);
}

/// Linux: the second half of tcp_v4_rcv.
[[gnu::always_inline]] inline void rcv_for(tcp_net& net, sock::sock_common& sk, rx_segment& segment) {
  if (sk.kind() == sock::sock_kind::full) {
    rcv_full(static_cast<tcp_sock&>(sk), segment);
  } else if (sk.kind() == sock::sock_kind::request) {
    rcv_request(net, static_cast<sock::tcp_request_sock&>(sk), segment);
  } else {
    rcv_timewait(net, static_cast<sock::tcp_timewait_sock&>(sk), segment);
  }
}

/// A unit is taken whole if it is what header prediction expects. Otherwise it is taken apart: each segment does what
/// it would have done without GRO, and finds its own way, because the one before it may have changed that.
void rcv_unit(tcp_net& net, sock::sock_common& sk, rx_segment& unit) {
  if (sk.kind() == sock::sock_kind::full) {
    auto& tp = static_cast<tcp_sock&>(sk);
    if (unit.ttl >= tp.min_ttl && tcp_rcv_predicted_unit(tp, unit)) return;
  }
  for (;; unit.next_of_unit()) {
    rx_segment segment = unit.first_of_unit();
    auto found = net.hashinfo.inet_lookup_established(segment.tuple);
    if (!found) found = net.hashinfo.inet_lookup_listener(segment.tuple);
    if (found) {
      rcv_for(net, *found, segment);
    } else {
      tcp_v4_send_reset(net, segment);
    }
    if (unit.frag_list.empty()) return;
  }
}

}  // namespace

void tcp_v4_rcv(tcp_net& net, const ip::ipv4_packet& packet) {
  net.count(mib::in_segs);
  const std::size_t header_bytes = tcp_header_bytes(packet.payload);
  if (header_bytes == 0) {
    net.count(mib::in_errs);
    return;
  }
  rx_segment segment = tcp_v4_fill_cb(packet, header_bytes);
  if (packet.gro != nullptr) add_rest_of_unit(segment, *packet.gro);
  if (!checksum_is_good(net, packet)) return;
  trace(net, tracepoint::tcp_v4_rcv, segment);
  const auto sk = inet_lookup_skb(net, packet, segment);
  if (!sk) {
    tcp_v4_send_reset(net, segment);
    return;
  }
  if (segment.frag_list.empty()) {
    rcv_for(net, *sk, segment);
  } else {
    rcv_unit(net, *sk, segment);
  }
}

bool tcp_v4_rcv_known(tcp_net& net, sock::sock_common& known, const packet::sk_buff& skb,
                      std::span<const std::byte> datagram) {
  const ip::ipv4_packet packet{.source = {base::load_be32(datagram, 12)},
                               .destination = {base::load_be32(datagram, 16)},
                               .protocol = packet::ip_protocol::tcp,
                               .tos = base::load_be8(datagram, 1),
                               .ttl = base::load_be8(datagram, 8),
                               .payload = datagram.subspan(packet::ipv4_header::min_bytes),
                               .skb = &skb,
                               .checksum = packet::ip_summed::unnecessary};
  const std::size_t header_bytes = tcp_header_bytes(packet.payload);
  if (header_bytes == 0) return false;
  rx_segment segment = tcp_v4_fill_cb(packet, header_bytes);
  const auto sk = sock_reference<sock::sock_common>::hold(known);
  net.count(mib::in_segs);
  net.count(mib::table_hits);
  trace(net, tracepoint::tcp_v4_rcv, segment);
  rcv_for(net, known, segment);
  return true;
}

int tcp_v4_connect(tcp_sock& tp, packet::ipv4_address address, std::uint16_t port) {
  tcp_net& net = *tp.net;
  // Linux: ip_route_output_key: no address stands for the own one, or for loopback.
  if (address.is_any()) address = tp.skc_tuple.local.is_any() ? packet::ipv4_address::loopback() : tp.skc_tuple.local;
  if (address.is_broadcast() || address.is_multicast() || port == 0) return -ENETUNREACH;
  const auto via = net.ip.route_output(address);
  if (!via) return -ENETUNREACH;
  // Linux: __mkroute_output. Such a source never leaves the host.
  if (tp.skc_tuple.local.is_loopback() && !via->device->features().loopback) return -EINVAL;
  tp.sk_dst = *via;
  if (tp.skc_tuple.local.is_any()) tp.skc_tuple.local = via->source;
  tp.inet_saddr = tp.skc_tuple.local;
  tp.skc_tuple.foreign = address;
  tp.skc_tuple.foreign_port = port;
  tp.write_seq = 0;
  tp.ts_recent = 0;
  tcp_set_state(tp, tcp_state::syn_sent);
  tcp_timewait_reuse reuse{net};
  int result = net.hashinfo.inet_hash_connect(tp, &reuse);
  if (result == 0) {
    if (tp.write_seq == 0) tp.write_seq = secure_tcp_seq(net, tp.skc_tuple);
    tp.tsoffset = secure_tcp_ts_off(net, tp.skc_tuple);
    trace(tp, tracepoint::tcp_v4_connect);
    result = tcp_connect(tp);
  }
  if (result != 0) {
    tcp_set_state(tp, tcp_state::close);
    tp.sk_write_queue.clear();
    tp.packets_out = 0;
    if (!tp.sk_bindaddr_lock) tp.skc_tuple.local = {};
    tp.skc_tuple.foreign = {};
    tp.skc_tuple.foreign_port = 0;
  }
  return result;
}

}  // namespace fourtuple::tcp
