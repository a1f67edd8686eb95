// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>

#include "host/base/clock.hpp"
#include "host/base/random_source.hpp"
#include "host/base/timer_wheel.hpp"
#include "host/ip/ipv4.hpp"
#include "host/sock/connection_handles.hpp"
#include "host/sock/inet_hashinfo.hpp"
#include "host/sock/inet_timewait_sock.hpp"
#include "host/sock/request_sock.hpp"
#include "host/sock/sock_slab.hpp"
#include "host/tcp/tcp_config.hpp"
#include "host/tcp/tcp_mib.hpp"
#include "host/tcp/tcp_mstamp.hpp"
#include "host/tcp/tcp_segment.hpp"
#include "host/tcp/tcp_sock.hpp"
#include "host/tcp/tcp_trace.hpp"

namespace fourtuple::tcp {

/// What is added to the clock for the timestamps between two hosts.
struct timestamp_offset {
  packet::ipv4_address local;
  packet::ipv4_address foreign;
  std::uint32_t offset = 0;
};

/// What a new sock takes from the settings, as it keeps it.
struct sock_defaults {
  std::uint16_t keepalive_time_s = 0;
  std::uint16_t keepalive_intvl_s = 0;
  std::uint16_t reordering = 0;
  std::uint8_t keepalive_probes = 0;
};

/// What all socks of one TCP share (Linux: struct net, tcp_prot and the tables of tcp_hashinfo).
///
/// Threads: the stack's.
struct tcp_net {
  /// Throws std::invalid_argument if there is no tcp_congestion_control of that name, or hz is out of range.
  tcp_net(const tcp_config& settings, base::clock& time, base::random_source& entropy, base::timer_wheel& wheel,
          ip::ipv4& network, sock::inet_hashinfo& tables);
  tcp_net(const tcp_net&) = delete;
  tcp_net& operator=(const tcp_net&) = delete;
  ~tcp_net();

  /// What mstamp() says from now on. Whoever comes from outside (a segment, a timer, a call) begins with this.
  void tcp_mstamp_refresh() noexcept {
    const std::uint64_t time_ns = clock.now_ns();
    if (time_ns != mstamp_.ns) mstamp_.advance_to(time_ns);
  }
  [[nodiscard]] const tcp_mstamp& mstamp() const noexcept { return mstamp_; }
  [[nodiscard]] std::uint64_t now_ns() const noexcept { return mstamp_.ns; }
  [[nodiscard]] std::uint32_t now_s() const noexcept { return mstamp_.s(); }
  [[nodiscard]] std::uint32_t now_ms() const noexcept { return mstamp_.ms(); }
  [[nodiscard]] std::uint32_t now_us() const noexcept { return mstamp_.us(); }
  /// From now on these hold (Linux: writing to net.ipv4's sysctls); socks keep what they have taken over. Throws as the
  /// constructor does, and nothing has changed.
  void set_config(const tcp_config& settings);
  void count(mib what, std::uint64_t by = 1) noexcept { counters[static_cast<std::size_t>(what)] += by; }
  void uncount(mib what) noexcept { --counters[static_cast<std::size_t>(what)]; }
  [[nodiscard]] bool traced() const noexcept { return observer != nullptr; }
  /// Tells whoever listens what `event` returns. While nobody does, it is not called, and this is one branch.
  [[gnu::always_inline]] void trace(const std::invocable auto& event) const {
    if (traced()) [[unlikely]]
      observer->on_trace(event());
  }

  tcp_config config;
  sock_defaults defaults;                                ///< Of config.
  const tcp_congestion_ops* default_congestion_control;  ///< What config names.
  base::clock& clock;
  base::random_source& random;
  base::timer_wheel& timers;
  ip::ipv4& ip;
  sock::inet_hashinfo& hashinfo;
  skb_memory memory{sizeof(tcp_skb)};
  sock::sock_slab<tcp_sock> tcp_slab;
  sock::sock_slab<sock::tcp_request_sock> request_slab;
  sock::sock_slab<sock::tcp_timewait_sock> timewait_slab;
  sock::connection_handles handles;
  tcp_observer* observer = nullptr;  ///< Outlives its use here.
  /// Whether the usual segments are taken by ways of their own: header prediction, tcp_ack_flight, tcp_xmit_single.
  /// False for a test that holds these against the long ways, which do the same.
  bool short_ways = true;
  bool rxhash = false;  ///< See tcp::set_rxhash().

  std::array<std::uint64_t, static_cast<std::size_t>(mib::count_)> counters{};
  std::array<std::uint64_t, 2> secure_seq_secret;
  std::array<std::uint64_t, 2> timestamp_secret;
  timestamp_offset last_timestamp_offset{};  ///< Made with timestamp_secret; no addresses: none.
  /// Keys of the two hashes in a SYN cookie; drawn when the first one is sent.
  std::optional<std::array<std::array<std::uint64_t, 2>, 2>> syncookie_secret;
  tcp_sock* socks = nullptr;
  tcp_sock* xmit_blocked = nullptr;  ///< First of those whose device was busy.
  tcp_sock** xmit_blocked_tail = &xmit_blocked;
  std::uint32_t orphan_count = 0;
  std::uint64_t memory_allocated_pages = 0;                 ///< All socks' sk_mem_reserved.
  std::uint64_t memory_pressure_since_ns = base::never_ns;  ///< never_ns: there is none (Linux: tcp_memory_pressure).
  tcp_sock* reclaim_next = nullptr;                         ///< Whose unused pages are taken back next.
  tcp_mstamp mstamp_;                                       ///< See tcp_mstamp_refresh().
  std::uint32_t challenge_count = 0;  ///< Challenge ACKs left in this second (RFC 5961 section 7).
  std::uint64_t challenge_second = 0;
};

inline void trace(const tcp_sock& tp, tracepoint what) {
  tp.net->trace([&] { return trace_event{.what = what, .tuple = tp.skc_tuple, .sk = &tp}; });
}
inline void trace(const tcp_sock& tp, tracepoint what, const auto& segment) {
  tp.net->trace([&] {
    return trace_event{.what = what,
                       .tuple = tp.skc_tuple,
                       .sk = &tp,
                       .seq = segment.seq,
                       .ack_seq = segment.ack_seq,
                       .bytes = segment.bytes()};
  });
}
/// Of a segment whose connection has no full sock, or none that is known yet.
inline void trace(const tcp_net& net, tracepoint what, const rx_segment& segment) {
  net.trace([&] {
    return trace_event{
        .what = what, .tuple = segment.tuple, .seq = segment.seq, .ack_seq = segment.ack_seq, .bytes = segment.bytes()};
  });
}

/// The net of a sock in TIME_WAIT.
[[nodiscard]] tcp_net& net_of(sock::tcp_timewait_sock& tw) noexcept;
/// The net of a request, by way of its listener.
[[nodiscard]] inline tcp_net& net_of(sock::request_sock& req) noexcept {
  return *static_cast<tcp_sock&>(*req.rsk_listener).net;
}

}  // namespace fourtuple::tcp
