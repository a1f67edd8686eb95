// SPDX-License-Identifier: Apache-2.0
// Data Center TCP (RFC 8257): switches mark early, and cwnd falls by as much as was marked.
#include <algorithm>

#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_seq.hpp"

namespace fourtuple::tcp {
namespace {

constexpr std::uint32_t max_alpha = 1024;  // 1.0
constexpr unsigned shift_g = 4;            // RFC 8257 3.3: g = 1/16.

void begin_window(tcp_sock& tp, dctcp_state& ca) noexcept {
  ca.next_seq = tp.snd_nxt;
  ca.old_delivered = tp.delivered;
  ca.old_delivered_ce = tp.delivered_ce;
}

class dctcp final : public tcp_congestion_ops {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "dctcp"; }
  [[nodiscard]] bool needs_ecn() const noexcept override { return true; }

  void init(tcp_sock& tp) const noexcept override {
    if (!tp.ecn_ok && tp.skc_state != tcp_state::listen && tp.skc_state != tcp_state::close) {
      // The peer does not do ECN: there is nothing to go by (Linux: dctcp_reno).
      tp.icsk_ca_ops = &tcp_reno();
      return;
    }
    tp.icsk_ca_priv.dctcp = {.prior_rcv_nxt = tp.rcv_nxt, .dctcp_alpha = max_alpha};
    begin_window(tp, tp.icsk_ca_priv.dctcp);
  }

  [[nodiscard]] std::uint32_t ssthresh(tcp_sock& tp) const noexcept override {
    dctcp_state& ca = tp.icsk_ca_priv.dctcp;
    ca.loss_cwnd = tp.snd_cwnd;
    // RFC 8257 3.3: cwnd (1 - alpha / 2).
    const std::uint64_t fall = std::uint64_t{tp.snd_cwnd} * ca.dctcp_alpha >> 11;
    return std::max(tp.snd_cwnd - static_cast<std::uint32_t>(fall), 2U);
  }

  void cong_avoid(tcp_sock& tp, std::uint32_t acked) const noexcept override { tcp_reno().cong_avoid(tp, acked); }

  [[nodiscard]] std::uint32_t undo_cwnd(const tcp_sock& tp) const noexcept override {
    return std::max(tp.snd_cwnd, tp.icsk_ca_priv.dctcp.loss_cwnd);
  }

  /// RFC 8257 3.3: once a window, alpha moves towards the fraction that was marked.
  void in_ack_event(tcp_sock& tp, bool) const noexcept override {
    dctcp_state& ca = tp.icsk_ca_priv.dctcp;
    if (before(tp.snd_una, ca.next_seq)) return;
    const std::uint32_t marked = tp.delivered_ce - ca.old_delivered_ce;
    std::uint32_t alpha = ca.dctcp_alpha;
    // Falls to 0 in the end, not only near it.
    const std::uint32_t decay = alpha >> shift_g;
    alpha -= decay != 0 ? decay : alpha;
    if (marked != 0) {
      const std::uint32_t all = std::max(tp.delivered - ca.old_delivered, 1U);
      alpha = std::min(alpha + (marked << (10 - shift_g)) / all, max_alpha);
    }
    ca.dctcp_alpha = alpha;
    begin_window(tp, ca);
  }

  /// RFC 8257 3.5: losses are answered as ever.
  void set_state(tcp_sock& tp, tcp_ca next) const noexcept override {
    if ((next != tcp_ca::recovery && next != tcp_ca::loss) || tp.icsk_ca_state == next) return;
    // After a timeout cwnd is 1 by now.
    const std::uint32_t cwnd = next == tcp_ca::loss ? tp.prior_cwnd : tp.snd_cwnd;
    tp.icsk_ca_priv.dctcp.loss_cwnd = cwnd;
    tp.snd_ssthresh = std::max(cwnd >> 1, 2U);
  }

  /// RFC 8257 3.2: an ACK is of segments that were all marked or all not, so that the sender can count them.
  void data_received(tcp_sock& tp, bool ce) const override {
    dctcp_state& ca = tp.icsk_ca_priv.dctcp;
    if (ca.ce_state != ce) {
      // Of what came before, with the state that it came with.
      if (tp.icsk_delack_timer.pending()) {
        tp.ecn_demand_cwr = ca.ce_state;
        tcp_send_ack_of(tp, ca.prior_rcv_nxt);
      }
      tp.icsk_ack.now = true;
    }
    ca.prior_rcv_nxt = tp.rcv_nxt;
    ca.ce_state = ce;
    tp.ecn_demand_cwr = ce;
  }
};

}  // namespace

const tcp_congestion_ops& tcp_dctcp() noexcept {
  static const dctcp instance;
  return instance;
}

}  // namespace fourtuple::tcp
