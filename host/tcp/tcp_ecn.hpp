// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/packet/tcp_header.hpp"
#include "host/tcp/tcp_segment.hpp"
#include "host/tcp/tcp_sock.hpp"

// Explicit congestion notification (RFC 3168 section 6.1; Linux: tcp_ecn_*).
namespace fourtuple::tcp {

/// The two bits in an IP header.
inline constexpr std::uint8_t ecn_mask = 3;
inline constexpr std::uint8_t ecn_ect_0 = 2;
inline constexpr std::uint8_t ecn_ce = 3;

/// Whether this connection's SYN asks for ECN.
[[nodiscard]] bool tcp_ecn_send_syn(const tcp_sock& tp) noexcept;
/// Whether ECN is agreed to with who sent this SYN.
[[nodiscard]] bool tcp_ecn_create_request(const tcp_sock& listener, const rx_segment& syn) noexcept;
/// The answer to a SYN that asked: a SYN-ACK, or another SYN.
void tcp_ecn_rcv_synack(tcp_sock& tp, const packet::tcp_flags& flags) noexcept;
void tcp_ecn_rcv_syn(tcp_sock& tp, const packet::tcp_flags& flags) noexcept;
/// Sets ECE, CWR and the bits of the IP header of what is sent next.
void tcp_ecn_send(tcp_sock& tp, std::uint32_t seq, bool has_payload, packet::tcp_flags& flags,
                  std::uint8_t& tos) noexcept;
void tcp_ecn_check_ce_slow(tcp_sock& tp, std::uint8_t ecn);
/// What the IP header of arriving data says.
inline void tcp_ecn_check_ce(tcp_sock& tp, std::uint8_t ecn) {
  if (tp.ecn_ok) tcp_ecn_check_ce_slow(tp, ecn);
}
/// The peer reduced its window: it need not be told any more.
void tcp_ecn_accept_cwr(tcp_sock& tp, const rx_segment& segment) noexcept;
/// Whether an ACK says that congestion was met.
[[nodiscard]] bool tcp_rcv_ecn_echo(const tcp_sock& tp, const packet::tcp_flags& flags) noexcept;

}  // namespace fourtuple::tcp
