// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <variant>
#include <vector>

#include "host/base/byte_order.hpp"
#include "host/base/jhash.hpp"
#include "host/ip/gso.hpp"
#include "host/ip/ipv4_state.hpp"
#include "host/packet/checksum.hpp"
#include "host/packet/icmp.hpp"

namespace fourtuple::ip {

namespace {

constexpr std::uint8_t icmp_host_unreach = 1;
constexpr std::size_t max_packet_bytes = 65'535;
constexpr std::uint16_t min_mtu_bytes = 68;  // RFC 791 3.2

packet::mac_address multicast_mac(packet::ipv4_address group) {  // RFC 1112 6.4
  return {{0x01, 0x00, 0x5e, static_cast<std::uint8_t>(group.value >> 16 & 0x7f),
           static_cast<std::uint8_t>(group.value >> 8), static_cast<std::uint8_t>(group.value)}};
}

packet::ipv4_header header_for(const ipv4_output& how) {
  return {.tos = how.tos,
          .dont_fragment = how.dont_fragment,
          .ttl = how.ttl,
          .protocol = how.protocol,
          .source = how.source,
          .destination = how.destination};
}

/// Nothing of it has to be cut up by IPv4. `skb` starts behind the IPv4 header.
[[gnu::always_inline]] inline bool fits(const packet::tx_sk_buff& skb, const route& via) noexcept {
  const std::size_t bytes = skb.size() + packet::ipv4_header::min_bytes;
  if (skb.gso_size == 0) return bytes <= via.mtu;
  // What goes out as one packet (Linux: skb_gso_validate_network_len).
  const std::size_t largest = bytes - skb.payload_bytes() + skb.gso_size;
  return largest <= via.mtu && bytes <= max_packet_bytes;
}

/// A device can take it as it is.
[[gnu::always_inline]] inline bool needs_nothing(const packet::tx_sk_buff& skb, const route& via) noexcept {
  return fits(skb, via) && (skb.gso_size != 0 || !skb.checksum_partial() || via.tx_checksum != 0);
}

}  // namespace

ipv4::state::interface* ipv4::state::find_interface(const route& via) noexcept {
  const auto found = std::ranges::find_if(
      interfaces, [&](const interface& i) { return i.device == via.device && i.address == via.source; });
  return found == interfaces.end() ? nullptr : &*found;
}

std::uint16_t ipv4::state::id_generator(packet::ipv4_address source, packet::ipv4_address destination,
                                        std::uint8_t protocol) noexcept {
  return base::jhash_3words(destination.value, source.value, protocol, 0) % id_generators;
}

void ipv4::state::make_header(recent_header& to, const ipv4_output& how, const route& via) noexcept {
  const bool as_routed = how.source == via.source && how.protocol == packet::ip_protocol::tcp;
  to.how = how;
  to.id_generator = static_cast<std::uint16_t>(as_routed ? via.id_generator
                                                         : id_generator(how.source, how.destination, how.protocol));
  to.device = nullptr;
  to.flow = no_flow;
  packet::write_ipv4(to.bytes, header_for(how));
  // The checksum says what the others come to.
  to.sum = static_cast<std::uint16_t>(~base::load_be16(to.bytes, packet::ipv4_header::checksum_offset));
  base::store_be16(to.bytes, packet::ipv4_header::checksum_offset, 0);
}

[[gnu::always_inline]] inline ipv4::state::recent_header& ipv4::state::header_of(const ipv4_output& how,
                                                                                 const route& via) noexcept {
  recent_header& last = recent_header_to(how.destination);
  if (last.how != how) [[unlikely]]
    make_header(last, how, via);
  return last;
}

[[gnu::always_inline]] inline std::uint16_t ipv4::state::select_id(const recent_header& header,
                                                                   const packet::tx_sk_buff& skb) noexcept {
  std::uint16_t& next = ids[header.id_generator];
  const std::uint16_t id = next;
  // Each segment that this is cut into has an identification of its own.
  next = static_cast<std::uint16_t>(id + skb.gso_segs());
  return id;
}

/// One packet that the device takes as it is, to a neighbour whose Ethernet header is ready (Linux: neigh_hh_output).
[[gnu::always_inline]] inline xmit_result ipv4::state::output_connected(packet::tx_sk_buff& skb,
                                                                        const recent_header& header) {
  counters.add(mib::out_requests);
  flush_before(*header.device);
  const std::size_t bytes = skb.size() + packet::ipv4_header::min_bytes;
  const std::array<std::byte, packet::ethernet_header::untagged_bytes>& ethernet = header.hh->header;
  header.hh->use();
  const std::uint16_t id = select_id(header, skb);
  const std::span<std::byte> headers = skb.push(ethernet.size() + packet::ipv4_header::min_bytes);
  std::memcpy(headers.data() + ethernet.size(), header.bytes.data(), header.bytes.size());
  packet::complete_ipv4(headers.subspan(ethernet.size()), header.sum, static_cast<std::uint16_t>(bytes), id);
  std::memcpy(headers.data(), ethernet.data(), ethernet.size());
  if (header.device->xmit(skb) != netdev_tx::ok) [[unlikely]]
    return xmit_result::busy;
  counters.add(mib::out_octets, bytes);
  return xmit_result::ok;
}

[[gnu::always_inline]] inline std::optional<xmit_result> ipv4::state::output_flow(packet::tx_sk_buff& skb,
                                                                                  const route& via,
                                                                                  packet::ipv4_address destination) {
  const recent_header& header = recent_header_to(destination);
  // The number says it all, until it wraps. Then it says where to.
  if (header.flow != via.flow || header.how.destination != destination || !header.hh->connected ||
      !needs_nothing(skb, via)) [[unlikely]] {
    return std::nullopt;
  }
  return output_connected(skb, header);
}

std::optional<xmit_result> ipv4::queue_known_flow(packet::tx_sk_buff& skb, const route& via,
                                                  packet::ipv4_address destination) {
  return state_->output_flow(skb, via, destination);
}

/// `flow` becomes the number of the header that the packet has, if the next one can go by that.
[[gnu::always_inline]] inline xmit_result ipv4::state::output(packet::tx_sk_buff& skb, const route& via,
                                                              const ipv4_output& how, std::uint32_t& flow) {
  const recent_header& last = recent_header_to(how.destination);
  if (last.is_for(how, via) && needs_nothing(skb, via)) [[likely]] {
    flow = last.flow;
    return output_connected(skb, last);
  }
  const xmit_result result = output_by_neighbour(skb, via, how);
  flow = last.is_for(how, via) ? last.flow : 0;
  return result;
}

xmit_result ipv4::queue_new_flow(packet::tx_sk_buff& skb, route& via, const ipv4_output& output) {
  return state_->output(skb, via, output, via.flow);
}

xmit_result ipv4::queue_xmit(packet::tx_sk_buff& skb, const route& via, const ipv4_output& output) {
  std::uint32_t flow = 0;
  return state_->output(skb, via, output, flow);
}

xmit_result ipv4::state::output_by_neighbour(packet::tx_sk_buff& skb, const route& via, const ipv4_output& how) {
  interface* out = interface_of(via);
  if (out != nullptr && needs_nothing(skb, via)) {
    if (neighbour_table::hh_cache* hh = out->neighbours->connected(via.next_hop)) {
      recent_header& last = header_of(how, via);
      last.device = via.device;
      last.source = via.source;
      last.next_hop = via.next_hop;
      last.hh = hh;
      last.flow = next_flow();
      return output_connected(skb, last);
    }
  }
  return output_slow(skb, via, how, out);
}

xmit_result ipv4::state::output_slow(packet::tx_sk_buff& skb, const route& via, const ipv4_output& how,
                                     interface* out) {
  counters.add(mib::out_requests);
  if (out == nullptr && via.device != &loopback) {
    counters.add(mib::out_no_routes);
    return xmit_result::no_route;
  }
  flush_before(*via.device);
  if (skb.checksum_partial() && skb.gso_size == 0 && !via.device->features().tx_checksum) skb_checksum_help(skb);
  const std::size_t bytes = skb.size() + packet::ipv4_header::min_bytes;
  if (!fits(skb, via)) {
    if (skb.gso_size == 0 && !how.dont_fragment && bytes <= max_packet_bytes && via.mtu >= min_mtu_bytes) {
      return output_fragments(skb, via, how, out);
    }
    counters.add(mib::frag_fails);
    return xmit_result::too_big;
  }
  packet::ipv4_header header = header_for(how);
  header.id = select_id(header_of(how, via), skb);
  header.total_bytes = static_cast<std::uint16_t>(bytes);
  packet::write_ipv4(skb.push(packet::ipv4_header::min_bytes), header);
  return count(finish_output(skb, via, out), bytes);
}

xmit_result ipv4::state::count(xmit_result result, std::size_t bytes) {
  if (result == xmit_result::ok) {
    counters.add(mib::out_octets, bytes);
  } else if (result != xmit_result::busy) {
    // Busy is no loss: the sender still has the packet.
    counters.add(mib::out_discards);
  }
  return result;
}

/// Linux: ip_fragment. What does not get out after the first fragment is lost: the receiver gives the rest up.
xmit_result ipv4::state::output_fragments(packet::tx_sk_buff& skb, const route& via, const ipv4_output& how,
                                          interface* out) {
  if (skb.checksum_partial()) skb_checksum_help(skb);
  std::vector<std::byte> packet(skb.headers().begin(), skb.headers().end());
  for (const auto piece : skb.payload()) packet.insert(packet.end(), piece.begin(), piece.end());

  packet::ipv4_header header = header_for(how);
  header.id = select_id(header_of(how, via), skb);
  const std::size_t room = (via.mtu - packet::ipv4_header::min_bytes) / 8 * 8;
  for (std::size_t offset = 0; offset < packet.size(); offset += room) {
    const auto piece = std::span<const std::byte>{packet}.subspan(offset, std::min(room, packet.size() - offset));
    packet::tx_sk_buff fragment;
    static_cast<void>(fragment.append(piece));
    header.fragment_offset_bytes = static_cast<std::uint16_t>(offset);
    header.more_fragments = offset + piece.size() < packet.size();
    header.total_bytes = static_cast<std::uint16_t>(piece.size() + packet::ipv4_header::min_bytes);
    packet::write_ipv4(fragment.push(packet::ipv4_header::min_bytes), header);
    const xmit_result result = count(finish_output(fragment, via, out), header.total_bytes);
    if (result != xmit_result::ok) {
      counters.add(mib::frag_fails);
      return result;
    }
    counters.add(mib::frag_creates);
  }
  counters.add(mib::frag_oks);
  return xmit_result::ok;
}

/// Linux: ip_finish_output2. `skb` starts at its IPv4 header.
xmit_result ipv4::state::finish_output(packet::tx_sk_buff& skb, const route& via, interface* out) {
  if (via.device == &loopback) {
    packet::write_ethernet(
        skb.push(packet::ethernet_header::untagged_bytes),
        {.destination = loopback.address(), .source = loopback.address(), .vlan = {}, .ether_type = packet::eth_p_ip});
    return loopback.xmit(skb) == netdev_tx::ok ? xmit_result::ok : xmit_result::busy;
  }
  if (via.next_hop.is_multicast() || routes.is_broadcast(via.next_hop)) {
    packet::write_ethernet(
        skb.push(packet::ethernet_header::untagged_bytes),
        {.destination = via.next_hop.is_multicast() ? multicast_mac(via.next_hop) : packet::mac_address::broadcast(),
         .source = via.device->address(),
         .vlan = {},
         .ether_type = packet::eth_p_ip});
    return via.device->xmit(skb) == netdev_tx::ok ? xmit_result::ok : xmit_result::busy;
  }
  switch (out->neighbours->send(via.next_hop, skb)) {
    case neighbour_table::output::sent:
    case neighbour_table::output::queued:
      return xmit_result::ok;
    case neighbour_table::output::busy:
      return xmit_result::busy;
    case neighbour_table::output::full:
      break;
  }
  return xmit_result::no_memory;
}

/// Linux: arp_error_report, ipv4_link_failure.
void ipv4::state::unreachable(const queued_packet& packet) {
  std::vector<std::byte> bytes = packet.headers;
  bytes.insert(bytes.end(), packet.payload.begin(), packet.payload.end());
  const auto parsed = packet::parse_quoted_ipv4(bytes);
  if (const auto* about = std::get_if<packet::ipv4_datagram>(&parsed)) {
    messages.deliver_error(packet::icmp_dest_unreach, icmp_host_unreach, 0, *about);
  }
}

}  // namespace fourtuple::ip
