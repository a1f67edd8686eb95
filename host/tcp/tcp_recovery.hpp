// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/tcp/tcp_segment.hpp"
#include "host/tcp/tcp_sock.hpp"

// What ACKs say, and what to do about losses (Linux: tcp_ack and tcp_fastretrans_alert with all they call).
namespace fourtuple::tcp {

/// Degree of reordering beyond which nothing is believed; it is kept in a byte.
inline constexpr std::uint32_t tcp_max_reordering = 127;

/// What an ACK brought (Linux: FLAG_*).
struct ack_news {
  bool data = false;            ///< The segment carried data (FLAG_DATA).
  bool window_update = false;   ///< FLAG_WIN_UPDATE
  bool data_acked = false;      ///< FLAG_DATA_ACKED
  bool syn_acked = false;       ///< FLAG_SYN_ACKED
  bool una_advanced = false;    ///< FLAG_SND_UNA_ADVANCED
  bool data_sacked = false;     ///< FLAG_DATA_SACKED
  bool dsack_tlp = false;       ///< FLAG_DSACK_TLP: the tail loss probe was a duplicate.
  std::uint32_t delivered = 0;  ///< Segments newly acked or SACKed.
  std::uint32_t acked = 0;      ///< Of those, segments that left the queue.
  std::uint32_t newly_lost = 0;
  bool reo_timer_armed = false;  ///< RACK waits for segments that may still come.

  [[nodiscard]] bool is_dupack() const noexcept { return !data && !window_update && !data_acked && !syn_acked; }
};

enum class ack_verdict : std::uint8_t {
  good,
  old,      ///< Below what was acknowledged already.
  invalid,  ///< Of what was never sent, or far too old: drop the segment.
};

/// Linux: tcp_ack. Challenge ACKs for invalid ones are sent.
ack_verdict tcp_ack(tcp_sock& tp, const rx_segment& segment, bool slow_path);

/// Marks SACKed segments (Linux: tcp_sacktag_write_queue).
void tcp_sacktag_write_queue(tcp_sock& tp, const rx_segment& segment, ack_news& news);
/// Decides what is lost and in which state recovery is; `prior_packets_out` was before the ACK.
void tcp_fastretrans_alert(tcp_sock& tp, ack_news& news);
/// Sets cwnd during recovery: Proportional Rate Reduction (RFC 6937).
void tcp_cwnd_reduction(tcp_sock& tp, const ack_news& news) noexcept;
/// Counts a segment, or its retransmission, as lost.
void tcp_mark_skb_lost(tcp_sock& tp, tcp_skb& skb, ack_news& news) noexcept;
/// Enters recovery for what a timer found lost.
void tcp_recover_from_timer(tcp_sock& tp, ack_news& news) noexcept;

// RACK (RFC 8985 section 6).

/// `skb` is newly acknowledged or SACKed.
void tcp_rack_advance(tcp_sock& tp, const tcp_skb& skb) noexcept;
/// Marks what is lost, and sets a timer for what soon may be.
void tcp_rack_mark_lost(tcp_sock& tp, ack_news& news);
/// That timer fired.
void tcp_rack_reo_timeout(tcp_sock& tp);
/// A retransmission was a duplicate: wait longer.
void tcp_rack_dsack_seen(tcp_sock& tp) noexcept;
/// A recovery is over.
void tcp_rack_recovery_over(tcp_sock& tp) noexcept;

/// For a loss that is repaired already: lowers ssthresh and cwnd to it.
void tcp_reduce_cwnd_at_once(tcp_sock& tp) noexcept;
/// What an ACK says about the tail loss probe that is out (RFC 8985 7.4).
void tcp_process_tlp_ack(tcp_sock& tp, const ack_news& news) noexcept;
/// Segments acknowledged in the absence of SACK take their duplicate ACKs with them.
void tcp_remove_reno_sacks(tcp_sock& tp, std::uint32_t acked) noexcept;
/// The retransmission timer fired: everything in flight counts as lost (RFC 5681 3.1).
void tcp_enter_loss(tcp_sock& tp);
/// Congestion state as at the start of a connection.
void tcp_init_transfer(tcp_sock& tp);
/// Turns header prediction on if the next segment can be an ordinary one.
void tcp_fast_path_check(tcp_sock& tp) noexcept;

}  // namespace fourtuple::tcp
