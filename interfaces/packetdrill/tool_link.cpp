// SPDX-License-Identifier: Apache-2.0
#include "interfaces/packetdrill/tool_link.hpp"

#include "host/packet/arp.hpp"
#include "host/packet/ethernet.hpp"

namespace fourtuple::packetdrill {

std::vector<std::byte> frame_to_stack(std::span<const std::byte> packet) {
  std::vector<std::byte> frame(packet::ethernet_header::untagged_bytes);
  packet::write_ethernet(frame,
                         {.destination = stack_mac, .source = tool_mac, .vlan = {}, .ether_type = packet::eth_p_ip});
  frame.insert(frame.end(), packet.begin(), packet.end());
  return frame;
}

std::optional<std::span<const std::byte>> packet_in(std::span<const std::byte> frame) {
  const auto parsed = packet::parse_ethernet(frame);
  if (!parsed || parsed->header.ether_type != packet::eth_p_ip) return std::nullopt;
  return parsed->payload;
}

std::optional<std::vector<std::byte>> arp_answer(std::span<const std::byte> frame) {
  const auto parsed = packet::parse_ethernet(frame);
  if (!parsed || parsed->header.ether_type != packet::eth_p_arp) return std::nullopt;
  const auto arp = packet::parse_arp(parsed->payload);
  if (!arp || arp->op != packet::arp_op::request || arp->target_ip == arp->sender_ip) return std::nullopt;
  std::vector<std::byte> reply(packet::ethernet_header::untagged_bytes + packet::arp_packet::bytes);
  packet::write_ethernet(reply,
                         {.destination = stack_mac, .source = tool_mac, .vlan = {}, .ether_type = packet::eth_p_arp});
  packet::write_arp(std::span(reply).subspan(packet::ethernet_header::untagged_bytes), {.op = packet::arp_op::reply,
                                                                                        .sender_mac = tool_mac,
                                                                                        .sender_ip = arp->target_ip,
                                                                                        .target_mac = stack_mac,
                                                                                        .target_ip = arp->sender_ip});
  return reply;
}

}  // namespace fourtuple::packetdrill
