// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <variant>

#include "host/base/byte_order.hpp"
#include "host/ip/ipv4_state.hpp"
#include "host/packet/checksum.hpp"
#include "host/packet/icmp.hpp"
#include "host/packet/udp.hpp"

namespace fourtuple::ip {

namespace {

// Option types, with the copied flag (RFC 791 3.1).
constexpr unsigned option_end = 0;
constexpr unsigned option_nop = 1;
constexpr unsigned option_lsrr = 131;
constexpr unsigned option_ssrr = 137;

enum class options_verdict : std::uint8_t { good, malformed, source_route };

/// Every option lies within the options (Linux: __ip_options_compile). None of them is acted on.
options_verdict check_options(std::span<const std::byte> options) {
  while (!options.empty()) {
    const unsigned type = base::load_be8(options);
    if (type == option_end) break;
    std::size_t length = 1;
    if (type != option_nop) {
      if (options.size() < 2) return options_verdict::malformed;
      length = base::load_be8(options, 1);
      if (length < 2 || length > options.size()) return options_verdict::malformed;
    }
    if (type == option_lsrr || type == option_ssrr) return options_verdict::source_route;
    options = options.subspan(length);
  }
  return options_verdict::good;
}

}  // namespace

/// What receive_known and receive_good ask of a frame: no fault was found in it by the device, it is for this host's
/// last Ethernet address, and holds a whole IPv4 packet without options that is no fragment. Its length, or 0.
[[gnu::always_inline]] inline std::size_t ipv4::state::plain_datagram_bytes(const packet::sk_buff& skb) const noexcept {
  constexpr std::size_t ip_at = packet::ethernet_header::untagged_bytes;
  // Of the header's first eight bytes: version 4 without options, and no fragment bits (more to come, the offset).
  constexpr std::uint64_t first_mask = 0xff00'0000'0000'3fff;
  constexpr std::uint64_t first_wanted = 0x4500'0000'0000'0000;
  const std::span<const std::byte> frame = skb.frame;
  if (skb.network_checksum != packet::ip_summed::unnecessary ||
      skb.transport_checksum != packet::ip_summed::unnecessary ||
      frame.size() < ip_at + packet::ipv4_header::min_bytes || !packet::is_mac(frame, 0, last_own_mac) ||
      base::load_be16(frame, ip_at - 2) != packet::eth_p_ip) {
    return 0;
  }
  const auto first = base::load_be<std::uint64_t>(frame, ip_at);
  const std::size_t total = first >> 32 & 0xffff;
  return (first & first_mask) == first_wanted && total <= frame.size() - ip_at ? total : 0;
}

/// The short way of a packet whose connection the device knows: nothing is looked up. False, and nothing happened, if
/// it is not as simple as that. Apart from what else may come, so that little has to be saved and restored.
[[gnu::always_inline]] inline bool ipv4::state::receive_known(const packet::sk_buff& skb) {
  if (!skb.table_hit) return false;
  const std::size_t total = plain_datagram_bytes(skb);
  // Too short for an IPv4 header is too short for everybody.
  if (total == 0) [[unlikely]]
    return false;
  const std::span<const std::byte> header = skb.frame.subspan(packet::ethernet_header::untagged_bytes, total);
  protocol* handler = protocols[base::load_be8(skb.frame, packet::ethernet_header::untagged_bytes + 9)];
  if (handler == nullptr || !handler->early_demux(skb, header)) [[unlikely]]
    return false;
  count_delivery(total);
  return true;
}

void ipv4::receive(std::span<const packet::sk_buff> list) {
  if (list.size() != 1) [[unlikely]] {
    state_->receive_list(list);
  } else if (!state_->receive_known(list.front())) {
    state_->receive_other(list.front());
  }
  flush();
}

void ipv4::state::receive_list(std::span<const packet::sk_buff> list) {
  if (gro_on && list.size() > 1) {
    for (const gro_unit& unit : merging.receive(list)) receive_unit(unit);
  } else {
    for (const packet::sk_buff& skb : list) receive_frame(skb);
  }
}

/// The short way of a packet between addresses that were found good: nothing of IPv4's is looked up. False, and nothing
/// happened, if it is not as simple as that.
bool ipv4::state::receive_good(const packet::sk_buff& skb) {
  const std::size_t total = plain_datagram_bytes(skb);
  if (total < packet::ipv4_header::min_bytes) return false;
  const std::span<const std::byte> header = skb.frame.subspan(packet::ethernet_header::untagged_bytes, total);
  const std::uint8_t number = base::load_be8(header, 9);
  protocol* handler = protocols[number];
  if (handler == nullptr) return false;
  const ipv4_packet packet{.source = {base::load_be32(header, 12)},
                           .destination = {base::load_be32(header, 16)},
                           .protocol = number,
                           .tos = base::load_be8(header, 1),
                           .ttl = base::load_be8(header, 8),
                           .payload = header.subspan(packet::ipv4_header::min_bytes),
                           .skb = &skb,
                           .checksum = packet::ip_summed::unnecessary};
  if (!has_last_good_addresses(packet)) return false;
  count_delivery(total);
  handler->rcv(packet);
  return true;
}

void ipv4::state::count_delivery(std::size_t total) noexcept {
  counters.add(mib::in_receives);
  counters.add(mib::in_octets, total);
  counters.add(mib::in_delivers);
}

void ipv4::state::receive_other(const packet::sk_buff& skb) {
  if (!receive_good(skb)) receive_parsed(skb, nullptr);
}

void ipv4::state::receive_frame(const packet::sk_buff& skb) {
  if (!receive_known(skb)) receive_other(skb);
}

void ipv4::state::receive_unit(const gro_unit& unit) {
  if (unit.rest.payloads.empty()) {
    receive_frame(unit.skb);
  } else {
    receive_parsed(unit.skb, &unit.rest);
  }
}

/// `rest`: of a unit, or nullptr.
void ipv4::state::receive_parsed(const packet::sk_buff& skb, const gro_rest* rest) {
  const auto frame = packet::parse_ethernet(skb.frame);
  // No VLAN is configured on any device, so a tag is somebody else's, unless it only carries a priority (802.1Q 6.9.1).
  if (!frame || (frame->header.vlan && frame->header.vlan->vid != 0)) {
    counters.add(mib::in_no_protocol);
    return;
  }
  const packet::mac_address& destination = frame->header.destination;
  if (!destination.is_group() &&
      std::ranges::none_of(interfaces, [&](const interface& i) { return i.device->address() == destination; })) {
    counters.add(mib::in_other_host);
    return;
  }
  if (!destination.is_group()) last_own_mac = destination;
  switch (frame->header.ether_type) {
    case packet::eth_p_ip:
      receive_ipv4(skb, *frame, ingress::network, rest);
      break;
    case packet::eth_p_arp:
      receive_arp(*frame);
      break;
    default:
      counters.add(mib::in_no_protocol);
      break;
  }
}

/// The host's own output needs none of that; its frames are untagged IPv4.
void ipv4::state::receive_looped(const packet::sk_buff& skb) {
  if (const auto frame = packet::parse_ethernet(skb.frame)) receive_ipv4(skb, *frame, ingress::loopback);
}

void ipv4::state::receive_arp(const packet::ethernet_frame& frame) {
  counters.add(mib::arp_received);
  const auto arp = packet::parse_arp(frame.payload);
  if (!arp || (arp->op != packet::arp_op::request && arp->op != packet::arp_op::reply)) {
    counters.add(mib::arp_malformed);
    return;
  }
  // A frame does not say which device it came in on: whose address is asked for does, or else whose neighbour speaks.
  auto at = std::ranges::find(interfaces, arp->target_ip, &interface::address);
  if (at == interfaces.end()) {
    const auto via = routes.lookup(arp->sender_ip);
    at = std::ranges::find_if(interfaces, [&](const interface& i) { return via && i.address == via->source; });
  }
  if (at == interfaces.end()) return;
  flush_before(*at->device);  // An answer, or what had waited for one.
  at->neighbours->receive(*arp, frame.header.destination.is_group());
}

void ipv4::state::receive_ipv4(const packet::sk_buff& skb, const packet::ethernet_frame& frame, ingress from,
                               const gro_rest* rest) {
  counters.add(mib::in_receives);
  const bool known_good = skb.network_checksum == packet::ip_summed::unnecessary;
  const auto parsed = packet::parse_ipv4(frame.payload, known_good);
  if (const auto* fault = std::get_if<packet::ipv4_fault>(&parsed)) {
    const bool truncated = *fault == packet::ipv4_fault::truncated;
    if (*fault == packet::ipv4_fault::checksum) counters.add(mib::in_csum_errors);
    counters.add(truncated ? mib::in_truncated_pkts : mib::in_hdr_errors);
    return;
  }
  const auto& datagram = std::get<packet::ipv4_datagram>(parsed);
  if (skb.network_checksum == packet::ip_summed::bad) {
    counters.add(mib::in_csum_errors);
    counters.add(mib::in_hdr_errors);
    return;
  }
  counters.add(mib::in_octets, datagram.header.total_bytes + (rest != nullptr ? rest->bytes : 0U));
  if (!accept_addresses(datagram.header, frame.header.destination.is_group(), from)) return;
  if (!accept_options(datagram.options)) return;
  if (!datagram.header.is_fragment()) {
    deliver(datagram, &skb, rest);
    return;
  }
  if (const auto whole = defrag.add(datagram)) {
    // An ICMP error about it quotes a header, as it would have been without fragments.
    std::array<std::byte, packet::ipv4_header::min_bytes> header;
    packet::write_ipv4(header, whole->header);
    deliver({.header = whole->header, .header_bytes = header, .options = {}, .payload = whole->payload}, nullptr);
  }
}

bool ipv4::state::has_last_good_addresses(const ipv4_packet& packet) const noexcept {
  return packet.source == last_good_source && packet.destination == last_good_destination &&
         !last_good_destination.is_any();
}

/// Counts what is refused.
bool ipv4::state::accept_addresses(const packet::ipv4_header& header, bool group_frame, ingress from) {
  // What this host sends to itself has both addresses of its own: it was routed here.
  if (from == ingress::loopback) return true;
  const bool broadcast = routes.is_broadcast(header.destination);
  if (broadcast) counters.add(mib::in_bcast_pkts);
  // RFC 1122 3.2.1.3: such a source is silently discarded. 0.0.0.0 speaks by broadcast while it has no address.
  const bool bad_source =
      routes.is_local(header.source) || (routes.is_martian(header.source) && !(header.source.is_any() && broadcast));
  // RFC 1122 3.2.1.3 (g): 127.0.0.0/8 never appears outside of a host.
  const bool unicast = routes.is_local(header.destination) && !header.destination.is_loopback();
  // RFC 1122 3.3.6: a link-layer broadcast of a packet for one host. RFC 1122 4.2.3.10: TCP is never broadcast.
  const bool misdirected = (unicast && group_frame) || (broadcast && header.protocol == packet::ip_protocol::tcp);
  if (bad_source || misdirected || !(unicast || broadcast)) {
    counters.add(mib::in_addr_errors);
    return false;
  }
  if (unicast && !broadcast) {
    last_good_source = header.source;
    last_good_destination = header.destination;
  }
  return true;
}

bool ipv4::state::accept_options(std::span<const std::byte> options) {
  if (options.empty()) return true;
  switch (check_options(options)) {
    case options_verdict::good:
      return true;
    case options_verdict::malformed:
      counters.add(mib::in_hdr_errors);
      return false;
    case options_verdict::source_route:  // Linux: accept_source_route is off
      counters.add(mib::in_discards);
      return false;
  }
  return false;
}

void ipv4::state::deliver(const packet::ipv4_datagram& datagram, const packet::sk_buff* skb, const gro_rest* rest) {
  const packet::ipv4_header& header = datagram.header;
  const ipv4_packet packet{.source = header.source,
                           .destination = header.destination,
                           .protocol = header.protocol,
                           .tos = header.tos,
                           .ttl = header.ttl,
                           .payload = datagram.payload,
                           .skb = skb,
                           .checksum = skb != nullptr ? skb->transport_checksum : packet::ip_summed::none,
                           .gro = rest};
  if (header.protocol == packet::ip_protocol::icmp) {
    counters.add(mib::in_delivers);
    messages.receive(packet);
  } else if (protocol* handler = protocols[header.protocol]; handler != nullptr) {
    counters.add(mib::in_delivers);
    handler->rcv(packet);
  } else {
    deliver_unhandled(datagram);
  }
}

void ipv4::state::deliver_unhandled(const packet::ipv4_datagram& datagram) {
  if (datagram.header.protocol != packet::ip_protocol::udp) {
    counters.add(mib::in_unknown_protos);
    messages.send_error(datagram, packet::icmp_dest_unreach, packet::icmp_prot_unreach);
    return;
  }
  counters.add(mib::in_delivers);
  const auto udp = packet::parse_udp(datagram.payload);
  if (!udp) {
    counters.add(mib::udp_in_errors);
    return;
  }
  // Only what arrived undamaged is answered (Linux: __udp4_lib_rcv).
  const auto summed = datagram.payload.first(udp->header.length_bytes);
  if (udp->header.checksum != 0 && packet::transport_checksum(datagram.header.source, datagram.header.destination,
                                                              packet::ip_protocol::udp, summed) != 0) {
    counters.add(mib::udp_in_csum_errors);
    counters.add(mib::udp_in_errors);
    return;
  }
  counters.add(mib::udp_no_ports);
  messages.send_error(datagram, packet::icmp_dest_unreach, packet::icmp_port_unreach);
}

}  // namespace fourtuple::ip
