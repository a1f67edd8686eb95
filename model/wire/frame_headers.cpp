// SPDX-License-Identifier: Apache-2.0
#include "model/wire/frame_headers.hpp"

#include <cstdint>

namespace fourtuple::model::wire {
namespace {

constexpr std::size_t ethernet_header_bytes = 14;
constexpr std::size_t smallest_ipv4_header_bytes = 20;
constexpr std::size_t smallest_tcp_header_bytes = 20;
constexpr unsigned ethertype_ipv4 = 0x0800;
constexpr unsigned protocol_tcp = 6;
constexpr unsigned fin_flag = 0x01;
constexpr unsigned syn_flag = 0x02;
constexpr unsigned rst_flag = 0x04;
constexpr unsigned ack_flag = 0x10;
constexpr unsigned congestion_experienced = 3;

unsigned octet(std::span<const std::byte> bytes, std::size_t at) { return std::to_integer<unsigned>(bytes[at]); }
unsigned word(std::span<const std::byte> bytes, std::size_t at) { return octet(bytes, at) << 8 | octet(bytes, at + 1); }

struct tcp_summary {
  unsigned flags;
  bool payload;
};

std::optional<tcp_summary> find_tcp(std::span<const std::byte> bytes) {
  const auto packet = find_ipv4(bytes);
  if (!packet || octet(bytes, packet->offset + 9) != protocol_tcp) return std::nullopt;
  constexpr unsigned fragment_bits = 0x3fff;  // More fragments, and the offset.
  if ((word(bytes, packet->offset + 6) & fragment_bits) != 0) return std::nullopt;
  const std::size_t segment_bytes = packet->total_bytes - packet->header_bytes;
  if (segment_bytes < smallest_tcp_header_bytes) return std::nullopt;
  const std::size_t segment = packet->offset + packet->header_bytes;
  const std::size_t header_bytes = std::size_t{octet(bytes, segment + 12) >> 4} * 4;
  return tcp_summary{.flags = octet(bytes, segment + 13), .payload = segment_bytes > header_bytes};
}

}  // namespace

std::optional<ipv4_place> find_ipv4(std::span<const std::byte> bytes) {
  if (bytes.size() < ethernet_header_bytes + smallest_ipv4_header_bytes) return std::nullopt;
  if (word(bytes, 12) != ethertype_ipv4 || octet(bytes, ethernet_header_bytes) >> 4 != 4) return std::nullopt;
  const ipv4_place place{.offset = ethernet_header_bytes,
                         .header_bytes = std::size_t{octet(bytes, ethernet_header_bytes) & 15U} * 4,
                         .total_bytes = word(bytes, ethernet_header_bytes + 2)};
  if (place.header_bytes < smallest_ipv4_header_bytes || place.total_bytes < place.header_bytes ||
      place.total_bytes > bytes.size() - ethernet_header_bytes)
    return std::nullopt;
  return place;
}

bool is_of_kind(std::span<const std::byte> bytes, segment_kind kind) {
  if (kind == segment_kind::frame) return true;
  const auto segment = find_tcp(bytes);
  if (!segment) return false;
  const auto has = [&segment](unsigned flag) { return (segment->flags & flag) != 0; };
  switch (kind) {
    case segment_kind::syn:
      return has(syn_flag) && !has(ack_flag);
    case segment_kind::syn_ack:
      return has(syn_flag) && has(ack_flag);
    case segment_kind::data:
      return segment->payload;
    case segment_kind::ack:
      return has(ack_flag) && !segment->payload && !has(syn_flag | fin_flag | rst_flag);
    case segment_kind::fin:
      return has(fin_flag);
    case segment_kind::rst:
      return has(rst_flag);
    default:
      return false;
  }
}

bool mark_congestion(std::span<std::byte> bytes) {
  const auto packet = find_ipv4(bytes);
  if (!packet) return false;
  const std::size_t traffic_class = packet->offset + 1;
  const unsigned before = octet(bytes, traffic_class) & congestion_experienced;
  if (before == 0 || before == congestion_experienced) return false;
  const std::size_t checksum = packet->offset + 10;
  // RFC 1624 eqn. 3, HC' = ~(~HC + ~m + m'): the word grows by less than 3, so that the sum folds once.
  std::uint32_t sum = (~word(bytes, checksum) & 0xffffU) + (congestion_experienced - before);
  sum = (sum & 0xffffU) + (sum >> 16);
  const std::uint32_t updated = ~sum & 0xffffU;
  bytes[traffic_class] |= std::byte{congestion_experienced};
  bytes[checksum] = static_cast<std::byte>(updated >> 8);
  bytes[checksum + 1] = static_cast<std::byte>(updated & 0xffU);
  return true;
}

}  // namespace fourtuple::model::wire
