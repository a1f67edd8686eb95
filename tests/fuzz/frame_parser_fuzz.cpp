// SPDX-License-Identifier: Apache-2.0
// A frame through every parser of host/packet: views stay within what was parsed, headers that are written again read
// the same, and where the tests' own dissector understands a segment, the parsers understand it alike.
#include <algorithm>
#include <array>
#include <variant>

#include "host/packet/arp.hpp"
#include "host/packet/checksum.hpp"
#include "host/packet/ethernet.hpp"
#include "host/packet/icmp.hpp"
#include "host/packet/ipv4_header.hpp"
#include "host/packet/tcp_header.hpp"
#include "host/packet/udp.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/support/frames.hpp"

namespace fourtuple::fuzz {
namespace {

using bytes_view = std::span<const std::byte>;

bool within(bytes_view part, bytes_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void look_at_sum(bytes_view bytes) {
  const std::size_t cut = bytes.size() / 3;
  const auto pieces = packet::internet_checksum{}.add(bytes.first(cut)).add(bytes.subspan(cut));
  require(pieces.checksum() == support::checksum(bytes), "a sum of pieces is the sum of the whole");
}

void look_at_arp(bytes_view payload) {
  const auto arp = packet::parse_arp(payload);
  if (!arp) return;
  std::array<std::byte, packet::arp_packet::bytes> written{};
  packet::write_arp(written, *arp);
  require(packet::parse_arp(written) == arp, "ARP written and read is the same");
}

void look_at_udp(bytes_view payload) {
  const auto udp = packet::parse_udp(payload);
  if (!udp) return;
  require(within(udp->payload, payload), "UDP's payload is within the packet");
  std::array<std::byte, packet::udp_header::bytes> written{};
  packet::write_udp(written, udp->header);
  require(std::ranges::equal(written, payload.first(written.size())), "UDP's header written is the same");
}

void look_at_tcp(bytes_view payload) {
  const auto segment = packet::parse_tcp(payload);
  if (!segment) return;
  require(within(segment->payload, payload), "TCP's payload is within the packet");
  require(segment->options.sack_block_count <= packet::tcp_options::max_sack_blocks,
          "no more blocks than there is room");
}

void look_at_ipv4(bytes_view bytes);

void look_at_icmp(bytes_view payload) {
  const auto message = packet::parse_icmp(payload);
  if (!message) return;
  require(within(message->payload, payload), "ICMP's payload is within the packet");
  std::array<std::byte, packet::icmp_header::bytes> written{};
  packet::write_icmp(written, message->header);
  require(std::ranges::equal(written, payload.first(written.size())), "ICMP's header written is the same");
  const auto quoted = packet::parse_quoted_ipv4(message->payload);
  if (const auto* datagram = std::get_if<packet::ipv4_datagram>(&quoted)) {
    require(within(datagram->payload, message->payload), "what is quoted is within the message");
    look_at_tcp(datagram->payload);
  }
}

void look_at_datagram(const packet::ipv4_datagram& datagram, bytes_view bytes) {
  require(within(datagram.payload, bytes) && within(datagram.options, datagram.header_bytes) &&
              within(datagram.header_bytes, bytes),
          "IPv4's parts are within the packet");
  require(datagram.header_bytes.size() + datagram.payload.size() == datagram.header.total_bytes,
          "header and payload are the packet");
  std::array<std::byte, packet::ipv4_header::min_bytes> written{};
  packet::ipv4_header plain = datagram.header;
  plain.total_bytes = static_cast<std::uint16_t>(plain.total_bytes - datagram.options.size());
  packet::write_ipv4(written, plain);
  const auto again = packet::parse_quoted_ipv4(written);
  const auto* read = std::get_if<packet::ipv4_datagram>(&again);
  require(read != nullptr, "IPv4's header written is read");
  plain.checksum = read->header.checksum;
  require(read->header == plain, "IPv4's header written and read is the same");
  look_at_icmp(datagram.payload);
  look_at_udp(datagram.payload);
  look_at_tcp(datagram.payload);
}

void look_at_ipv4(bytes_view bytes) {
  for (const bool checksum_is_good : {false, true}) {
    const auto parsed = packet::parse_ipv4(bytes, checksum_is_good);
    if (const auto* datagram = std::get_if<packet::ipv4_datagram>(&parsed)) look_at_datagram(*datagram, bytes);
  }
}

/// Where the dissector sees a segment, so do the parsers, and the same.
void compare_with_dissector(bytes_view frame) {
  const auto segment = support::dissect(frame);
  if (!segment) return;
  const auto parsed = packet::parse_ipv4(frame.subspan(packet::ethernet_header::untagged_bytes), false);
  const auto* datagram = std::get_if<packet::ipv4_datagram>(&parsed);
  require(datagram != nullptr, "the dissector's packet is a packet");
  require(packet::transport_checksum(datagram->header.source, datagram->header.destination, packet::ip_protocol::tcp,
                                     datagram->payload) == 0,
          "the dissector's checksum is right");
  const auto tcp = packet::parse_tcp(datagram->payload);
  require(tcp.has_value(), "the dissector's segment is a segment");
  require(tcp->header == segment->header && std::ranges::equal(tcp->payload, segment->payload),
          "the dissector's segment is the same");
}

}  // namespace
}  // namespace fourtuple::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fourtuple;
  const std::span frame(reinterpret_cast<const std::byte*>(data), size);
  fuzz::look_at_sum(frame);
  fuzz::compare_with_dissector(frame);
  const auto ethernet = packet::parse_ethernet(frame);
  if (!ethernet) return 0;
  fuzz::require(fuzz::within(ethernet->payload, frame), "the frame's payload is within the frame");
  std::array<std::byte, packet::ethernet_header::tagged_bytes> written{};
  packet::write_ethernet(written, ethernet->header);
  fuzz::require(
      std::ranges::equal(std::span(written).first(ethernet->header.bytes()), frame.first(ethernet->header.bytes())),
      "Ethernet's header written is the same");
  fuzz::look_at_arp(ethernet->payload);
  fuzz::look_at_ipv4(ethernet->payload);
  return 0;
}
