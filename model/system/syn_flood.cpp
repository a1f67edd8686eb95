// SPDX-License-Identifier: Apache-2.0
#include "model/system/syn_flood.hpp"

#include <utility>
#include <vector>

#include "host/packet/arp.hpp"
#include "host/packet/checksum.hpp"
#include "host/packet/ethernet.hpp"
#include "host/packet/ipv4_header.hpp"
#include "host/packet/tcp_header.hpp"
#include "model/sim/time.hpp"

namespace fourtuple::model::system {

namespace {

constexpr std::uint16_t first_source_port = 1024;
constexpr std::uint16_t mss = 1460;
constexpr std::uint16_t window = 64'240;
constexpr std::uint8_t ttl = 55;

}  // namespace

syn_flood::syn_flood(sc_core::sc_module_name name, const syn_flood_config& config, base::random_source& random)
    : sc_module(name),
      config_(config),
      random_(random),
      out_("ethernet_out"),
      in_("ethernet_in",
          [this](wire::frame&& content, sc_core::sc_time arrival) { receive(std::move(content), arrival); }) {}

void syn_flood::start() {
  sc_core::sc_spawn_options in_thread;
  sc_core::sc_spawn([this] { attack(); }, "attack", &in_thread);
}

void syn_flood::stop() {
  stopped_ = true;
  stopping_.notify(sc_core::SC_ZERO_TIME);
}

void syn_flood::attack() {
  if (config_.start_ns != 0) sc_core::wait(sim::from_ns(config_.start_ns), stopping_);
  while (!stopped_ && (config_.frames == 0 || sent_ < config_.frames)) {
    send_syn();
    const std::uint64_t gap_ns = config_.gap_ns.sample(random_);
    if (gap_ns != 0) sc_core::wait(sim::from_ns(gap_ns), stopping_);
  }
  done_ = true;
}

void syn_flood::send_syn() {
  const std::uint64_t drawn = random_.next();
  const std::uint32_t host_bits = ~config_.sources.mask();
  const packet::ipv4_address source{config_.sources.address.value | (static_cast<std::uint32_t>(drawn) & host_bits)};
  packet::tcp_options options;
  options.mss = mss;
  packet::tcp_header header;
  header.source_port = static_cast<std::uint16_t>(first_source_port + (drawn >> 32) % (65'536 - first_source_port));
  header.destination_port = config_.port;
  header.seq = static_cast<std::uint32_t>(random_.next());
  header.flags.syn = true;
  header.window = window;
  std::vector<std::byte> segment(packet::tcp_header::bytes + packet::tcp_options_bytes(options));
  packet::write_tcp(segment, header, options);
  header.checksum = packet::transport_checksum(source, config_.target, packet::ip_protocol::tcp, segment);
  packet::write_tcp(segment, header, options);

  constexpr std::size_t headers = packet::ethernet_header::untagged_bytes + packet::ipv4_header::min_bytes;
  std::vector<std::byte> bytes(headers + segment.size());
  packet::write_ethernet(
      bytes, {.destination = config_.target_mac, .source = config_.mac, .vlan = {}, .ether_type = packet::eth_p_ip});
  packet::ipv4_header ip;
  ip.total_bytes = static_cast<std::uint16_t>(packet::ipv4_header::min_bytes + segment.size());
  ip.id = static_cast<std::uint16_t>(drawn >> 16);
  ip.ttl = ttl;
  ip.protocol = packet::ip_protocol::tcp;
  ip.source = source;
  ip.destination = config_.target;
  packet::write_ipv4(std::span(bytes).subspan(packet::ethernet_header::untagged_bytes), ip);
  std::ranges::copy(segment, bytes.begin() + headers);
  ++sent_;
  out_.send({.bytes = std::move(bytes)}, sc_core::SC_ZERO_TIME);
}

void syn_flood::receive(wire::frame&& content, sc_core::sc_time arrival) {
  const auto frame = packet::parse_ethernet(content.bytes);
  if (content.bad || !frame) return;
  if (frame->header.ether_type == packet::eth_p_arp) return answer_arp(frame->payload, arrival);
  const auto datagram = packet::parse_ipv4(frame->payload, false);
  const auto* const ip = std::get_if<packet::ipv4_datagram>(&datagram);
  const auto segment = ip != nullptr && ip->header.protocol == packet::ip_protocol::tcp
                           ? packet::parse_tcp(ip->payload)
                           : std::optional<packet::tcp_segment>();
  if (segment && segment->header.flags.syn && segment->header.flags.ack)
    ++syn_acks_;
  else
    ++other_;
}

void syn_flood::answer_arp(std::span<const std::byte> payload, sc_core::sc_time arrival) {
  const auto question = packet::parse_arp(payload);
  if (!question || question->op != packet::arp_op::request || question->target_ip != config_.address) return;
  constexpr std::size_t header_bytes = packet::ethernet_header::untagged_bytes;
  std::vector<std::byte> bytes(header_bytes + packet::arp_packet::bytes);
  packet::write_ethernet(
      bytes, {.destination = question->sender_mac, .source = config_.mac, .vlan = {}, .ether_type = packet::eth_p_arp});
  packet::write_arp(std::span(bytes).subspan(header_bytes), {.op = packet::arp_op::reply,
                                                             .sender_mac = config_.mac,
                                                             .sender_ip = config_.address,
                                                             .target_mac = question->sender_mac,
                                                             .target_ip = question->sender_ip});
  out_.send({.bytes = std::move(bytes)}, sim::until(arrival));
}

app::workload_results syn_flood::results() const {
  app::workload_results all;
  all.begun = all.finished = sent_;
  all.opened = syn_acks_;
  return all;
}

}  // namespace fourtuple::model::system
