// SPDX-License-Identifier: Apache-2.0
// A segment of a connection that the device knows. Nearly always it is the one that header prediction expects, with the
// options that nearly every segment has: it is compared where it lies, and only what is news is read.
#include <bit>
#include <cstdint>
#include <span>

#include "host/base/byte_order.hpp"
#include "host/tcp/tcp.hpp"
#include "host/tcp/tcp_ipv4.hpp"
#include "host/tcp/tcp_rcv_fast_path.hpp"

namespace fourtuple::tcp {
namespace {

constexpr std::size_t ip_bytes = packet::ipv4_header::min_bytes;

/// Addresses and ports, which stand beside one another in the headers, are those of the connection.
[[gnu::always_inline]] inline bool has_tuple(std::span<const std::byte> datagram,
                                             const packet::connection_tuple& tuple) noexcept {
  const std::uint64_t addresses = std::uint64_t{tuple.foreign.value} << 32 | tuple.local.value;
  const std::uint32_t ports = std::uint32_t{tuple.foreign_port} << 16 | tuple.local_port;
  return base::load_be<std::uint64_t>(datagram, 12) == addresses && base::load_be32(datagram, ip_bytes) == ports;
}

/// Whether the header is as predicted, besides what is acknowledged, the window and the times (Linux: tcp_flag_word &
/// TCP_HP_BITS == pred_flags).
[[gnu::always_inline]] inline bool is_usual(const tcp_sock& tp, std::span<const std::byte> header) noexcept {
  // Offset of the data and flags, less PSH and what is reserved, with the window behind them.
  constexpr std::uint32_t mask = 0xf0f7'0000;
  constexpr std::uint32_t offset_and_ack = usual_segment::tcp_bytes / 4 << 28 | 0x10U << 16;
  const std::uint32_t word = base::load_be32(header, 12);
  return (word & mask) == offset_and_ack &&
         base::load_be32(header, packet::tcp_header::bytes) == packet::aligned_timestamps &&
         base::load_be32(header, 4) == tp.rcv_nxt && between(base::load_be32(header, 8), tp.snd_una, tp.snd_nxt);
}

/// Fills in what lies in the headers, and takes it. False, and nothing happened, if it is not as usual as it looks.
[[gnu::always_inline]] inline bool rcv_usual(tcp_net& net, tcp_sock& tp, std::span<const std::byte> datagram,
                                             auto segment) {
  const std::span<const std::byte> header = datagram.subspan(ip_bytes);
  segment.seq = tp.rcv_nxt;
  segment.ack_seq = base::load_be32(header, 8);
  segment.flags = packet::tcp_flags::from_bits(base::load_be8(header, 13));
  segment.ecn = base::load_be8(datagram, 1) & ecn_mask;
  segment.payload = header.subspan(usual_segment::tcp_bytes);
  segment.end_seq = segment.seq + segment.bytes();
  if constexpr (tcp_has_new_window(segment)) {
    if (!tcp_takes_window(tp, segment)) return false;
  }
  tp.saw_tstamp = true;
  tp.rcv_tsval = base::load_be32(header, packet::tcp_header::bytes + 4);
  tp.rcv_tsecr = base::load_be32(header, packet::tcp_header::bytes + 8);
  if (!tcp_rcv_fast_path(tp, segment, net.mstamp())) [[unlikely]]
    return false;
  ++tp.segs_in;
  if (!segment.payload.empty()) ++tp.data_segs_in;
  net.count(mib::in_segs);
  net.count(mib::table_hits);
  return true;
}

[[gnu::noinline]] bool rcv_with_window(tcp_net& net, tcp_sock& tp, std::span<const std::byte> datagram,
                                       std::uint32_t window) {
  usual_segment_with_window segment;
  segment.window = window;
  return rcv_usual(net, tp, datagram, segment);
}

/// Looks at what nearly every segment is. False, and nothing happened, if it is another.
[[gnu::always_inline]] inline bool rcv_predicted(tcp_net& net, tcp_sock& tp, std::span<const std::byte> datagram) {
  const std::span<const std::byte> header = datagram.subspan(ip_bytes);
  if (!tp.header_prediction || !tp.tstamp_ok || tp.skc_state != tcp_state::established || net.traced() ||
      base::load_be8(datagram, 8) < tp.min_ttl || !is_usual(tp, header)) [[unlikely]] {
    return false;
  }
  const std::uint32_t window = std::uint32_t{base::load_be16(header, 14)} << tp.snd_wscale;
  if (window != tp.snd_wnd) [[unlikely]]
    return rcv_with_window(net, tp, datagram, window);
  return rcv_usual(net, tp, datagram, usual_segment{});
}

/// The sock that the device says, if it is that of the segment. `datagram`: with all of a TCP header.
[[gnu::always_inline]] inline sock::sock_common* find_known(const tcp_net& net, const packet::sk_buff& skb,
                                                            std::span<const std::byte> datagram) noexcept {
  sock::sock_common* known = net.handles.find(skb.handle);
  if (known == nullptr) [[unlikely]]
    return nullptr;
  return has_tuple(datagram, known->skc_tuple) ? known : nullptr;
}

/// Of a segment that has no timestamps.
[[gnu::noinline]] bool early_demux_short(tcp_net& net, const packet::sk_buff& skb,
                                         std::span<const std::byte> datagram) {
  if (datagram.size() < ip_bytes + packet::tcp_header::bytes) return false;
  sock::sock_common* known = find_known(net, skb, datagram);
  return known != nullptr && tcp_v4_rcv_known(net, *known, skb, datagram);
}

[[gnu::always_inline]] inline bool tcp_v4_early_demux(tcp_net& net, const packet::sk_buff& skb,
                                                      std::span<const std::byte> datagram) {
  if (datagram.size() < ip_bytes + usual_segment::tcp_bytes) [[unlikely]]
    return early_demux_short(net, skb, datagram);
  sock::sock_common* known = find_known(net, skb, datagram);
  if (known == nullptr) [[unlikely]]
    return false;
  if (known->kind() == sock::sock_kind::full && skb.gso_size == 0 &&
      rcv_predicted(net, static_cast<tcp_sock&>(*known), datagram)) [[likely]] {
    return true;
  }
  return tcp_v4_rcv_known(net, *known, skb, datagram);
}

}  // namespace

[[gnu::hot]] bool tcp::early_demux(const packet::sk_buff& skb, std::span<const std::byte> datagram) {
  net_->tcp_mstamp_refresh();
  return tcp_v4_early_demux(*net_, skb, datagram);
}

}  // namespace fourtuple::tcp
