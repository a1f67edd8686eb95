// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_ecn.hpp"

#include "host/tcp/tcp_ack_policy.hpp"
#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_seq.hpp"

namespace fourtuple::tcp {
namespace {

/// A sender that was told of congestion may have a window of one segment: its data is not to wait for a delayed ACK.
constexpr std::uint8_t quickacks_after_ce = 2;

}  // namespace

bool tcp_ecn_send_syn(const tcp_sock& tp) noexcept {
  return tp.net->config.tcp_ecn == 1 || tp.icsk_ca_ops->needs_ecn();
}

bool tcp_ecn_create_request(const tcp_sock& listener, const rx_segment& syn) noexcept {
  if (!syn.flags.ece || !syn.flags.cwr) return false;
  // RFC 3168 6.1.1: a SYN is not marked itself; one that is comes from something else than ECN.
  const bool marked = syn.ecn != 0;
  return (listener.net->config.tcp_ecn != 0 && !marked) || listener.icsk_ca_ops->needs_ecn();
}

void tcp_ecn_rcv_synack(tcp_sock& tp, const packet::tcp_flags& flags) noexcept {
  if (!flags.ece || flags.cwr) tp.ecn_ok = false;
}

void tcp_ecn_rcv_syn(tcp_sock& tp, const packet::tcp_flags& flags) noexcept {
  if (!flags.ece || !flags.cwr) tp.ecn_ok = false;
}

void tcp_ecn_send(tcp_sock& tp, std::uint32_t seq, bool has_payload, packet::tcp_flags& flags,
                  std::uint8_t& tos) noexcept {
  tos &= static_cast<std::uint8_t>(~ecn_mask);
  const bool always = tp.icsk_ca_ops->needs_ecn();
  if (flags.syn) {
    // RFC 8257 3.1 note: in a network made for it, losing SYNs to drops is what marking is for.
    if (always && (flags.ece || tp.ecn_ok)) tos |= ecn_ect_0;
    return;
  }
  if (!tp.ecn_ok) return;
  // RFC 3168 6.1.4, 6.1.5: neither ACKs nor retransmissions.
  const bool fresh_data = has_payload && !before(seq, tp.snd_nxt);
  if (fresh_data || always) tos |= ecn_ect_0;
  if (fresh_data && tp.ecn_queue_cwr) {
    tp.ecn_queue_cwr = false;
    flags.cwr = true;
  }
  if (tp.ecn_demand_cwr) flags.ece = true;
}

void tcp_ecn_check_ce_slow(tcp_sock& tp, std::uint8_t ecn) {
  if (ecn == 0) {
    // After marked ones most likely a retransmission.
    if (tp.ecn_seen) tcp_enter_quickack_mode(tp, quickacks_after_ce);
    return;
  }
  tp.ecn_seen = true;
  if (ecn != ecn_ce) {
    tp.icsk_ca_ops->data_received(tp, false);
    return;
  }
  tp.icsk_ca_ops->data_received(tp, true);
  if (tp.ecn_demand_cwr) return;
  tcp_enter_quickack_mode(tp, quickacks_after_ce);
  tp.ecn_demand_cwr = true;
}

void tcp_ecn_accept_cwr(tcp_sock& tp, const rx_segment& segment) noexcept {
  if (!segment.flags.cwr) return;
  tp.ecn_demand_cwr = false;
  // Its window may be one segment.
  if (segment.seq != segment.end_seq) tp.icsk_ack.now = true;
}

bool tcp_rcv_ecn_echo(const tcp_sock& tp, const packet::tcp_flags& flags) noexcept {
  return tp.ecn_ok && flags.ece && !flags.syn;
}

}  // namespace fourtuple::tcp
