// SPDX-License-Identifier: Apache-2.0
#include "interfaces/packetdrill/segment_joiner.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "host/base/byte_order.hpp"
#include "host/packet/checksum.hpp"
#include "host/packet/ipv4_header.hpp"
#include "host/packet/tcp_header.hpp"

namespace fourtuple::packetdrill {

namespace {

// Offsets in IPv4's header (RFC 791 3.1) and TCP's (RFC 9293 3.1).
constexpr std::size_t ip_total_length = 2;
constexpr std::size_t ip_id = 4;
constexpr std::size_t ip_checksum = 10;
constexpr std::size_t tcp_seq = 4;
constexpr std::size_t tcp_flags = 13;
constexpr std::byte fin_and_psh{0x09};
constexpr std::byte cwr{0x80};

struct tcp_packet {
  packet::ipv4_datagram ip;
  packet::tcp_segment tcp;
  [[nodiscard]] std::size_t ip_bytes() const { return ip.header_bytes.size(); }
  [[nodiscard]] std::size_t header_bytes() const { return ip_bytes() + ip.payload.size() - tcp.payload.size(); }
};

std::optional<tcp_packet> parse(std::span<const std::byte> bytes) {
  const auto parsed = packet::parse_ipv4(bytes, true);
  const auto* ip = std::get_if<packet::ipv4_datagram>(&parsed);
  if (ip == nullptr || ip->header.protocol != packet::ip_protocol::tcp || ip->header.is_fragment()) return std::nullopt;
  const auto tcp = packet::parse_tcp(ip->payload);
  if (!tcp) return std::nullopt;
  return tcp_packet{*ip, *tcp};
}

/// Lengths and checksums of a packet whose headers are otherwise done. `ip_bytes`: of its IPv4 header.
void finish(std::vector<std::byte>& bytes, std::size_t ip_bytes) {
  base::store_be16(bytes, ip_total_length, static_cast<std::uint16_t>(bytes.size()));
  base::store_be16(bytes, ip_checksum, 0);
  const auto ip = std::span<const std::byte>(bytes).first(ip_bytes);
  base::store_be16(bytes, ip_checksum, packet::internet_checksum{}.add(ip).checksum());
  base::store_be16(bytes, ip_bytes + packet::tcp_header::checksum_offset, 0);
  const auto parsed = parse(bytes);
  if (!parsed) return;
  const std::uint16_t sum = packet::transport_checksum(parsed->ip.header.source, parsed->ip.header.destination,
                                                       packet::ip_protocol::tcp, parsed->ip.payload);
  base::store_be16(bytes, ip_bytes + packet::tcp_header::checksum_offset, sum);
}

/// `next` goes on where `before` ends, as a piece of the same packet.
bool follows(const tcp_packet& before, const tcp_packet& next) {
  const auto& a = before.tcp.header;
  const auto& b = next.tcp.header;
  return before.ip.header.source == next.ip.header.source &&
         before.ip.header.destination == next.ip.header.destination && before.ip.header.tos == next.ip.header.tos &&
         a.source_port == b.source_port && a.destination_port == b.destination_port && a.ack_seq == b.ack_seq &&
         a.window == b.window && before.tcp.options == next.tcp.options && !a.flags.fin && !a.flags.psh &&
         b.seq == a.seq + before.tcp.payload.size();
}

/// Nothing if they are not pieces of one packet, or too much for one.
std::optional<std::vector<std::byte>> join(const std::vector<std::vector<std::byte>>& parts) {
  std::vector<std::byte> whole = parts.front();
  const auto first = parse(parts.front());
  if (!first) return std::nullopt;
  const std::size_t flags_at = first->ip_bytes() + tcp_flags;
  auto before = first;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto next = parse(parts[i]);
    if (!next || !follows(*before, *next)) return std::nullopt;
    whole.insert(whole.end(), next->tcp.payload.begin(), next->tcp.payload.end());
    whole[flags_at] |= parts[i][next->ip_bytes() + tcp_flags] & fin_and_psh;
    before = next;
  }
  if (whole.size() > 0xffff) return std::nullopt;
  finish(whole, first->ip_bytes());
  return whole;
}

}  // namespace

std::vector<std::vector<std::byte>> segment_joiner::add(std::vector<std::byte> packet) {
  parts_.push_back(std::move(packet));
  const std::size_t count = expected_.empty() ? 1 : expected_.front();
  if (parts_.size() < count) return {};
  if (!expected_.empty()) expected_.pop_front();
  auto parts = std::exchange(parts_, {});
  if (parts.size() == 1) return parts;
  if (auto whole = join(parts)) return {std::move(*whole)};
  return parts;
}

std::vector<std::vector<std::byte>> cut_packet(std::span<const std::byte> packet, std::size_t mss) {
  const auto parsed = parse(packet);
  if (!parsed || mss == 0) return {};
  if (parsed->tcp.payload.size() <= mss) return {{packet.begin(), packet.end()}};
  std::vector<std::vector<std::byte>> pieces;
  const auto headers = packet.first(parsed->header_bytes());
  const std::size_t flags_at = parsed->ip_bytes() + tcp_flags;
  for (std::size_t from = 0; from < parsed->tcp.payload.size(); from += mss) {
    const auto payload = parsed->tcp.payload.subspan(from, std::min(mss, parsed->tcp.payload.size() - from));
    std::vector<std::byte>& piece = pieces.emplace_back(headers.begin(), headers.end());
    piece.insert(piece.end(), payload.begin(), payload.end());
    const auto number = static_cast<std::uint16_t>(pieces.size() - 1);
    base::store_be16(piece, ip_id, static_cast<std::uint16_t>(parsed->ip.header.id + number));
    base::store_be32(piece, parsed->ip_bytes() + tcp_seq, parsed->tcp.header.seq + static_cast<std::uint32_t>(from));
    // Linux's tcp_gso_segment: only the last ends what was written, only the first reports that the window was reduced.
    if (from + mss < parsed->tcp.payload.size()) piece[flags_at] &= ~fin_and_psh;
    if (from > 0) piece[flags_at] &= ~cwr;
    finish(piece, parsed->ip_bytes());
  }
  return pieces;
}

}  // namespace fourtuple::packetdrill
