// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "host/tcp/tcp_sock.hpp"

namespace fourtuple::tcp {

/// A congestion control algorithm (Linux: tcp_congestion_ops). Stateless; its state is in the sock, in icsk_ca_priv.
class tcp_congestion_ops {
 public:
  tcp_congestion_ops() = default;
  tcp_congestion_ops(const tcp_congestion_ops&) = delete;
  tcp_congestion_ops& operator=(const tcp_congestion_ops&) = delete;

  /// As in TCP_CONGESTION.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// The slow start threshold after a loss, in segments.
  [[nodiscard]] virtual std::uint32_t ssthresh(tcp_sock& tp) const noexcept = 0;
  /// `acked` more segments were acknowledged, and nothing was lost.
  virtual void cong_avoid(tcp_sock& tp, std::uint32_t acked) const noexcept = 0;

  // What some need to know and others do not.

  /// The connection is established, or chose this algorithm.
  virtual void init(tcp_sock& tp) const noexcept;
  /// Segments were acknowledged that were sent once, `rtt_us` ago.
  virtual void pkts_acked(tcp_sock& tp, std::uint32_t rtt_us) const noexcept;
  /// The retransmission timer fired (Linux: set_state with TCP_CA_Loss); ssthresh() was asked before.
  virtual void enter_loss(tcp_sock& tp) const noexcept;
  /// The first segment after a time without any in flight; lsndtime_ns is still the last one's (Linux:
  /// CA_EVENT_TX_START).
  virtual void tx_start(tcp_sock& tp) const noexcept;

 protected:
  ~tcp_congestion_ops() = default;
};

/// RFC 5681: half of cwnd after a loss, one segment more each round trip.
[[nodiscard]] const tcp_congestion_ops& tcp_reno() noexcept;
/// By its name in TCP_CONGESTION; nullptr if there is no such.
[[nodiscard]] const tcp_congestion_ops* tcp_ca_find(std::string_view name) noexcept;

/// Whether cwnd, and not the application or the peer's window, limits the flight; else it must not grow.
[[nodiscard]] bool tcp_is_cwnd_limited(const tcp_sock& tp) noexcept;
/// Exponential growth up to ssthresh; what of `acked` is left over.
std::uint32_t tcp_slow_start(tcp_sock& tp, std::uint32_t acked) noexcept;
/// One segment for each `w` acknowledged.
void tcp_cong_avoid_ai(tcp_sock& tp, std::uint32_t w, std::uint32_t acked) noexcept;

}  // namespace fourtuple::tcp
