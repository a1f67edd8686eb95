// SPDX-License-Identifier: Apache-2.0
#include "host/ip/gso.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <span>

#include "host/base/byte_order.hpp"
#include "host/packet/checksum.hpp"
#include "host/packet/ethernet.hpp"

namespace fourtuple::ip {
namespace {

// Places in the headers: Ethernet, IPv4 (RFC 791 3.1), TCP (RFC 9293 3.1).
constexpr std::size_t ether_type_offset = 12;
constexpr std::size_t vlan_tag_bytes = 4;
constexpr std::size_t ip_total_length = 2;
constexpr std::size_t ip_identification = 4;
constexpr std::size_t ip_checksum = 10;
constexpr std::size_t tcp_sequence = 4;
constexpr std::size_t tcp_flag_bits = 13;
constexpr std::byte fin_and_psh{0x09};
constexpr std::byte cwr{0x80};

std::size_t network_offset(std::span<const std::byte> frame) noexcept {
  const bool tagged = base::load_be16(frame, ether_type_offset) == packet::eth_p_8021q;
  return packet::ethernet_header::untagged_bytes + (tagged ? vlan_tag_bytes : 0);
}

/// The payload's bytes from `offset` on, at most `count` of them.
void append_slice(packet::tx_sk_buff& to, const packet::tx_sk_buff& from, std::size_t offset, std::size_t count) {
  for (const auto piece : from.payload()) {
    if (offset >= piece.size()) {
      offset -= piece.size();
      continue;
    }
    const auto part = piece.subspan(offset, std::min(count, piece.size() - offset));
    offset = 0;
    count -= part.size();
    const bool fits = to.append(part);
    assert(fits);  // no more pieces than the whole has
    static_cast<void>(fits);
    if (count == 0) return;
  }
}

void patch_network(std::span<std::byte> header, std::size_t packet_bytes, std::size_t index) noexcept {
  const auto id = static_cast<std::uint16_t>(base::load_be16(header, ip_identification) + index);
  base::store_be16(header, ip_total_length, static_cast<std::uint16_t>(packet_bytes));
  base::store_be16(header, ip_identification, id);
  base::store_be16(header, ip_checksum, 0);
  base::store_be16(header, ip_checksum, packet::internet_checksum{}.add(header).checksum());
}

}  // namespace

void skb_checksum_help(packet::tx_sk_buff& skb) {
  const auto headers = skb.headers().subspan(skb.checksum_start());
  // The field holds the pseudo-header's sum and is summed with the rest.
  packet::internet_checksum sum;
  sum.add(headers);
  for (const auto piece : skb.payload()) sum.add(piece);
  const std::uint16_t checksum = sum.checksum();
  // 0 would say "no checksum" in UDP; for TCP the two are the same number.
  base::store_be16(headers, skb.checksum_offset(), checksum == 0 ? std::uint16_t{0xffff} : checksum);
  skb.clear_checksum_partial();
}

bool netif_needs_gso(const packet::tx_sk_buff& skb, const net_device_features& features) noexcept {
  if (skb.gso_size == 0) return false;
  return !features.tso || skb.payload_bytes() >= features.tso_max_size || skb.gso_segs() > features.tso_max_segs;
}

packet::tx_sk_buff gso_segments::segment(std::size_t index) const {
  assert(index < count() && whole_.checksum_partial());
  const std::size_t first = index * whole_.gso_size;
  const std::size_t bytes = std::min<std::size_t>(whole_.gso_size, whole_.payload_bytes() - first);
  const auto headers = whole_.headers();
  const std::size_t network = network_offset(headers);
  const std::size_t transport = whole_.checksum_start();

  packet::tx_sk_buff skb;
  append_slice(skb, whole_, first, bytes);
  const auto tcp = skb.push(headers.size() - transport);
  std::ranges::copy(headers.subspan(transport), tcp.begin());
  skb.set_checksum_partial(whole_.checksum_offset());
  base::store_be32(tcp, tcp_sequence, base::load_be32(tcp, tcp_sequence) + static_cast<std::uint32_t>(first));
  if (index != 0) tcp[tcp_flag_bits] &= ~cwr;
  if (index + 1 != count()) tcp[tcp_flag_bits] &= ~fin_and_psh;
  // The pseudo-header's length is this segment's. Its sum is never 0: the protocol is in it.
  const std::size_t whole_length = tcp.size() + whole_.payload_bytes();
  const std::uint16_t without_length =
      packet::subtract_sum(base::load_be16(tcp, whole_.checksum_offset()), static_cast<std::uint16_t>(whole_length));
  packet::internet_checksum pseudo{without_length};
  std::array<std::byte, 2> length{};
  base::store_be16(length, 0, static_cast<std::uint16_t>(tcp.size() + bytes));
  base::store_be16(tcp, whole_.checksum_offset(), pseudo.add(length).sum());

  const auto rest = skb.push(transport);
  std::ranges::copy(headers.first(transport), rest.begin());
  patch_network(rest.subspan(network), skb.size() - network, index);
  return skb;
}

}  // namespace fourtuple::ip
