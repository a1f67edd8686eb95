// SPDX-License-Identifier: Apache-2.0
#include "model/observe/frame_summary.hpp"

#include <algorithm>
#include <span>

#include "host/base/byte_order.hpp"
#include "model/nic/frame_offload.hpp"
#include "model/wire/link.hpp"

namespace fourtuple::model::observe {
namespace {

constexpr std::uint32_t swapped(std::uint32_t value) noexcept {
  return value >> 24 | (value >> 8 & 0xff00U) | (value << 8 & 0xff'0000U) | value << 24;
}
constexpr std::uint16_t swapped(std::uint16_t value) noexcept {
  return static_cast<std::uint16_t>(value >> 8 | value << 8);
}

void take_tcp(std::span<const std::byte> bytes, const nic::frame_offload& parsed, frame_summary& summary) {
  const auto segment = packet::parse_tcp(bytes.subspan(parsed.l4_offset));
  if (!segment) return;
  summary.seq = segment->header.seq;
  summary.ack_seq = segment->header.ack_seq;
  summary.flags = segment->header.flags;
  // Padding behind the packet is not payload.
  const std::uint32_t packet_end = parsed.l3_offset + std::uint32_t{base::load_be16(bytes, parsed.l3_offset + 2U)};
  summary.payload_bytes = packet_end - std::min<std::uint32_t>(packet_end, parsed.payload_offset);
}

}  // namespace

packet::connection_tuple as_host_tuple(const nic::connection_tuple& tuple) noexcept {
  return {.local = {swapped(tuple.local_address)},
          .foreign = {swapped(tuple.foreign_address)},
          .local_port = tuple.local_port,
          .foreign_port = swapped(tuple.foreign_port)};
}

nic::connection_tuple as_nic_tuple(const packet::connection_tuple& tuple) noexcept {
  return {.local_address = swapped(tuple.local.value),
          .foreign_address = swapped(tuple.foreign.value),
          .local_port = tuple.local_port,
          .foreign_port = swapped(tuple.foreign_port)};
}

frame_summary summarise(const wire::frame& content, std::uint32_t hash_secret) {
  frame_summary summary{.length_bytes = static_cast<std::uint32_t>(content.bytes.size()), .bad = content.bad};
  if (content.bytes.size() < wire::smallest_frame_bytes) return summary;
  const nic::frame_offload parsed = nic::offload_frame(content.bytes, hash_secret);
  summary.packet_class = parsed.packet_class;
  summary.hash = parsed.hash;
  const bool tcp = parsed.packet_class == regs::packet_class::ipv4_tcp;
  if (tcp || parsed.packet_class == regs::packet_class::ipv4_udp) summary.tuple = as_host_tuple(parsed.tuple);
  if (tcp) take_tcp(content.bytes, parsed, summary);
  return summary;
}

}  // namespace fourtuple::model::observe
