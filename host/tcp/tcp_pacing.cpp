// SPDX-License-Identifier: Apache-2.0
// The rate at which a connection sends, and waiting for it (Linux: tcp_update_pacing_rate, tcp_pacing_check).
#include <algorithm>
#include <cstddef>
#include <new>

#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_timer.hpp"

namespace fourtuple::tcp {
namespace {

constexpr std::uint32_t unpaced_segs = 10;  // The initial window goes at once, as Linux's fq has it.

/// Linux: tcp_tsq_write.
void send_what_waited(tcp_sock& tp) {
  if (tp.skc_state == tcp_state::close || tp.skc_state == tcp_state::listen || tp.skc_state == tcp_state::time_wait) {
    return;
  }
  if (tp.lost_out > tp.retrans_out && tp.snd_cwnd > tcp_packets_in_flight(tp)) tcp_xmit_retransmit_queue(tp);
  tcp_write_xmit(tp, tcp_current_mss(tp), tp.nonagle);
}

void tcp_pace_kick(base::timer& t) noexcept {
  // The state that the timer is a member of has no virtual bases, so the compiler supports offsetof.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
  constexpr std::size_t offset = offsetof(pacing_state, timer);
#pragma GCC diagnostic pop
  auto& state = *reinterpret_cast<pacing_state*>(reinterpret_cast<std::byte*>(&t) - offset);
  const auto keep = sock_reference<tcp_sock>::hold(state.sk);
  state.sk.net->tcp_mstamp_refresh();
  send_what_waited(state.sk);
}

}  // namespace

bool tcp_set_max_pacing_rate(tcp_sock& tp, std::uint64_t rate) noexcept {
  if (tp.pacing == nullptr) {
    if (rate == tcp_pacing_unlimited) return true;
    tp.pacing.reset(new (std::nothrow) pacing_state{tp, tcp_pace_kick});
    if (tp.pacing == nullptr) return false;
  }
  tp.pacing->max_rate = rate;
  return true;
}

std::uint64_t tcp_pacing_rate(const tcp_sock& tp) noexcept {
  const std::uint64_t most = tcp_max_pacing_rate(tp);
  if (tp.pacing_cwnd == 0) return most;
  const tcp_config& config = tp.net->config;
  // Twice what cwnd and the round trip give while cwnd may double in one; a little more than it afterwards.
  const std::uint32_t percent = tp.pacing_slow_start ? config.tcp_pacing_ss_ratio : config.tcp_pacing_ca_ratio;
  std::uint64_t rate = std::uint64_t{tp.mss_cache} * (8 * 1'000'000 / 100) * percent;  // The round trip is times 8.
  rate *= tp.pacing_cwnd;
  if (tp.pacing_srtt_us != 0) rate /= tp.pacing_srtt_us;
  return std::min(rate, most);
}

bool tcp_pacing_check(tcp_sock& tp) {
  if (tp.pacing == nullptr || tp.wstamp_ns <= tp.net->now_ns()) return false;
  if (!tp.pacing->timer.pending()) tp.net->timers.arm(tp.pacing->timer, tp.wstamp_ns);
  return true;
}

void tcp_pacing_sent(tcp_sock& tp, std::uint32_t bytes) noexcept {
  const std::uint64_t prior = tp.wstamp_ns;
  tp.wstamp_ns = std::max(tp.wstamp_ns, tp.net->now_ns());
  if (tp.pacing == nullptr || tp.data_segs_out < unpaced_segs) return;
  const std::uint64_t rate = tcp_pacing_rate(tp);
  if (rate == tcp_pacing_unlimited || rate == 0) return;
  std::uint64_t takes_ns = std::uint64_t{bytes} * base::ns_per_s / rate;
  // A late start is made up for, though never by more than half.
  takes_ns -= std::min(takes_ns / 2, tp.wstamp_ns - prior);
  tp.wstamp_ns += takes_ns;
}

}  // namespace fourtuple::tcp
