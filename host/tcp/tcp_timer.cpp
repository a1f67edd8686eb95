// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_timer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "host/tcp/tcp_ack_policy.hpp"
#include "host/tcp/tcp_close.hpp"
#include "host/tcp/tcp_mem.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timewait.hpp"

namespace fourtuple::tcp {
namespace {

constexpr std::uint32_t default_orphan_retries = 8;

std::uint64_t rto_max_us(const tcp_sock& tp) noexcept { return std::uint64_t{tp.net->config.tcp_rto_max_ms} * 1000; }

bool is_opening(tcp_state state) noexcept { return state == tcp_state::syn_sent || state == tcp_state::syn_recv; }

/// How long `retries` retransmissions with doubling gaps take, beginning with the least RTO (Linux: tcp_model_timeout).
std::uint64_t tcp_model_timeout_us(const tcp_sock& tp, unsigned retries) noexcept {
  const tcp_config& config = tp.net->config;
  std::uint64_t total = 0;
  std::uint64_t gap = std::uint64_t{is_opening(tp.skc_state) ? config.tcp_rto_init_ms : config.tcp_rto_min_ms} * 1000;
  for (unsigned i = 0; i <= retries; ++i) {
    total += std::min(gap, rto_max_us(tp));
    gap = std::min(gap * 2, rto_max_us(tp));
  }
  return total;
}

bool retransmits_timed_out(const tcp_sock& tp, unsigned retries, std::uint32_t timeout_ms) noexcept {
  if (tp.icsk_retransmits == 0) return false;
  const std::uint64_t limit_us = timeout_ms != 0 ? std::uint64_t{timeout_ms} * 1000 : tcp_model_timeout_us(tp, retries);
  // A timer of Linux fires a little late, this one does not: what is left of its last millisecond counts as over.
  const auto now_ms = static_cast<std::uint32_t>((tp.net->now_ns() + base::ns_per_ms - 1) / base::ns_per_ms);
  return std::uint64_t{now_ms - tp.retrans_stamp_ms} * 1000 >= limit_us;
}

/// The RTO, or what TCP_USER_TIMEOUT leaves if that is less (Linux: tcp_clamp_rto_to_user_timeout).
std::uint32_t clamped_rto_us(const tcp_sock& tp) noexcept {
  if (tp.user_timeout_ms == 0) return tp.icsk_rto_us;
  const std::uint32_t elapsed_ms = tp.net->now_ms() - tp.retrans_stamp_ms;
  if (elapsed_ms >= tp.user_timeout_ms) return 1000;
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(tp.icsk_rto_us, std::uint64_t{tp.user_timeout_ms - elapsed_ms} * 1000));
}

void tcp_write_err(tcp_sock& tp) {
  tp.net->count(mib::abort_on_timeout);
  tcp_done_with_error(tp, tp.sk_err_soft != 0 ? tp.sk_err_soft : ETIMEDOUT);
}

/// How often a closed socket tries. `alive`: the peer was heard of not so long ago.
unsigned tcp_orphan_retries(const tcp_sock& tp, bool alive) noexcept {
  unsigned retries = tp.net->config.tcp_orphan_retries;
  // RFC 1122 4.2.3.5 wants 100 s at least: with an RTO of 200 ms eight are 102 s.
  if (tp.sk_err_soft != 0 && !alive) retries = 0;
  if (retries == 0 && alive) retries = default_orphan_retries;
  return retries;
}

/// True if the connection was given up.
bool tcp_write_timeout(tcp_sock& tp) {
  const tcp_config& config = tp.net->config;
  bool expired = false;
  unsigned retry_until = 0;
  if (is_opening(tp.skc_state)) {
    retry_until = tp.icsk_syn_retries != 0 ? tp.icsk_syn_retries : config.tcp_syn_retries;
    const unsigned linear = tp.skc_state == tcp_state::syn_sent ? config.tcp_syn_linear_timeouts : 0;
    expired = tp.icsk_retransmits >= retry_until + linear;
  } else {
    if (retransmits_timed_out(tp, config.tcp_retries1, 0)) tcp_mtu_black_hole(tp);
    retry_until = config.tcp_retries2;
    if (tp.sk_dead) {
      const bool alive = tp.icsk_rto_us < rto_max_us(tp);
      retry_until = tcp_orphan_retries(tp, alive);
      if (tcp_out_of_resources(tp, alive || !retransmits_timed_out(tp, retry_until, 0))) return true;
    }
  }
  // Of SYNs as well: so many with doubling gaps bound the linear ones, too.
  if (!expired) expired = retransmits_timed_out(tp, retry_until, tp.user_timeout_ms);
  if (expired) tcp_write_err(tp);
  return expired;
}

/// Which way of repairing losses has failed.
void count_rto(tcp_sock& tp) noexcept {
  tp.net->count(mib::timeouts);
  if (tp.icsk_retransmits != 0) return;
  if (tp.icsk_ca_state == tcp_ca::recovery) {
    tp.net->count(tp.sack_ok ? mib::sack_recovery_fail : mib::reno_recovery_fail);
  } else if (tp.icsk_ca_state == tcp_ca::loss) {
    tp.net->count(mib::loss_failures);
  } else if (tp.icsk_ca_state == tcp_ca::disorder || tp.sacked_out != 0) {
    tp.net->count(tp.sack_ok ? mib::sack_failures : mib::reno_failures);
  }
}

/// The peer has taken its window back: what it does not want is sent as a probe, and the connection lives as long as
/// the peer answers (Linux: tcp_rtx_probe0_timed_out). True if it was given up.
bool retransmit_as_probe(tcp_sock& tp, const tcp_skb& head) {
  const std::uint32_t now_ms = tp.net->now_ms();
  const auto first_ms =
      tp.retrans_stamp_ms != 0 ? tp.retrans_stamp_ms : static_cast<std::uint32_t>(head.sent_at_ns / base::ns_per_ms);
  const std::uint64_t limit_ms = std::uint64_t{2} * tp.net->config.tcp_rto_max_ms;
  const std::uint64_t user_ms = tp.user_timeout_ms != 0 ? std::min<std::uint64_t>(limit_ms, tp.user_timeout_ms) : 0;
  const std::uint64_t silent_ms = now_ms - tp.rcv_tstamp_ms;
  if ((user_ms != 0 && now_ms - first_ms > user_ms) || silent_ms > limit_ms) {
    tcp_write_err(tp);
    return true;
  }
  tcp_enter_loss(tp);
  if (tcp_skb* skb = tp.sk_write_queue.rtx_head()) tcp_retransmit_skb(tp, *skb, 1);
  return false;
}

void back_off(tcp_sock& tp) {
  // SYNs go out at a constant rate first (tcp_syn_linear_timeouts), everything else backs off at once (RFC 6298 5.5).
  if (tp.skc_state != tcp_state::syn_sent || tp.icsk_retransmits > tp.net->config.tcp_syn_linear_timeouts) {
    ++tp.icsk_backoff;
    tp.icsk_rto_us = static_cast<std::uint32_t>(std::min(std::uint64_t{tp.icsk_rto_us} * 2, rto_max_us(tp)));
  }
  inet_csk_reset_xmit_timer(tp, icsk_time::retrans, clamped_rto_us(tp));
}

void tcp_retransmit_timer(tcp_sock& tp) {
  if (tp.packets_out == 0) return;
  const tcp_skb* head = tp.sk_write_queue.rtx_head();
  if (head == nullptr) return;
  trace(tp, tracepoint::tcp_retransmit_timer);
  if (tp.snd_wnd == 0 && !tp.sk_dead && !is_opening(tp.skc_state)) {
    if (!retransmit_as_probe(tp, *head)) back_off(tp);
    return;
  }
  if (tcp_write_timeout(tp)) return;
  count_rto(tp);
  tcp_enter_loss(tp);
  ++tp.icsk_retransmits;
  if (!tcp_retransmit_skb(tp, *tp.sk_write_queue.rtx_head(), 1)) {
    // Nothing left this host, so there is nothing to back off from.
    inet_csk_reset_xmit_timer(tp, icsk_time::retrans, tcp_resource_probe_us);
    return;
  }
  back_off(tp);
}

void tcp_probe_timer(tcp_sock& tp) {
  if (tp.packets_out != 0 || tp.sk_write_queue.send_head() == nullptr) {
    tp.icsk_probes_out = 0;
    tp.icsk_probes_tstamp_ms = 0;
    return;
  }
  bool abort = false;
  // RFC 1122 4.2.2.17: as long as the peer answers, for ever; unless the user set a limit or has closed.
  if (tp.icsk_probes_tstamp_ms == 0) {
    tp.icsk_probes_tstamp_ms = tcp_stamp_ms(*tp.net);
  } else if (tp.user_timeout_ms != 0) {
    abort = tp.net->now_ms() - tp.icsk_probes_tstamp_ms >= tp.user_timeout_ms;
  }
  unsigned most = tp.net->config.tcp_retries2;
  if (tp.sk_dead) {
    const bool alive = std::uint64_t{tp.icsk_rto_us} << tp.icsk_backoff < rto_max_us(tp);
    most = tcp_orphan_retries(tp, alive);
    abort = abort || (!alive && tp.icsk_backoff >= most);
    if (!abort && tcp_out_of_resources(tp, true)) return;
  }
  if (abort || tp.icsk_probes_out >= most) {
    tcp_write_err(tp);
  } else {
    tcp_send_probe0(tp);
  }
}

/// Idle too long: probe, and give up after enough unanswered ones (RFC 1122 4.2.3.6).
void tcp_keepalive_probe(tcp_sock& tp) {
  const std::uint32_t now = tp.net->now_ms();
  const std::uint32_t idle_ms = std::min(now - tp.icsk_ack.lrcvtime_ms, now - tp.rcv_tstamp_ms);
  if (tp.packets_out != 0 || tp.sk_write_queue.send_head() != nullptr) {
    inet_csk_reset_keepalive_timer(tp, keepalive_time_ms(tp));
    return;
  }
  if (idle_ms < keepalive_time_ms(tp)) {
    inet_csk_reset_keepalive_timer(tp, keepalive_time_ms(tp) - idle_ms);
    return;
  }
  const bool user_timeout_over = tp.user_timeout_ms != 0 && idle_ms >= tp.user_timeout_ms && tp.icsk_probes_out > 0;
  if (user_timeout_over || (tp.user_timeout_ms == 0 && tp.icsk_probes_out >= tp.keepalive_probes)) {
    tcp_send_active_reset(tp);
    tcp_write_err(tp);
    return;
  }
  if (!tcp_write_wakeup(tp, mib::keep_alive)) {
    inet_csk_reset_keepalive_timer(tp, tcp_resource_probe_us / 1000);
    return;
  }
  ++tp.icsk_probes_out;
  inet_csk_reset_keepalive_timer(tp, std::uint64_t{tp.keepalive_intvl_s} * 1000);
}

// The sock is found from the timer's place in it: no virtual bases, so the compiler supports offsetof.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
constexpr std::size_t retransmit_timer_offset = offsetof(tcp_sock, icsk_retransmit_timer);
constexpr std::size_t delack_timer_offset = offsetof(tcp_sock, icsk_delack_timer);
constexpr std::size_t sk_timer_offset = offsetof(tcp_sock, sk_timer);
#pragma GCC diagnostic pop

/// Held, so that it outlives what the timer does.
sock_reference<tcp_sock> sock_of(base::timer& t, std::size_t offset) noexcept {
  return sock_reference<tcp_sock>::hold(*reinterpret_cast<tcp_sock*>(reinterpret_cast<std::byte*>(&t) - offset));
}

}  // namespace

void tcp_clear_xmit_timers(tcp_sock& tp) {
  inet_csk_clear_xmit_timer(tp);
  tp.net->timers.disarm(tp.icsk_delack_timer);
  tp.net->timers.disarm(tp.sk_timer);
  if (tp.pacing != nullptr) tp.net->timers.disarm(tp.pacing->timer);
}

void tcp_rearm_rto(tcp_sock& tp) {
  if (tp.packets_out == 0) {
    inet_csk_clear_xmit_timer(tp);
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

std::uint32_t tcp_probe0_when_us(const tcp_sock& tp) noexcept {
  const unsigned backoff = std::min<unsigned>(tp.icsk_backoff, 31);
  return static_cast<std::uint32_t>(std::min(std::uint64_t{tcp_probe0_base_us(tp)} << backoff, rto_max_us(tp)));
}

std::uint32_t tcp_clamp_probe0_to_user_timeout(const tcp_sock& tp, std::uint32_t when_us) noexcept {
  if (tp.icsk_probes_tstamp_ms == 0 || tp.user_timeout_ms == 0) return when_us;
  const std::uint32_t elapsed_ms = tp.net->now_ms() - tp.icsk_probes_tstamp_ms;
  const std::uint64_t left_ms = tp.user_timeout_ms > elapsed_ms ? tp.user_timeout_ms - elapsed_ms : 0;
  const std::uint64_t left_us = std::max<std::uint64_t>(left_ms * 1000, tcp_timeout_min_us);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(left_us, when_us));
}

void tcp_write_timer(base::timer& t) noexcept {
  const auto keep = sock_of(t, retransmit_timer_offset);
  tcp_sock& tp = *keep;
  tp.net->tcp_mstamp_refresh();
  if (tp.skc_state == tcp_state::close || tp.skc_state == tcp_state::listen) return;
  switch (tp.icsk_pending) {
    case icsk_time::none:
      return;
    case icsk_time::retrans:
      tp.icsk_pending = icsk_time::none;
      tcp_retransmit_timer(tp);
      return;
    case icsk_time::probe0:
      tp.icsk_pending = icsk_time::none;
      tcp_probe_timer(tp);
      return;
    // These two stand in for the RTO, which goes on from what is left of it (tcp_rearm_rto looks at icsk_pending).
    case icsk_time::loss_probe:
      tcp_send_loss_probe(tp);
      return;
    case icsk_time::reo_timeout:
      tcp_rack_reo_timeout(tp);
      return;
  }
}

void tcp_delack_timer(base::timer& t) noexcept {
  const auto keep = sock_of(t, delack_timer_offset);
  tcp_sock& tp = *keep;
  tp.net->tcp_mstamp_refresh();
  if (tp.skc_state == tcp_state::close || tp.skc_state == tcp_state::listen || !tp.icsk_ack.sched) return;
  if (tp.icsk_ack.compressed_ack != 0) {
    tcp_sack_compress_send_ack(tp);
    return;
  }
  if (!tp.icsk_ack.pingpong) {
    tp.icsk_ack.ato_us = std::min(tp.icsk_ack.ato_us * 2, tp.icsk_rto_us);
  } else {
    // No data came for the ACK to ride on: it is no conversation any more.
    tp.icsk_ack.pingpong = false;
    tp.icsk_ack.ato_us = tcp_delack_min_us(tp);
  }
  tcp_send_ack(tp);
  tp.net->count(mib::delayed_acks);
  sk_mem_reclaim(tp);
}

void tcp_keepalive_timer(base::timer& t) noexcept {
  const auto keep = sock_of(t, sk_timer_offset);
  tcp_sock& tp = *keep;
  tp.net->tcp_mstamp_refresh();
  if (tp.skc_state == tcp_state::fin_wait2 && tp.sk_dead) {
    // What is left of FIN_WAIT2 a small sock can do.
    const std::uint64_t left_ms =
        tcp_fin_time_ms(tp) - std::min<std::uint64_t>(tcp_fin_time_ms(tp), tp.net->config.tcp_timewait_length_ms);
    if (tp.linger2_s >= 0 && left_ms > 0) {
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
