// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "host/tcp/tcp_mstamp.hpp"
#include "host/tcp/tcp_sock.hpp"

namespace fourtuple::tcp {

/// Linux: struct ack_sample.
struct ack_sample {
  std::uint32_t rtt_us = 0;      ///< Of the last segment that was acknowledged.
  std::uint32_t pkts_acked = 0;  ///< Segments.
  const tcp_mstamp& now;
};

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
  /// `acked` more segments were acknowledged, and cwnd, which limits the flight, may grow.
  virtual void cong_avoid(tcp_sock& tp, std::uint32_t acked) const noexcept = 0;

  // What some need to know and others do not.

  /// The connection is established, or chose this algorithm.
  virtual void init(tcp_sock& tp) const noexcept;
  virtual void pkts_acked(tcp_sock& tp, const ack_sample& sample) const noexcept;
  /// The state of recovery changes from tcp_sock::icsk_ca_state to `next`. After a timeout ssthresh() was asked before.
  virtual void set_state(tcp_sock& tp, tcp_ca next) const noexcept;
  /// The first segment after a time without any in flight; lsndtime_ms is still the last one's (Linux:
  /// CA_EVENT_TX_START).
  virtual void tx_start(tcp_sock& tp) const noexcept;
  /// cwnd after a reduction that was for nothing.
  [[nodiscard]] virtual std::uint32_t undo_cwnd(const tcp_sock& tp) const noexcept;
  /// An ACK was worked off as far as what it says of arrivals; `ece`: it said that congestion was met.
  virtual void in_ack_event(tcp_sock& tp, bool ece) const noexcept;
  /// It makes no sense without ECN (Linux: TCP_CONG_NEEDS_ECN).
  [[nodiscard]] virtual bool needs_ecn() const noexcept { return false; }
  /// ECN is agreed on and data has come, marked with CE or not (Linux: CA_EVENT_ECN_IS_CE, CA_EVENT_ECN_NO_CE).
  virtual void data_received(tcp_sock& tp, bool ce) const;

 protected:
  ~tcp_congestion_ops() = default;
};

/// RFC 5681: half of cwnd after a loss, one segment more each round trip.
[[nodiscard]] const tcp_congestion_ops& tcp_reno() noexcept;
/// RFC 8257: the reduction follows the fraction of marked segments.
[[nodiscard]] const tcp_congestion_ops& tcp_dctcp() noexcept;
/// By its name in TCP_CONGESTION; nullptr if there is no such.
[[nodiscard]] const tcp_congestion_ops* tcp_ca_find(std::string_view name) noexcept;

/// Whether cwnd, and not the application or the peer's window, limits the flight; else it must not grow.
[[nodiscard]] inline bool tcp_is_cwnd_limited(const tcp_sock& tp) noexcept {
  if (tp.is_cwnd_limited) return true;
  return tp.snd_cwnd < tp.snd_ssthresh && tp.snd_cwnd < 2 * tp.max_packets_out;
}
/// cwnd may grow, for `acked` segments, if it was what limited the flight.
inline void tcp_cong_avoid(tcp_sock& tp, std::uint32_t acked) {
  if (tcp_is_cwnd_limited(tp)) tp.icsk_ca_ops->cong_avoid(tp, acked);
}
/// Exponential growth up to ssthresh; what of `acked` is left over.
std::uint32_t tcp_slow_start(tcp_sock& tp, std::uint32_t acked) noexcept;
/// One segment for each `w` acknowledged.
void tcp_cong_avoid_ai(tcp_sock& tp, std::uint32_t w, std::uint32_t acked) noexcept;

}  // namespace fourtuple::tcp
