// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace fourtuple::tcp {

/// Settings of one TCP, each named after its Linux sysctl (net.ipv4.tcp_... unless noted) and with Linux's default.
///
/// A plain value, copied when the stack is made. Counts are segments or tries, sizes are bytes.
struct tcp_config {
  /// Receive buffer: least, initial, most (autotuning stays between).
  std::array<std::uint32_t, 3> tcp_rmem{4096, 540'000, 15'728'640};
  /// Send buffer: least, initial, most.
  std::array<std::uint32_t, 3> tcp_wmem{4096, 262'144, 4'194'304};
  /// Memory of all sockets together, in pages of 4096 bytes: below the first, buffers grow freely; above the second
  /// they do not and windows close; the third is the limit. Linux chooses by the machine's memory: these are for 16
  /// GiB.
  std::array<std::uint32_t, 3> tcp_mem{196'608, 262'144, 393'216};
  std::uint32_t rmem_max = 212'992;  ///< net.core.rmem_max: limit of SO_RCVBUF before it is doubled.
  std::uint32_t wmem_max = 212'992;  ///< net.core.wmem_max: limit of SO_SNDBUF before it is doubled.
  bool tcp_moderate_rcvbuf = true;   ///< Receive buffer autotuning.

  bool tcp_timestamps = true;
  bool tcp_sack = true;
  bool tcp_dsack = true;
  bool tcp_window_scaling = true;
  // ACKs of segments out of order, after the first three of a hole: how long one waits for others at most, how much
  // longer it may, and how many it stands for at most.
  std::uint32_t tcp_comp_sack_delay_ns = 1'000'000;
  std::uint32_t tcp_comp_sack_slack_ns = 100'000;
  std::uint32_t tcp_comp_sack_nr = 44;

  std::uint32_t tcp_syn_retries = 5;  ///< After the linear ones; no longer than so many with doubling gaps take.
  std::uint32_t tcp_syn_linear_timeouts = 4;  ///< SYN retransmissions that come one initial RTO apart.
  std::uint32_t tcp_synack_retries = 5;
  std::uint32_t tcp_retries1 = 3;
  std::uint32_t tcp_retries2 = 15;       ///< Retransmissions before an established connection is given up.
  std::uint32_t tcp_orphan_retries = 0;  ///< Same for a closed one; 0 stands for 8.
  std::uint32_t tcp_max_syn_backlog = 4096;
  std::uint32_t tcp_syncookies = 1;        ///< 0: never; 1: when the SYN queue is full; 2: for every SYN.
  std::uint32_t somaxconn = 4096;          ///< net.core.somaxconn: limit of listen()'s backlog.
  bool tcp_abort_on_overflow = false;      ///< Reset instead of dropping when the accept queue is full.
  std::uint32_t tcp_reordering = 3;        ///< Duplicate ACKs that mean loss.
  std::uint32_t tcp_max_reordering = 300;  ///< To what that may rise on a path that reorders.
  std::uint32_t tcp_early_retrans = 3;     ///< 3 and 4: tail loss probes; anything else: none.
  std::uint32_t tcp_recovery = 1;    ///< RACK: bit 1 keeps its window as it is, bit 2 waits also after enough SACKs.
  std::uint32_t tcp_frto = 2;        ///< 0: no timeout is ever found spurious (RFC 5682).
  bool tcp_retrans_collapse = true;  ///< Small segments are joined when they are sent again.
  bool tcp_slow_start_after_idle = false;
  std::string tcp_congestion_control = "cubic";  ///< "cubic", "reno" or "dctcp", for sockets that do not choose.
  /// Ticks a second, 1 to 1000, as a Linux kernel is configured with (CONFIG_HZ): the grain of CUBIC's clock. On paths
  /// whose round trip is shorter than a tick CUBIC is the faster the longer a tick is. The ACK of a FIN before any data
  /// waits for the next one.
  std::uint32_t hz = 1'000;
  std::uint32_t tcp_ecn = 2;     ///< 0: never; 1: asked for; 2: agreed to when the peer asks.
  bool tcp_ecn_fallback = true;  ///< A SYN that has to be repeated does not ask for it.

  std::uint32_t tcp_min_tso_segs = 2;     ///< Segments that are sent as a unit at least.
  std::uint32_t tcp_tso_win_divisor = 3;  ///< A unit waits for more only below this part of the window.
  std::uint32_t tcp_tso_rtt_log = 9;      ///< Units get larger as the round trip gets below 2^this us; 0: they do not.
  std::uint32_t gso_max_size = 65'536;    ///< Bytes of the largest unit (Linux: net_device).
  std::uint32_t tcp_pacing_ss_ratio = 200;  ///< Pacing rate in per cent of cwnd / srtt, in slow start,
  std::uint32_t tcp_pacing_ca_ratio = 120;  ///< and after it.

  std::uint32_t tcp_mtu_probing = 0;         ///< 0: never; 1: after a black hole was found; 2: always (RFC 4821).
  std::uint32_t tcp_base_mss = 1'024;        ///< Where the search for the path's MTU begins.
  std::uint32_t tcp_mtu_probe_floor = 48;    ///< Least segment that it comes down to.
  std::uint32_t tcp_probe_threshold = 8;     ///< It ends when less than this is left to search.
  std::uint32_t tcp_probe_interval_s = 600;  ///< When it begins anew.
  std::uint32_t tcp_notsent_lowat = ~0U;     ///< Bytes not sent yet above which a socket is not writable.
  std::uint32_t tcp_initial_cwnd = 10;       ///< TCP_INIT_CWND, a constant in Linux (RFC 6928).

  std::uint32_t tcp_fin_timeout_ms = 60'000;      ///< FIN_WAIT2 of a closed socket.
  std::uint32_t tcp_timewait_length_ms = 60'000;  ///< TCP_TIMEWAIT_LEN, a constant in Linux.
  std::uint32_t tcp_max_tw_buckets = 262'144;     ///< Beyond it connections end without TIME_WAIT.
  std::uint32_t tcp_tw_reuse = 2;           ///< connect() takes ports in TIME_WAIT; 0: never; 1: yes; 2: on loopback.
  std::uint32_t tcp_max_orphans = 262'144;  ///< Beyond it connections that are closed are reset.
  std::uint32_t tcp_keepalive_time_ms = 7'200'000;
  std::uint32_t tcp_keepalive_intvl_ms = 75'000;
  std::uint32_t tcp_keepalive_probes = 9;

  std::uint32_t tcp_rto_init_ms = 1'000;  ///< TCP_TIMEOUT_INIT, a constant in Linux (RFC 6298 2.1).
  std::uint32_t tcp_rto_min_ms = 200;     ///< TCP_RTO_MIN.
  std::uint32_t tcp_rto_max_ms = 120'000;
  std::uint32_t tcp_delack_min_ms = 40;  ///< TCP_DELACK_MIN.
  std::uint32_t tcp_challenge_ack_limit =
      1'000;  ///< Challenge ACKs a second, all sockets together (RFC 5961 section 7).
  std::uint32_t tcp_invalid_ratelimit_ms =
      500;  ///< Least time between two duplicate ACKs for bad segments of one sock.
};

}  // namespace fourtuple::tcp
