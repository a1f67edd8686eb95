// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "host/ip/ipv4.hpp"
#include "host/packet/addresses.hpp"
#include "host/packet/ipv4_header.hpp"
#include "host/packet/tcp_header.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_segment.hpp"
#include "host/tcp/tcp_sock.hpp"

// TCP over IPv4 (Linux: tcp_ipv4.c).
namespace fourtuple::tcp {

/// A segment to send.
struct tx_segment {
  packet::connection_tuple tuple;
  packet::tcp_header header;  ///< Ports and checksum are filled in by tcp_v4_xmit.
  packet::tcp_options options;
  std::span<const std::byte> payload;
  std::uint16_t gso_size = 0;  ///< Bytes a segment, if the payload is more than one; 0: it is one.
  std::uint8_t tos = 0;
  std::uint8_t ttl = 64;
  bool dont_fragment = true;
  bool sent_before = false;  ///< Nothing in it is new: not counted as a segment sent (RFC 4022, tcpOutSegs).
};

/// Adds checksum and IP header and hands the segment to `via` (Linux: __tcp_v4_send_check, ip_queue_xmit).
ip::xmit_result tcp_v4_xmit(tcp_net& net, const ip::route& via, tx_segment& segment);

/// Answers a segment that belongs to nothing (RFC 9293 3.10.7.1).
void tcp_v4_send_reset(tcp_net& net, const rx_segment& segment);
/// An ACK for a sock that is not a full one: TIME_WAIT or a request.
void tcp_v4_send_ack(tcp_net& net, const packet::connection_tuple& tuple, std::uint32_t seq, std::uint32_t ack,
                     std::uint16_t window, std::optional<packet::tcp_timestamps> timestamps, std::uint8_t tos);
void tcp_v4_timewait_ack(tcp_net& net, const sock::tcp_timewait_sock& tw);
void tcp_v4_reqsk_send_ack(tcp_net& net, const sock::tcp_request_sock& req);

/// What IPv4 hands up.
void tcp_v4_rcv(tcp_net& net, const ip::ipv4_packet& packet);
/// The same for a datagram whose connection the device knows and that is not the one expected (tcp_early_demux.cpp).
/// False, and nothing happened, if it has no TCP header.
bool tcp_v4_rcv_known(tcp_net& net, sock::sock_common& known, const packet::sk_buff& skb,
                      std::span<const std::byte> datagram);
void tcp_v4_do_rcv(tcp_sock& tp, rx_segment& segment);
/// An ICMP error about a segment that was sent.
void tcp_v4_err(tcp_net& net, const ip::icmp_error& error);

int tcp_v4_connect(tcp_sock& tp, packet::ipv4_address address, std::uint16_t port);

/// Initial sequence number (RFC 6528): a clock of 64 ns and a keyed hash of the tuple.
[[nodiscard]] std::uint32_t secure_tcp_seq(const tcp_net& net, const packet::connection_tuple& tuple);
/// Where the timestamps of a connection start (RFC 7323 7.1).
[[nodiscard]] std::uint32_t secure_tcp_ts_off(tcp_net& net, const packet::connection_tuple& tuple);

}  // namespace fourtuple::tcp
