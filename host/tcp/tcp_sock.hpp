// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "host/base/timer_wheel.hpp"
#include "host/ip/ipv4.hpp"
#include "host/packet/tcp_header.hpp"
#include "host/sock/inet_connection_sock.hpp"
#include "host/sock/request_sock.hpp"
#include "host/sock/sock_common.hpp"
#include "host/tcp/tcp_ca_state.hpp"
#include "host/tcp/tcp_receive_queue.hpp"
#include "host/tcp/tcp_send_queue.hpp"

namespace fourtuple::tcp {

using sock::sock_reference;
using sock::tcp_state;

struct tcp_net;
struct tcp_sock;
class tcp_congestion_ops;

/// What the retransmission timer stands for at the moment (Linux: icsk_pending).
enum class icsk_time : std::uint8_t { none, retrans, probe0, loss_probe, reo_timeout };

/// Linux: enum tcp_ca_state.
enum class tcp_ca : std::uint8_t { open, disorder, cwr, recovery, loss };

/// When and why an ACK is due (Linux: icsk_ack).
struct icsk_ack_state {
  std::uint32_t lrcvtime_ms = 0;    ///< When data came last.
  std::uint32_t ato_us = 0;         ///< Delay of the next delayed ACK; 0: no data was received yet.
  std::uint16_t rcv_mss = 0;        ///< Estimate of the peer's segment size.
  std::uint16_t last_seg_size = 0;  ///< Of the last segment, if it was smaller; otherwise 0.
  std::uint8_t quick = 0;           ///< Segments still to be acknowledged at once.
  std::uint8_t compressed_ack = 0;  ///< ACKs of segments out of order that wait to go as one.
  std::uint8_t pingpong : 1 = 0;    ///< Interactive: ACKs wait for data to ride on.
  std::uint8_t sched : 1 = 0;       ///< An ACK is owed.
  std::uint8_t pushed : 1 = 0;
  std::uint8_t pushed2 : 1 = 0;
  std::uint8_t now : 1 = 0;
  std::uint8_t nomem : 1 = 0;            ///< The ACK closes the window, since data was dropped for want of memory.
  std::uint8_t dup_ack_counter : 2 = 0;  ///< Sent at once for the hole at compressed_ack_rcv_nxt.
};

/// RFC 8985 6.1, of the segment that was sent last among those known to have arrived.
struct rack_state {
  std::uint64_t mstamp_ns = 0;  ///< When it was sent.
  std::uint32_t end_seq = 0;
  std::uint32_t rtt_us = 0;          ///< Of the segment that was delivered last.
  std::uint32_t last_delivered = 0;  ///< tcp_sock::delivered when reo_wnd_steps last rose.
  std::uint8_t reo_wnd_steps = 1;    ///< The window in quarters of the least round trip.
  std::uint8_t reo_wnd_persist = 0;  ///< Recoveries until it is 1 again.
  std::uint8_t dsack_seen : 1 = 0;   ///< A DSACK that may mean reordering came since.
  std::uint8_t advanced : 1 = 0;     ///< Something was delivered since losses were last looked for.
  std::uint8_t tlp_retrans : 1 = 0;  ///< The tail loss probe that is out was a retransmission (section 7.3).
};

/// What a connection with a limit on its rate has besides (Linux: sk_max_pacing_rate, pacing_timer).
struct pacing_state {
  pacing_state(tcp_sock& owner, base::timer::callback on_expiry) noexcept : sk(owner), timer(on_expiry) {}
  tcp_sock& sk;
  std::uint64_t max_rate = ~std::uint64_t{0};  ///< SO_MAX_PACING_RATE, bytes a second.
  base::timer timer;                           ///< When the next unit may go.
};

/// Search for the path's MTU by probes (RFC 4821; Linux: icsk_mtup and mtu_probe). Sizes are of IP packets.
struct mtu_probe_state {
  std::uint32_t probe_seq_start = 0;  ///< Of the probe that is out, if probe_size is not 0.
  std::uint32_t probe_seq_end = 0;
  std::uint32_t probe_timestamp_ms = 0;  ///< When the search last began.
  std::uint16_t search_high = 0;
  std::uint16_t search_low = 0;
  std::uint16_t probe_size = 0;
  bool enabled = false;
};

/// What limits sending (Linux: enum tcp_chrono).
enum class tcp_chrono : std::uint8_t { none, busy, rwnd_limited, sndbuf_limited };

/// A connection, a listener, or what is not yet either (Linux: struct tcp_sock). Fields have Linux's names; sequence
/// numbers are RFC 9293's SND and RCV variables.
///
/// Belongs to tcp_net's slab. Threads: the stack's.
struct tcp_sock final : sock::inet_connection_sock {
  tcp_sock(fourtuple::sock::ehash_node& node, tcp_net& of) noexcept;
  ~tcp_sock();

  // What each received in-order segment touches.
  tcp_net* net;
  std::uint32_t rcv_nxt = 0;
  std::uint32_t copied_seq = 0;  ///< First byte that was not read.
  std::uint32_t rcv_wup = 0;     ///< rcv_nxt when the window was last sent.
  std::uint32_t rcv_wnd = 0;
  std::uint32_t snd_una = 0;
  std::uint32_t snd_nxt = 0;
  std::uint32_t snd_wnd = 0;
  std::uint32_t snd_wl1 = 0;    ///< seq of the segment that last updated the window.
  std::uint32_t write_seq = 0;  ///< One behind the last byte written.
  std::uint32_t ts_recent = 0;
  std::uint32_t rcv_tsval = 0;
  std::uint32_t rcv_tsecr = 0;
  // In one byte, since the short ways ask for several of them at once.
  std::uint8_t header_prediction : 1 = 0;  ///< Linux: pred_flags is not 0.
  std::uint8_t tstamp_ok : 1 = 0;
  std::uint8_t sack_ok : 1 = 0;
  std::uint8_t ecn_ok : 1 = 0;      ///< ECN is agreed on (RFC 3168 6.1).
  std::uint8_t dsack : 1 = 0;       ///< duplicate_sack is to be reported.
  std::uint8_t tlp_out : 1 = 0;     ///< A tail loss probe is on its way (Linux: tlp_high_seq is not 0).
  std::uint8_t saw_tstamp : 1 = 0;  ///< On the segment at hand.
  std::uint8_t is_cwnd_limited : 1 = 0;

  std::uint8_t wscale_ok : 1 = 0;
  std::uint8_t keepopen : 1 = 0;  ///< SO_KEEPALIVE
  std::uint8_t in_blocked_list : 1 = 0;
  std::uint8_t connecting : 1 = 0;         ///< connect() was begun and its result not fetched (Linux: SS_CONNECTING).
  std::uint8_t application_holds : 1 = 0;  ///< A reference is the application's.
  std::uint8_t orphaned : 1 = 0;           ///< Counted in tcp_net::orphan_count.
  std::uint8_t sock_done : 1 = 0;          ///< The FIN was received: reading ends with 0, whatever comes after.
  std::uint8_t recvmsg_inq : 1 = 0;        ///< TCP_INQ
  std::uint8_t write_wanted : 1 = 0;       ///< A write did not fit: say when there is room (Linux: SOCK_NOSPACE).
  // RFC 3168 6.1 (Linux: TCP_ECN_*).
  std::uint8_t ecn_queue_cwr : 1 = 0;   ///< The next new data says that cwnd was reduced.
  std::uint8_t ecn_demand_cwr : 1 = 0;  ///< ACKs say that congestion was met, until CWR comes.
  std::uint8_t ecn_seen : 1 = 0;        ///< Of the peer's data some came marked as capable of it.
  // Of recovery and the delivery rate.
  std::uint8_t frto : 1 = 0;           ///< After a timeout it is not known yet whether anything was lost (RFC 5682).
  std::uint8_t is_sack_reneg : 1 = 0;  ///< In recovery from a receiver that dropped what it had SACKed.
  std::uint8_t undo_marker_set : 1 = 0;
  std::uint8_t rate_app_limited : 1 = 0;  ///< The last delivery rate is of a time when there was too little to send.
  tcp_ca icsk_ca_state = tcp_ca::open;
  std::uint8_t snd_wscale = 0;
  std::uint8_t rcv_wscale = 0;
  std::uint8_t scaling_ratio = 128;  ///< Of a received segment's memory, what is payload, in 256ths.
  std::uint8_t nonagle = 0;          ///< tcp_nagle_* bits (tcp_output.hpp).
  std::uint8_t num_sacks = 0;        ///< Of out_of_order_queue.selective_acks().
  tcp_chrono chrono_type = tcp_chrono::none;
  std::uint8_t icsk_backoff = 0;
  std::uint8_t icsk_retransmits = 0;
  std::uint8_t icsk_probes_out = 0;
  icsk_time icsk_pending = icsk_time::none;
  std::uint16_t reordering = 3;
  icsk_ack_state icsk_ack;
  std::uint32_t segs_in = 0;
  std::uint32_t sk_mem_reserved = 0;  ///< Whole pages for the queues (tcp_mem.hpp), bytes.
  std::uint64_t bytes_received = 0;   ///< In order; a FIN counts as one (RFC 4898 tcpEStatsAppHCThruOctetsReceived).
  tcp_receive_queue sk_receive_queue;
  ip::route sk_dst;

  // Sending.
  [[no_unique_address]] tcp_send_queue sk_write_queue;
  std::uint32_t data_segs_in = 0;
  const tcp_congestion_ops* icsk_ca_ops = nullptr;
  rack_state rack;
  std::uint64_t bytes_acked = 0;
  std::uint64_t bytes_sent = 0;  ///< Retransmissions included.
  std::uint64_t bytes_retrans = 0;
  std::uint64_t wstamp_ns = 0;  ///< When the last segment went, or by pacing the next one may (Linux: tcp_wstamp_ns).
  // What tcp_pacing_rate() is worked out from, as it was at the last ACK (Linux: sk_pacing_rate).
  std::uint32_t pacing_srtt_us = 0;
  std::uint32_t pacing_cwnd : 31 = 0;          ///< 0: nothing was acknowledged yet.
  std::uint32_t pacing_slow_start : 1 = 0;     ///< cwnd might double in a round trip.
  std::unique_ptr<pacing_state> pacing;        ///< If SO_MAX_PACING_RATE was set.
  std::unique_ptr<mtu_probe_state> icsk_mtup;  ///< If tcp_mtu_probing is not 0.
  std::uint32_t snd_sml = 0;     ///< End of the last segment sent that was smaller than the MSS (Minshall).
  std::uint32_t max_window = 0;  ///< Largest the peer ever offered.
  std::uint32_t pushed_seq = 0;  ///< Last byte that has PSH.
  std::uint32_t mss_cache = 536;
  std::uint16_t mss_clamp = 536;  ///< What the peer announced.
  std::uint16_t advmss = 0;       ///< What is announced.
  std::uint16_t user_mss = 0;     ///< TCP_MAXSEG
  std::uint16_t pmtu = 0;         ///< From ICMP; 0: the route's.
  /// When ts_recent was set. On a listener: when the SYN queue last overflowed (in Linux too); 0: never.
  std::uint32_t ts_recent_stamp_s = 0;
  std::uint32_t tsoffset = 0;  ///< Added to the clock for timestamps.
  std::uint32_t window_clamp = 0;
  std::uint32_t rcv_ssthresh = 0;   ///< Most that is offered at the moment.
  std::uint32_t lsndtime_ms = 0;    ///< When data went last.
  std::uint32_t rcv_tstamp_ms = 0;  ///< When the last ACK came (for keepalive).

  // RTT and RTO, in microseconds (RFC 6298).
  std::uint32_t srtt_us = 0;  ///< Times 8.
  std::uint32_t mdev_us = 0;  ///< Times 4.
  std::uint32_t mdev_max_us = 0;
  std::uint32_t rttvar_us = 0;  ///< Times 4.
  std::uint32_t rtt_seq = 0;
  std::uint32_t rtt_min_us = ~0U;
  std::uint32_t icsk_rto_us = 0;
  std::uint32_t retrans_stamp_ms = 0;       ///< When the first of a row of retransmissions went; 0: none did.
  std::uint32_t icsk_probes_tstamp_ms = 0;  ///< When the peer's window was first probed; 0: it is not.

  // Congestion control and recovery; counts are segments.
  ca_private icsk_ca_priv;
  std::uint32_t snd_cwnd = 0;
  std::uint32_t snd_ssthresh = 0x7fffffff;
  std::uint32_t snd_cwnd_cnt = 0;  ///< Segments acked since cwnd grew.
  std::uint32_t packets_out = 0;
  std::uint32_t sacked_out = 0;
  std::uint32_t lost_out = 0;
  std::uint32_t retrans_out = 0;
  std::uint32_t max_packets_out = 0;
  std::uint32_t cwnd_usage_seq = 0;
  std::uint32_t high_seq = 0;  ///< snd_nxt when recovery began.
  std::uint32_t prior_cwnd = 0;
  std::uint32_t prior_ssthresh = 0;  ///< ssthresh before the reduction; 0: it must not be undone.
  std::uint32_t prr_delivered = 0;
  std::uint32_t prr_out = 0;
  std::uint32_t delivered = 0;
  std::uint32_t delivered_ce = 0;   ///< Of these, those whose ACKs said that congestion was met.
  std::uint32_t lost = 0;           ///< Ever marked lost.
  std::uint32_t undo_marker = 0;    ///< snd_una when recovery began.
  std::int32_t undo_retrans = 0;    ///< Retransmissions that no DSACK has told of yet; 0: undo.
  std::uint32_t snd_cwnd_used = 0;  ///< What of cwnd the application filled (RFC 2861).
  std::uint32_t snd_cwnd_stamp_ms = 0;
  std::uint32_t total_retrans = 0;
  std::uint32_t dsack_dups = 0;    ///< Segments that DSACKs said arrived twice.
  std::uint32_t reord_seen = 0;    ///< Times that segments were found overtaken.
  std::uint32_t tlp_high_seq = 0;  ///< snd_nxt when the tail loss probe went.

  // Delivery rate (Linux: tcp_rate.c).
  std::uint32_t delivered_mstamp_us = 0;  ///< When the last segment was delivered (the low 32 bits of the clock).
  std::uint32_t first_tx_mstamp_us = 0;   ///< When the first of the sampled flight was sent.
  std::uint32_t app_limited = 0;          ///< delivered at which what was sent without enough data is out; 0: none is.
  std::uint32_t rate_delivered = 0;
  std::uint32_t rate_interval_us = 0;

  // Totals (RFC 4898; TCP_INFO).
  std::uint32_t data_segs_out = 0;
  std::uint32_t segs_out = 0;
  std::array<std::uint32_t, 3> chrono_stat_ms{};  ///< Busy, limited by the peer's window, by the send buffer.
  std::uint32_t chrono_start_ms = 0;

  // Receiving out of order.
  packet::tcp_sack_block duplicate_sack;
  std::uint32_t last_oow_ack_ms = 0;
  std::uint32_t compressed_ack_rcv_nxt = 0;  ///< rcv_nxt when ACKs of this hole were first counted.
  [[no_unique_address]] tcp_out_of_order_queue out_of_order_queue;
  std::uint32_t rcv_ooopack = 0;  ///< Segments that came out of order.

  // Receive buffer autotuning (Linux: rcv_rtt_est, rcvq_space).
  std::uint32_t rcv_rtt_us = 0;       ///< Times 8; 0: not known.
  std::uint32_t rcv_rtt_mark = 0;     ///< Where a window that is measured ends, or the last echoed timestamp.
  std::uint32_t rcv_rtt_time_us = 0;  ///< When that window was offered; 0: none is measured.
  std::uint32_t rcvq_space = 0;
  std::uint32_t rcvq_space_seq = 0;
  std::uint32_t rcvq_space_time_us = 0;

  // Options.
  // In the padding behind each timer is room for a number.
  [[no_unique_address]] base::timer icsk_retransmit_timer;
  std::uint32_t user_timeout_ms = 0;
  [[no_unique_address]] base::timer icsk_delack_timer;
  std::uint32_t rcvlowat = 1;
  [[no_unique_address]] base::timer sk_timer;  ///< Keepalive, and the end of FIN_WAIT2.
  std::uint32_t notsent_lowat = 0;

  tcp_sock* next_of_net = nullptr;  ///< All socks of tcp_net.
  tcp_sock** pprev_of_net = nullptr;
  tcp_sock* next_blocked = nullptr;  ///< Waiting for the device (tcp_net::xmit_blocked).
};

/// What an idle connection takes, with all it owns and its node for the tables.
static_assert(sizeof(tcp_sock) + sizeof(sock::ehash_node) <= 1024);

}  // namespace fourtuple::tcp
