// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/tcp/tcp_rate.hpp"
#include "host/tcp/tcp_segment.hpp"
#include "host/tcp/tcp_sock.hpp"

// What ACKs say, and what to do about losses (Linux: tcp_ack and tcp_fastretrans_alert with all they call). Functions
// do what their namesakes do in Linux.
namespace fourtuple::tcp {

/// What an ACK brought (Linux: FLAG_*, struct tcp_sacktag_state).
struct ack_news {
  bool data = false;                ///< The segment carried data (FLAG_DATA).
  bool window_update = false;       ///< FLAG_WIN_UPDATE
  bool data_acked = false;          ///< FLAG_DATA_ACKED
  bool syn_acked = false;           ///< FLAG_SYN_ACKED
  bool una_advanced = false;        ///< FLAG_SND_UNA_ADVANCED
  bool data_sacked = false;         ///< FLAG_DATA_SACKED
  bool ece = false;                 ///< FLAG_ECE
  bool dsacking_ack = false;        ///< FLAG_DSACKING_ACK: it told of a duplicate.
  bool dsack_tlp = false;           ///< FLAG_DSACK_TLP: the tail loss probe was a duplicate.
  bool orig_sack_acked = false;     ///< FLAG_ORIG_SACK_ACKED: something never sent again arrived.
  bool retrans_data_acked = false;  ///< FLAG_RETRANS_DATA_ACKED
  bool lost_retrans = false;        ///< FLAG_LOST_RETRANS
  bool sack_reneging = false;       ///< FLAG_SACK_RENEGING: the head was SACKed and is not acknowledged.
  bool set_xmit_timer = false;      ///< FLAG_SET_XMIT_TIMER

  std::uint32_t acked = 0;           ///< Segments that left the queue.
  std::uint32_t sack_delivered = 0;  ///< Segments that SACK blocks newly told of.
  std::uint32_t reord = 0;           ///< Lowest segment that was found overtaken; snd_nxt if none was.
  std::uint64_t first_sackt_ns = 0;  ///< When the first newly SACKed segment was sent, and the last; 0: none was.
  std::uint64_t last_sackt_ns = 0;
  rate_sample rate;

  [[nodiscard]] bool is_acked() const noexcept { return data_acked || syn_acked; }
  [[nodiscard]] bool is_not_dup() const noexcept { return data || window_update || is_acked(); }
  [[nodiscard]] bool is_forward_progress() const noexcept { return is_acked() || data_sacked; }
  [[nodiscard]] bool is_ca_alert() const noexcept { return data_sacked || ece || dsacking_ack; }
};

enum class ack_verdict : std::uint8_t {
  good,
  old,      ///< Below what was acknowledged already.
  invalid,  ///< Of what was never sent, or far too old: drop the segment.
};

/// What is to be sent once cwnd is set (Linux: REXMIT_*).
enum class rexmit : std::uint8_t {
  none,
  lost,       ///< What is marked lost.
  fresh_data  ///< New data, to find out whether a timeout was spurious (RFC 5682).
};

/// Linux: tcp_ack. Challenge ACKs for invalid ones are sent.
ack_verdict tcp_ack(tcp_sock& tp, const rx_segment& segment, bool slow_path);
/// True if the window that `segment` offers counts, even if it is the one that was known.
bool tcp_ack_update_window(tcp_sock& tp, const rx_segment& segment) noexcept;
/// Takes off the queue what is acknowledged, and measures the round trip. `prior_fack`: the highest that was SACKed.
void tcp_clean_rtx_queue(tcp_sock& tp, std::uint32_t prior_fack, ack_news& news);

/// Marks SACKed segments.
void tcp_sacktag_write_queue(tcp_sock& tp, const rx_segment& segment, std::uint32_t prior_snd_una, ack_news& news);
/// One behind the highest byte that was SACKed; snd_una if none is.
[[nodiscard]] std::uint32_t tcp_highest_sack_seq(const tcp_sock& tp) noexcept;
/// `segments` more have reached the peer, by an ACK that did or did not say that congestion was met.
inline void tcp_count_delivered(tcp_sock& tp, std::uint32_t segments, bool ece) noexcept {
  tp.delivered += segments;
  if (ece) tp.delivered_ce += segments;
}

/// Decides what is lost and in which state recovery is. `num_dupack`: 1 for a duplicate ACK.
void tcp_fastretrans_alert(tcp_sock& tp, std::uint32_t prior_snd_una, std::uint32_t num_dupack, ack_news& news,
                           rexmit& next);
void tcp_enter_recovery(tcp_sock& tp, bool ece);
/// Counts a segment, or its retransmission, as lost.
void tcp_mark_skb_lost(tcp_sock& tp, tcp_skb& skb) noexcept;
[[nodiscard]] bool tcp_any_retrans_done(const tcp_sock& tp) noexcept;
void tcp_set_ca_state(tcp_sock& tp, tcp_ca state);
void tcp_try_keep_open(tcp_sock& tp);

// Reducing cwnd (tcp_prr.cpp).

/// Reduction to a new ssthresh begins (RFC 6937).
void tcp_init_cwnd_reduction(tcp_sock& tp);
/// cwnd for the next segments: Proportional Rate Reduction. `newly_delivered`, `newly_lost`: by this ACK.
void tcp_cwnd_reduction(tcp_sock& tp, std::uint32_t newly_delivered, std::uint32_t newly_lost,
                        bool una_advanced) noexcept;
void tcp_end_cwnd_reduction(tcp_sock& tp);
/// Congestion was met without a loss (RFC 3168 6.1.2).
void tcp_enter_cwr(tcp_sock& tp);

// Taking a reduction back (tcp_undo.cpp).

void tcp_init_undo(tcp_sock& tp) noexcept;
/// The echoed timestamp is of a time before that one (milliseconds of the clock).
[[nodiscard]] bool tcp_tsopt_ecr_before(const tcp_sock& tp, std::uint32_t when_ms) noexcept;
/// What came was the original, not the retransmission (RFC 3522).
[[nodiscard]] bool tcp_packet_delayed(const tcp_sock& tp) noexcept;
/// True: the state stays until something above high_seq is acknowledged.
bool tcp_try_undo_recovery(tcp_sock& tp);
bool tcp_try_undo_dsack(tcp_sock& tp);
bool tcp_try_undo_partial(tcp_sock& tp, std::uint32_t prior_snd_una);
/// `frto`: F-RTO has found the timeout spurious.
bool tcp_try_undo_loss(tcp_sock& tp, bool frto);

// Reordering, and duplicate ACKs without SACK (tcp_reordering.cpp).

/// What lies at `low_seq` was overtaken by what was SACKed. `timestamps`: by these it was found.
void tcp_check_sack_reordering(tcp_sock& tp, std::uint32_t low_seq, bool timestamps) noexcept;
void tcp_add_reno_sack(tcp_sock& tp, std::uint32_t num_dupack, bool ece) noexcept;
/// Segments acknowledged in the absence of SACK take their duplicate ACKs with them.
void tcp_remove_reno_sacks(tcp_sock& tp, std::uint32_t acked, bool ece) noexcept;
void tcp_reset_reno_sack(tcp_sock& tp) noexcept;
/// True: there were more duplicate ACKs than segments that could have caused them.
bool tcp_limit_reno_sacked(tcp_sock& tp) noexcept;

// After a timeout (tcp_loss.cpp).

/// The retransmission timer fired: what is in flight counts as lost (RFC 5681 3.1).
void tcp_enter_loss(tcp_sock& tp);
/// An ACK in the state that follows; F-RTO (RFC 5682).
void tcp_process_loss(tcp_sock& tp, std::uint32_t num_dupack, const ack_news& news, rexmit& next);
/// Segments are too large for the path: sends them again, which says nothing of congestion.
void tcp_simple_retransmit(tcp_sock& tp);

// RACK (RFC 8985 section 6; tcp_rack.cpp).

/// Marks what is lost, and sets a timer for what soon may be. True if it is set.
bool tcp_rack_mark_lost(tcp_sock& tp);
/// That timer fired.
void tcp_rack_reo_timeout(tcp_sock& tp);
/// How long until `skb` counts as lost; not above 0 if it does.
[[nodiscard]] std::int64_t tcp_rack_skb_timeout_us(const tcp_sock& tp, const tcp_skb& skb,
                                                   std::uint32_t reo_wnd_us) noexcept;

/// What an ACK says about the tail loss probe that is out (RFC 8985 7.4).
void tcp_process_tlp_ack(tcp_sock& tp, std::uint32_t ack, const ack_news& news);
/// Congestion state as at the start of a connection.
void tcp_init_transfer(tcp_sock& tp);
/// Turns header prediction on if the next segment can be an ordinary one.
void tcp_fast_path_check(tcp_sock& tp) noexcept;

}  // namespace fourtuple::tcp
