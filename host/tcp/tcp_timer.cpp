// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_timer.hpp"

#include <algorithm>
#include <cerrno>

#include "host/tcp/tcp_close.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timewait.hpp"

namespace fourtuple::tcp {
namespace {

constexpr std::uint32_t resource_probe_us = 500'000;  // Linux: TCP_RESOURCE_PROBE_INTERVAL
constexpr std::uint32_t default_orphan_retries = 8;

std::uint64_t rto_max_us(const tcp_sock& tp) noexcept { return std::uint64_t{tp.net->config.tcp_rto_max_ms} * 1000; }

/// How long `retries` retransmissions with doubling gaps take, beginning with the least RTO (Linux: tcp_model_timeout).
std::uint64_t tcp_model_timeout_us(const tcp_sock& tp, unsigned retries) noexcept {
  std::uint64_t total = 0;
  std::uint64_t gap = std::uint64_t{tp.net->config.tcp_rto_min_ms} * 1000;
  for (unsigned i = 0; i <= retries; ++i) {
    total += std::min(gap, rto_max_us(tp));
    gap = std::min(gap * 2, rto_max_us(tp));
  }
  return total;
}

bool retransmits_timed_out(const tcp_sock& tp, unsigned retries, std::uint32_t timeout_ms) noexcept {
  if (tp.icsk_retransmits == 0 || !tp.retrans_stamp_set) return false;
  const std::uint64_t limit_us = timeout_ms != 0 ? std::uint64_t{timeout_ms} * 1000 : tcp_model_timeout_us(tp, retries);
  return tp.net->now_ns() - tp.retrans_stamp_ns >= limit_us * base::ns_per_us;
}

void tcp_write_err(tcp_sock& tp) {
  tp.net->count(mib::abort_on_timeout);
  tcp_done_with_error(tp, tp.sk_err_soft != 0 ? tp.sk_err_soft : ETIMEDOUT);
}

unsigned tcp_orphan_retries(const tcp_sock& tp) noexcept {
  const unsigned retries = tp.net->config.tcp_orphan_retries;
  return retries != 0 ? retries : default_orphan_retries;
}

/// True if the connection was given up.
bool tcp_write_timeout(tcp_sock& tp) {
  const tcp_config& config = tp.net->config;
  bool expired = false;
  if (tp.skc_state == tcp_state::syn_sent || tp.skc_state == tcp_state::syn_recv) {
    const unsigned retries = tp.syn_retries != 0 ? tp.syn_retries : config.tcp_syn_retries;
    expired = tp.icsk_retransmits >= retries + config.tcp_syn_linear_timeouts;
    if (tp.user_timeout_ms != 0) expired = expired || retransmits_timed_out(tp, 0, tp.user_timeout_ms);
  } else {
    const unsigned retries = tp.sk_dead ? tcp_orphan_retries(tp) : config.tcp_retries2;
    expired = retransmits_timed_out(tp, retries, tp.user_timeout_ms);
  }
  if (expired) tcp_write_err(tp);
  return expired;
}

void tcp_retransmit_timer(tcp_sock& tp) {
  if (tp.packets_out == 0) return;
  tcp_skb* skb = tp.sk_write_queue.rtx_head();
  if (skb == nullptr) return;
  if (!tp.retrans_stamp_set) {
    tp.retrans_stamp_set = true;
    tp.retrans_stamp_ns = skb->sent_at_ns;
  }
  trace(tp, tracepoint::tcp_retransmit_timer);
  if (tcp_write_timeout(tp)) return;
  if (tp.icsk_retransmits == 0) tp.net->count(mib::timeouts);
  tcp_enter_loss(tp);
  skb = tp.sk_write_queue.rtx_head();
  if (!tcp_retransmit_skb(tp, *skb)) {
    // Nothing left this host, so there is nothing to back off from.
    inet_csk_reset_xmit_timer(tp, icsk_time::retrans, resource_probe_us);
    return;
  }
  ++tp.icsk_retransmits;
  // SYNs go out at a constant rate first (tcp_syn_linear_timeouts), everything else backs off at once (RFC 6298 5.5).
  if (tp.skc_state != tcp_state::syn_sent || tp.icsk_retransmits > tp.net->config.tcp_syn_linear_timeouts) {
    ++tp.icsk_backoff;
    tp.icsk_rto_us = static_cast<std::uint32_t>(std::min(std::uint64_t{tp.icsk_rto_us} * 2, rto_max_us(tp)));
  }
  inet_csk_reset_xmit_timer(tp, icsk_time::retrans, tp.icsk_rto_us);
}

void tcp_probe_timer(tcp_sock& tp) {
  if (tp.packets_out != 0 || tp.sk_write_queue.send_head() == nullptr) {
    tp.icsk_probes_out = 0;
    return;
  }
  const unsigned most = tp.sk_dead ? tcp_orphan_retries(tp) : tp.net->config.tcp_retries2;
  if (tp.icsk_probes_out >= most) {
    tcp_write_err(tp);
  } else {
    tcp_send_probe0(tp);
  }
}

/// Idle too long: probe, and give up after enough unanswered ones (RFC 1122 4.2.3.6).
void tcp_keepalive_probe(tcp_sock& tp) {
  const std::uint64_t now = tp.net->now_ns();
  const std::uint64_t last = std::max(tp.icsk_ack.lrcvtime_ns, tp.rcv_tstamp_ns);
  const std::uint64_t idle_ms = (now - last) / base::ns_per_ms;
  if (tp.packets_out != 0 || tp.sk_write_queue.send_head() != nullptr) {
    inet_csk_reset_keepalive_timer(tp, tp.keepalive_time_ms);
    return;
  }
  if (idle_ms < tp.keepalive_time_ms) {
    inet_csk_reset_keepalive_timer(tp, tp.keepalive_time_ms - idle_ms);
    return;
  }
  const bool user_timeout_over = tp.user_timeout_ms != 0 && idle_ms >= tp.user_timeout_ms && tp.icsk_probes_out > 0;
  if (user_timeout_over || (tp.user_timeout_ms == 0 && tp.icsk_probes_out >= tp.keepalive_probes)) {
    tcp_send_active_reset(tp);
    tcp_write_err(tp);
    return;
  }
  tcp_write_wakeup(tp, mib::keep_alive);
  ++tp.icsk_probes_out;
  inet_csk_reset_keepalive_timer(tp, tp.keepalive_intvl_ms);
}

sock_reference<tcp_sock> sock_of(base::timer& t) noexcept {
  return sock_reference<tcp_sock>::hold(*static_cast<sock_timer&>(t).sk);
}

}  // namespace

void inet_csk_reset_xmit_timer(tcp_sock& tp, icsk_time what, std::uint32_t delay_us) {
  tp.icsk_pending = what;
  tp.net->timers.arm(tp.icsk_retransmit_timer, tp.net->now_ns() + std::uint64_t{delay_us} * base::ns_per_us);
}

void inet_csk_clear_xmit_timer(tcp_sock& tp) {
  tp.icsk_pending = icsk_time::none;
  tp.net->timers.disarm(tp.icsk_retransmit_timer);
}

void tcp_clear_xmit_timers(tcp_sock& tp) {
  inet_csk_clear_xmit_timer(tp);
  tp.net->timers.disarm(tp.icsk_delack_timer);
  tp.net->timers.disarm(tp.sk_timer);
}

void tcp_rearm_rto(tcp_sock& tp) {
  if (tp.packets_out == 0) {
    if (tp.icsk_pending != icsk_time::probe0) inet_csk_clear_xmit_timer(tp);
    return;
  }
  std::uint32_t delay_us = tp.icsk_rto_us;
  // The other timer has taken up some of the time already (RFC 8985 7.2).
  if (tp.icsk_pending == icsk_time::loss_probe || tp.icsk_pending == icsk_time::reo_timeout) {
    delay_us = static_cast<std::uint32_t>(std::max<std::int64_t>(tcp_rto_delta_us(tp), 1));
  }
  inet_csk_reset_xmit_timer(tp, icsk_time::retrans, delay_us);
}

std::int64_t tcp_rto_delta_us(const tcp_sock& tp) noexcept {
  const tcp_skb* head = tp.sk_write_queue.rtx_head();
  if (head == nullptr) return tp.icsk_rto_us;
  return static_cast<std::int64_t>(tp.icsk_rto_us) -
         static_cast<std::int64_t>((tp.net->now_ns() - head->sent_at_ns) / base::ns_per_us);
}

void tcp_arm_delack(tcp_sock& tp, std::uint32_t delay_us) {
  tp.net->timers.arm(tp.icsk_delack_timer, tp.net->now_ns() + std::uint64_t{delay_us} * base::ns_per_us);
}

void inet_csk_reset_keepalive_timer(tcp_sock& tp, std::uint64_t delay_ms) {
  tp.net->timers.arm(tp.sk_timer, tp.net->now_ns() + delay_ms * base::ns_per_ms);
}

std::uint32_t tcp_probe0_base_us(const tcp_sock& tp) noexcept {
  return std::max(tp.icsk_rto_us, tp.net->config.tcp_rto_min_ms * 1000);
}

void tcp_write_timer(base::timer& t) noexcept {
  const auto keep = sock_of(t);
  tcp_sock& tp = *keep;
  if (tp.skc_state == tcp_state::close || tp.skc_state == tcp_state::listen) return;
  const icsk_time what = std::exchange(tp.icsk_pending, icsk_time::none);
  if (what == icsk_time::retrans) tcp_retransmit_timer(tp);
  if (what == icsk_time::probe0) tcp_probe_timer(tp);
  if (what == icsk_time::loss_probe) tcp_send_loss_probe(tp);
  if (what == icsk_time::reo_timeout) tcp_rack_reo_timeout(tp);
}

void tcp_delack_timer(base::timer& t) noexcept {
  const auto keep = sock_of(t);
  tcp_sock& tp = *keep;
  if (tp.skc_state == tcp_state::close || tp.skc_state == tcp_state::listen || !tp.icsk_ack.sched) return;
  if (!tp.icsk_ack.pingpong) {
    tp.icsk_ack.ato_us = std::min(tp.icsk_ack.ato_us * 2, tp.icsk_rto_us);
  } else {
    // No data came for the ACK to ride on: it is no conversation any more.
    tp.icsk_ack.pingpong = false;
    tp.icsk_ack.ato_us = tp.net->config.tcp_delack_min_ms * 1000;
  }
  tcp_send_ack(tp);
  tp.net->count(mib::delayed_acks);
}

void tcp_keepalive_timer(base::timer& t) noexcept {
  const auto keep = sock_of(t);
  tcp_sock& tp = *keep;
  if (tp.skc_state == tcp_state::fin_wait2 && tp.sk_dead) {
    // What is left of FIN_WAIT2 a small sock can do.
    const std::uint64_t left_ms =
        tcp_fin_time_ms(tp) - std::min<std::uint64_t>(tcp_fin_time_ms(tp), tp.net->config.tcp_timewait_length_ms);
    if (tp.linger2_ms >= 0 && left_ms > 0) {
      tcp_time_wait(tp, tcp_state::fin_wait2, left_ms);
      return;
    }
    tcp_send_active_reset(tp);
    tcp_done(tp);
    return;
  }
  if (!tp.keepopen || tp.skc_state == tcp_state::syn_sent || tp.skc_state == tcp_state::close ||
      tp.skc_state == tcp_state::listen) {
    return;
  }
  tcp_keepalive_probe(tp);
}

}  // namespace fourtuple::tcp
