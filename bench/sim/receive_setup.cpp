// SPDX-License-Identifier: Apache-2.0
#include "bench/sim/receive_setup.hpp"

#include <span>

#include "host/base/byte_order.hpp"
#include "host/packet/checksum.hpp"
#include "host/packet/ethernet.hpp"
#include "host/packet/ipv4_header.hpp"
#include "host/packet/tcp_header.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::bench {
namespace {

constexpr std::uint32_t ring_bytes_log2 = 22;
constexpr std::uint32_t completion_entries_log2 = 12;
constexpr std::uint32_t rx_base_high = 0x12;
constexpr std::uint32_t completion_base_high = 0x13;
constexpr std::size_t frame_bytes = 1024;

}  // namespace

std::vector<std::pair<std::uint32_t, std::uint32_t>> receive_setup() {
  return {
      {regs::device_rx_filter, regs::device_rx_filter::promiscuous_mask},
      {regs::queues_rx_base(0), 0},
      {regs::queues_rx_base(0) + 4, rx_base_high},
      {regs::queues_rx_size(0), ring_bytes_log2},
      {regs::queues_ring_sizes(0), completion_entries_log2 | 4U << 8U},
      {regs::queues_completion_base(0), 0},
      {regs::queues_completion_base(0) + 4, completion_base_high},
      {regs::queues_rx_head(0), 0},
      {regs::queues_completion_head(0), 0},
      {regs::queues_control(0), regs::queues_control::rx_enable_mask},
  };
}

std::vector<std::byte> receive_frame() {
  constexpr std::size_t ip_at = packet::ethernet_header::untagged_bytes;
  constexpr std::size_t tcp_at = ip_at + packet::ipv4_header::min_bytes;
  constexpr packet::ipv4_address source{0x0a000001};
  constexpr packet::ipv4_address destination{0x0a000002};
  std::vector<std::byte> frame(frame_bytes, std::byte{0x5a});
  const std::span<std::byte> bytes{frame};
  packet::write_ethernet(bytes, {.destination = {{2, 0, 0, 0, 0, 2}},
                                 .source = {{2, 0, 0, 0, 0, 1}},
                                 .vlan = {},
                                 .ether_type = packet::eth_p_ip});
  packet::ipv4_header ip;
  ip.ttl = 64;
  ip.protocol = packet::ip_protocol::tcp;
  ip.total_bytes = static_cast<std::uint16_t>(frame_bytes - ip_at);
  ip.source = source;
  ip.destination = destination;
  packet::write_ipv4(bytes.subspan(ip_at), ip);
  packet::tcp_header tcp;
  tcp.source_port = 1'000;
  tcp.destination_port = 80;
  tcp.flags.ack = true;
  packet::write_tcp(bytes.subspan(tcp_at), tcp, {});
  base::store_be16(bytes, tcp_at + packet::tcp_header::checksum_offset,
                   packet::transport_checksum(source, destination, packet::ip_protocol::tcp, bytes.subspan(tcp_at)));
  return frame;
}

}  // namespace fourtuple::bench
