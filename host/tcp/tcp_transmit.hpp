// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "host/ip/ipv4.hpp"
#include "host/packet/checksum.hpp"
#include "host/packet/ipv4_header.hpp"
#include "host/packet/tcp_header.hpp"
#include "host/tcp/tcp_ecn.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_window.hpp"

// From what is to be said to a packet (Linux: __tcp_transmit_skb), for segments that have no option but timestamps.
namespace fourtuple::tcp {

/// What goes into one packet besides what the sock says.
struct tcp_outgoing {
  std::uint32_t seq = 0;
  packet::tcp_flags flags;
  std::span<const std::byte> payload{};
  std::uint16_t gso_size = 0;
  std::uint32_t rcv_nxt = 0;
  bool sent_before = false;
};

/// Whether timestamps are all that a segment without SYN says besides its header: what tcp_transmit_plain does.
[[nodiscard]] inline bool tcp_is_plain(const tcp_sock& tp) noexcept {
  return tp.tstamp_ok && !tp.ecn_ok && !tp.dsack && tp.num_sacks == 0 && !tp.sk_extension;
}

/// Sends a segment whose TCP header has `header_bytes`, options included, and is written by `write`. `header`: without
/// ports and checksum. `queue` is queue_xmit in one of its forms.
template <std::size_t header_bytes>
[[gnu::always_inline]] inline ip::xmit_result tcp_v4_xmit_with(tcp_net& net, const packet::connection_tuple& tuple,
                                                               packet::tcp_header header,
                                                               std::span<const std::byte> payload,
                                                               std::uint16_t gso_size, bool sent_before,
                                                               const auto& write, const auto& queue) {
  packet::tx_sk_buff skb;
  static_cast<void>(skb.append(payload));
  if (payload.size() > gso_size) skb.gso_size = gso_size;
  header.source_port = tuple.local_port;
  header.destination_port = tuple.foreign_port;
  header.checksum = packet::pseudo_header_sum(tuple.local, tuple.foreign, packet::ip_protocol::tcp,
                                              static_cast<std::uint16_t>(header_bytes + payload.size()));
  write(skb.push(header_bytes), header);
  skb.set_checksum_partial(packet::tcp_header::checksum_offset);
  const std::size_t segs = skb.gso_segs();
  const ip::xmit_result result = queue(skb);
  if (result == ip::xmit_result::ok && !sent_before) net.count(mib::out_segs, segs);
  return result;
}

/// The same for a segment that has aligned timestamps and no other option.
[[gnu::always_inline]] inline ip::xmit_result tcp_v4_xmit_plain(tcp_net& net, const packet::connection_tuple& tuple,
                                                                const packet::tcp_header& header,
                                                                const packet::tcp_timestamps& timestamps,
                                                                const auto& queue,
                                                                std::span<const std::byte> payload = {},
                                                                std::uint16_t gso_size = 0, bool sent_before = false) {
  return tcp_v4_xmit_with<packet::tcp_header::bytes + packet::aligned_timestamps_bytes>(
      net, tuple, header, payload, gso_size, sent_before,
      [&](std::span<std::byte> out, const packet::tcp_header& complete) {
        packet::write_tcp_with_timestamps(out, complete, timestamps);
      },
      queue);
}

/// The same for a SYN or SYN-ACK with all options.
[[gnu::always_inline]] inline ip::xmit_result tcp_v4_xmit_syn(tcp_net& net, const packet::connection_tuple& tuple,
                                                              const packet::tcp_header& header,
                                                              const packet::tcp_usual_syn_options& options,
                                                              const auto& queue, bool sent_before) {
  return tcp_v4_xmit_with<packet::tcp_header::bytes + packet::tcp_usual_syn_options::bytes>(
      net, tuple, header, {}, 0, sent_before,
      [&](std::span<std::byte> out, const packet::tcp_header& complete) {
        packet::write_tcp_with_syn_options(out, complete, options);
      },
      queue);
}

/// What the segments of a sock say of IPv4's header. Whoever changes it sets sk_dst.flow to 0.
[[nodiscard]] inline ip::ipv4_output tcp_ipv4_output(const tcp_sock& tp) noexcept {
  return {.source = tp.skc_tuple.local,
          .destination = tp.skc_tuple.foreign,
          .protocol = packet::ip_protocol::tcp,
          .tos = static_cast<std::uint8_t>(tp.tos & ~ecn_mask),
          .ttl = tp.uc_ttl,
          .dont_fragment = ip_dont_fragment(tp)};
}

/// Sends a segment of a sock that tcp_is_plain.
[[gnu::always_inline]] inline ip::xmit_result tcp_transmit_plain(tcp_sock& tp, const tcp_outgoing& what,
                                                                 std::uint32_t now_ms) {
  tcp_net& net = *tp.net;
  const auto queue = [&](packet::tx_sk_buff& skb) {
    return net.ip.queue_flow(skb, tp.sk_dst, tp.skc_tuple.foreign, [&] { return tcp_ipv4_output(tp); });
  };
  return tcp_v4_xmit_plain(net, tp.skc_tuple,
                           {.seq = what.seq,
                            .ack_seq = what.flags.ack ? what.rcv_nxt : 0,
                            .flags = what.flags,
                            .window = tcp_select_window(tp)},
                           {now_ms + tp.tsoffset, tp.ts_recent}, queue, what.payload, what.gso_size, what.sent_before);
}

}  // namespace fourtuple::tcp
