// SPDX-License-Identifier: Apache-2.0
#include "host/ip/icmp.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "host/base/byte_order.hpp"
#include "host/packet/checksum.hpp"
#include "host/packet/icmp.hpp"

namespace fourtuple::ip {

namespace {

constexpr std::size_t quoted_payload_bytes = 8;  // RFC 792: at least these are quoted

bool is_error(std::uint8_t type) {
  return type == packet::icmp_dest_unreach || type == packet::icmp_source_quench || type == packet::icmp_redirect ||
         type == packet::icmp_time_exceeded || type == packet::icmp_parameterprob;
}

}  // namespace

bool token_bucket::take(std::uint64_t now_ns) noexcept {
  const std::uint64_t elapsed_ns = std::min(now_ns - refilled_ns_, base::ns_per_s);
  const std::uint64_t fresh = elapsed_ns * per_second_ / base::ns_per_s;
  if (fresh > 0) {
    tokens_ = std::min(burst_, tokens_ + fresh);
    refilled_ns_ = now_ns - elapsed_ns * per_second_ % base::ns_per_s / per_second_;  // what was not a whole token
  }
  if (tokens_ == 0) return false;
  --tokens_;
  return true;
}

icmp::icmp(ipv4& ip, const fib& routes, base::clock& clock, mib_counters& counters, protocol_lookup find_protocol)
    : ip_(ip), routes_(routes), clock_(clock), counters_(counters), find_protocol_(std::move(find_protocol)) {}

void icmp::receive(const ipv4_packet& packet) {
  counters_.add(mib::icmp_in_msgs);
  if (!packet::internet_checksum{}.add(packet.payload).good()) {
    counters_.add(mib::icmp_in_csum_errors);
    counters_.add(mib::icmp_in_errors);
    return;
  }
  const auto message = packet::parse_icmp(packet.payload);
  if (!message) {
    counters_.add(mib::icmp_in_errors);
    return;
  }
  switch (message->header.type) {
    case packet::icmp_echo:
      counters_.add(mib::icmp_in_echos);
      echo(packet);
      break;
    case packet::icmp_echoreply:
      counters_.add(mib::icmp_in_echo_reps);
      break;
    case packet::icmp_dest_unreach:
      counters_.add(mib::icmp_in_dest_unreachs);
      receive_error(message->header.type, message->header.code, message->header.rest, message->payload);
      break;
    case packet::icmp_time_exceeded:
      counters_.add(mib::icmp_in_time_excds);
      receive_error(message->header.type, message->header.code, message->header.rest, message->payload);
      break;
    case packet::icmp_parameterprob:
      counters_.add(mib::icmp_in_parm_probs);
      receive_error(message->header.type, message->header.code, message->header.rest, message->payload);
      break;
    case packet::icmp_source_quench:  // RFC 6633: ignored
      counters_.add(mib::icmp_in_src_quenchs);
      break;
    case packet::icmp_redirect:  // there is one gateway: nothing to learn
      counters_.add(mib::icmp_in_redirects);
      break;
    default:  // RFC 1122 3.2.2: unknown types are discarded silently
      break;
  }
}

void icmp::echo(const ipv4_packet& packet) {
  // Linux: icmp_echo_ignore_broadcasts; RFC 1122 3.2.2.6 allows it.
  if (!routes_.is_local(packet.destination)) return;
  if (!echoes_.take(clock_.now_ns())) {
    counters_.add(mib::icmp_out_rate_limit);
    return;
  }
  counters_.add(mib::icmp_out_echo_reps);
  const std::uint32_t identifier_and_sequence = base::load_be32(packet.payload, 4);
  send(packet.destination, packet.source, packet.tos, packet::icmp_echoreply, 0, identifier_and_sequence,
       packet.payload.subspan(packet::icmp_header::bytes), {});
}

void icmp::receive_error(std::uint8_t type, std::uint8_t code, std::uint32_t rest, std::span<const std::byte> quoted) {
  const auto parsed = packet::parse_quoted_ipv4(quoted);
  const auto* about = std::get_if<packet::ipv4_datagram>(&parsed);
  if (about == nullptr || about->payload.size() < quoted_payload_bytes) {
    counters_.add(mib::icmp_in_errors);
    return;
  }
  // Only the first fragment has a transport header; what this host did not send is none of its business.
  if (about->header.fragment_offset_bytes != 0 || !routes_.is_local(about->header.source)) return;
  const bool frag_needed = type == packet::icmp_dest_unreach && code == packet::icmp_frag_needed;
  deliver_error(type, code, frag_needed ? static_cast<std::uint16_t>(rest) : std::uint16_t{0}, *about);
}

void icmp::deliver_error(std::uint8_t type, std::uint8_t code, std::uint16_t next_hop_mtu,
                         const packet::ipv4_datagram& about) {
  protocol* handler = find_protocol_(about.header.protocol);
  if (handler == nullptr) return;
  handler->err({.type = type,
                .code = code,
                .next_hop_mtu = next_hop_mtu,
                .source = about.header.source,
                .destination = about.header.destination,
                .payload = about.payload});
}

void icmp::send_error(const packet::ipv4_datagram& about, std::uint8_t type, std::uint8_t code) {
  const packet::ipv4_header& header = about.header;
  const bool about_error = header.protocol == packet::ip_protocol::icmp &&
                           (about.payload.empty() || is_error(base::load_be8(about.payload)));
  // A packet from 127.0.0.0/8 that came this far came over the loopback device, and so does its answer.
  const bool answerable = header.source.is_loopback() || !routes_.is_martian(header.source);
  if (about_error || header.fragment_offset_bytes != 0 || !answerable || !routes_.is_local(header.destination)) {
    return;
  }
  if (!errors_.take(clock_.now_ns())) {
    counters_.add(mib::icmp_out_rate_limit);
    return;
  }
  counters_.add(type == packet::icmp_time_exceeded ? mib::icmp_out_time_excds : mib::icmp_out_dest_unreachs);
  const std::size_t room =
      max_error_bytes - packet::ipv4_header::min_bytes - packet::icmp_header::bytes - about.header_bytes.size();
  send(header.destination, header.source, header.tos, type, code, 0, about.header_bytes,
       about.payload.first(std::min(room, about.payload.size())));
}

void icmp::send(packet::ipv4_address source, packet::ipv4_address destination, std::uint8_t tos, std::uint8_t type,
                std::uint8_t code, std::uint32_t rest, std::span<const std::byte> first,
                std::span<const std::byte> second) {
  const auto via = routes_.lookup(destination);
  packet::tx_sk_buff skb;
  const std::span<std::byte> header = skb.push(packet::icmp_header::bytes);
  packet::write_icmp(header, {.type = type, .code = code, .checksum = 0, .rest = rest});
  const std::uint16_t checksum = packet::internet_checksum{}.add(header).add(first).add(second).checksum();
  packet::write_icmp(header, {.type = type, .code = code, .checksum = checksum, .rest = rest});
  const bool fits = skb.append(first) && skb.append(second);
  counters_.add(mib::icmp_out_msgs);
  if (!via || !fits ||
      ip_.queue_xmit(skb, *via,
                     {.source = source,
                      .destination = destination,
                      .protocol = packet::ip_protocol::icmp,
                      .tos = tos,
                      .dont_fragment = false}) != xmit_result::ok) {
    counters_.add(mib::icmp_out_errors);
  }
}

}  // namespace fourtuple::ip
