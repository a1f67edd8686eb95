// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "host/sock/bind_node.hpp"
#include "host/sock/sock_common.hpp"
#include "host/sock/sock_extension.hpp"

namespace fourtuple::sock {

/// How a sock tells the socket layer that something changed (Linux: sk_state_change, sk_data_ready, sk_write_space,
/// sk_error_report).
class sock_wakeup {
 public:
  sock_wakeup() = default;
  sock_wakeup(const sock_wakeup&) = delete;
  sock_wakeup& operator=(const sock_wakeup&) = delete;

  /// `epoll_events`: what may have become true, in Linux's EPOLL bits. Must not call back into the sock.
  virtual void wake(std::uint32_t epoll_events) noexcept = 0;

 protected:
  ~sock_wakeup() = default;
};

/// A full sock, bound, listening or connected (Linux: struct sock).
class sock : public port_owner {
 public:
  static constexpr std::uint8_t rcv_shutdown = 1;
  static constexpr std::uint8_t send_shutdown = 2;

  [[nodiscard]] inet_bind_bucket* icsk_bind_hash() const noexcept { return skc_bind_node.bucket; }

  /// The socket that the application holds; null while there is none (not yet accepted, or closed). Not owned.
  sock_wakeup* sk_wakeup = nullptr;
  std::unique_ptr<sock_extension> sk_extension;  ///< Made by extension(); null while nothing of it is used.
  void wake(std::uint32_t epoll_events) noexcept {
    if (sk_wakeup != nullptr) sk_wakeup->wake(epoll_events);
  }

  std::int16_t sk_err = 0;       ///< Linux's errno to report once (SO_ERROR).
  std::int16_t sk_err_soft = 0;  ///< Reported only if the connection fails in the end.
  std::uint32_t sk_uid = 0;
  std::uint32_t sk_rcvbuf = 0;           ///< SO_RCVBUF as kept: twice what was asked for, bytes.
  std::uint32_t sk_sndbuf = 0;           ///< SO_SNDBUF likewise.
  std::uint32_t sk_ack_backlog = 0;      ///< Listener: length of its accept queue.
  std::uint32_t sk_max_ack_backlog = 0;  ///< Listener: listen()'s backlog.
  std::uint32_t sk_handle = 0;           ///< In the NIC's connection table (connection_handles); 0: none.
  std::uint16_t sk_lingertime_s = 0;     ///< SO_LINGER, if sk_linger; more counts as 65535.
  std::uint8_t sk_shutdown = 0;          ///< rcv_shutdown | send_shutdown
  std::uint8_t sk_linger : 1 = 0;
  std::uint8_t sk_dead : 1 = 0;           ///< The application has closed it (Linux: SOCK_DEAD).
  std::uint8_t sk_bindaddr_lock : 1 = 0;  ///< bind() named an address (Linux: SOCK_BINDADDR_LOCK).
  std::uint8_t sk_bindport_lock : 1 = 0;  ///< bind() named a port (Linux: SOCK_BINDPORT_LOCK).
  std::uint8_t sk_rcvbuf_lock : 1 = 0;    ///< SO_RCVBUF was set: no auto-tuning.
  std::uint8_t sk_sndbuf_lock : 1 = 0;    ///< SO_SNDBUF was set.
  std::uint8_t sk_zerocopy : 1 = 0;       ///< SO_ZEROCOPY
  std::uint8_t sk_urginline : 1 = 0;      ///< SO_OOBINLINE

  [[nodiscard]] sock_extension& extension() {
    if (!sk_extension) sk_extension = std::make_unique<sock_extension>();
    return *sk_extension;
  }

  /// Another connection would exceed the backlog (Linux: sk_acceptq_is_full; the queue holds backlog + 1).
  [[nodiscard]] bool sk_acceptq_is_full() const noexcept { return sk_ack_backlog > sk_max_ack_backlog; }

 protected:
  explicit sock(ehash_node& node) noexcept : port_owner(node, sock_kind::full) {}
  ~sock();
};

/// Linux: IP_PMTUDISC_*, the values of IP_MTU_DISCOVER.
namespace ip_pmtudisc {
inline constexpr std::uint8_t dont = 0;
inline constexpr std::uint8_t want = 1;
inline constexpr std::uint8_t set_df = 2;  // IP_PMTUDISC_DO
inline constexpr std::uint8_t probe = 3;
inline constexpr std::uint8_t interface = 4;
inline constexpr std::uint8_t omit = 5;
}  // namespace ip_pmtudisc

/// A sock over IPv4 (Linux: inet_sock; inet_rcv_saddr, inet_num, inet_daddr and inet_dport are skc_tuple).
class inet_sock : public sock {
 public:
  packet::ipv4_address inet_saddr;                ///< Source address of what it sends.
  std::uint8_t tos = 0;                           ///< IP_TOS
  std::uint8_t uc_ttl = 64;                       ///< IP_TTL
  std::uint8_t pmtudisc : 3 = ip_pmtudisc::want;  ///< IP_MTU_DISCOVER
  std::uint8_t recverr : 1 = 0;                   ///< IP_RECVERR
  std::uint8_t min_ttl = 0;                       ///< IP_MINTTL: segments below are dropped.

 protected:
  using sock::sock;
};

/// Whether what it sends must not be fragmented on its way.
[[nodiscard]] inline bool ip_dont_fragment(const inet_sock& sk) noexcept {
  return sk.pmtudisc == ip_pmtudisc::want || sk.pmtudisc == ip_pmtudisc::set_df;
}
/// Whether ICMP may tell it a smaller MTU (Linux: ip_sk_accept_pmtu, tcp_v4_mtu_reduced).
[[nodiscard]] inline bool ip_sk_accept_pmtu(const inet_sock& sk) noexcept {
  return sk.pmtudisc != ip_pmtudisc::dont && sk.pmtudisc < ip_pmtudisc::interface;
}

}  // namespace fourtuple::sock
