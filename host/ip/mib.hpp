// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace fourtuple::ip {

/// What the IPv4 layer counts (Linux: IPSTATS_MIB_*, ICMP_MIB_*, and the neighbour table's statistics).
enum class mib : std::uint8_t {
  in_receives,        ///< IPv4 packets that came in, bad ones included.
  in_hdr_errors,      ///< Bad header: length, version, checksum, options.
  in_addr_errors,     ///< Not for this host, or from an address that cannot be a sender's.
  in_unknown_protos,  ///< No handler for the protocol.
  in_discards,        ///< Good, but refused: source routes.
  in_delivers,        ///< Handed to ICMP or a protocol.
  out_requests,       ///< Packets that this host wanted to send.
  out_discards,       ///< Not sent for want of a route or of room in a neighbour's queue.
  out_no_routes,      ///< No route to their destination.
  reasm_timeout,      ///< Packets whose fragments did not all come in time.
  reasm_reqds,        ///< Fragments that came in.
  reasm_oks,          ///< Packets put together.
  reasm_fails,        ///< Fragments or packets given up: timeout, overlap, limits, bad lengths.
  frag_oks,           ///< Packets sent as fragments.
  frag_fails,         ///< Packets that would have to be fragmented and must not be.
  frag_creates,       ///< Fragments sent.
  in_truncated_pkts,  ///< The frame ends before the packet does.
  in_csum_errors,     ///< Header checksum wrong; also in in_hdr_errors.
  in_bcast_pkts,      ///< For a broadcast address.
  in_octets,          ///< Bytes of in_receives with a good header.
  out_octets,         ///< Bytes of packets given to devices or neighbours' queues.
  reasm_overlaps,     ///< Packets given up because fragments overlap (RFC 5722 for IPv4, as Linux).
  in_other_host,      ///< Frames for another Ethernet address.
  in_no_protocol,     ///< Frames whose EtherType nobody handles, and frames too short for a header.
  icmp_in_msgs,
  icmp_in_errors,  ///< Too short, or quoting something that is no packet.
  icmp_in_csum_errors,
  icmp_in_dest_unreachs,
  icmp_in_time_excds,
  icmp_in_parm_probs,
  icmp_in_src_quenchs,
  icmp_in_redirects,
  icmp_in_echos,
  icmp_in_echo_reps,
  icmp_out_msgs,
  icmp_out_errors,      ///< Could not be sent.
  icmp_out_rate_limit,  ///< Not sent: too many a second.
  icmp_out_dest_unreachs,
  icmp_out_time_excds,
  icmp_out_echo_reps,
  udp_no_ports,   ///< UDP without a handler, answered with port unreachable.
  udp_in_errors,  ///< UDP without a handler and with a bad length.
  udp_in_csum_errors,
  arp_received,
  arp_malformed,
  arp_requests_sent,
  arp_replies_sent,
  neigh_res_failed,      ///< A neighbour did not answer.
  neigh_unres_discards,  ///< Packets dropped while their neighbour's address was not known.
  neigh_table_fulls,
};

inline constexpr std::size_t mib_count = static_cast<std::size_t>(mib::neigh_table_fulls) + 1;

class mib_counters {
 public:
  void add(mib which, std::uint64_t n = 1) noexcept { values_[static_cast<std::size_t>(which)] += n; }
  [[nodiscard]] std::uint64_t get(mib which) const noexcept { return values_[static_cast<std::size_t>(which)]; }
  /// In the order of mib, with the names of Linux's /proc/net/snmp and netstat where it has them.
  [[nodiscard]] std::vector<std::pair<std::string_view, std::uint64_t>> named() const;

 private:
  std::array<std::uint64_t, mib_count> values_{};
};

}  // namespace fourtuple::ip
