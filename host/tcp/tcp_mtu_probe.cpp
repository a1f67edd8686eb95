// SPDX-License-Identifier: Apache-2.0
// Finding the path's MTU without ICMP: by probes in place of data (RFC 4821; Linux: tcp_mtu_probe, tcp_mtu_probing).
#include <algorithm>
#include <new>

#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_seq.hpp"

namespace fourtuple::tcp {
namespace {

constexpr std::uint32_t min_snd_mss = 48;  // Linux: tcp_min_snd_mss
/// A flight that can lose a probe and still learn of it by duplicate ACKs.
constexpr std::uint32_t least_cwnd = 11;

std::uint16_t largest_mtu(const tcp_sock& tp) noexcept {
  constexpr std::uint32_t headers_bytes = 40;
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(tp.mss_clamp + headers_bytes, 65'535));
}

/// The path may have become better: after a while everything above is open again (Linux: tcp_mtu_check_reprobe).
void check_reprobe(tcp_sock& tp, mtu_probe_state& mtup) noexcept {
  const std::uint32_t now = tp.net->now_ms();
  if (std::uint64_t{now - mtup.probe_timestamp_ms} < std::uint64_t{tp.net->config.tcp_probe_interval_s} * 1000) return;
  mtup.probe_size = 0;
  mtup.search_high = largest_mtu(tp);
  mtup.search_low = static_cast<std::uint16_t>(tcp_mss_to_mtu(tp, tcp_current_mss(tp)));
  mtup.probe_timestamp_ms = now;
}

/// What follows it in the queue can be joined to `bytes` (Linux: tcp_can_coalesce_send_queue_head).
bool can_gather(const tcp_sock& tp, std::uint32_t bytes) noexcept {
  for (const tcp_skb* skb = tp.sk_write_queue.send_head(); skb != nullptr; skb = skb->next) {
    if (bytes <= skb->len) return true;
    if (skb->eor || skb->fin) return false;
    bytes -= skb->len;
  }
  return false;
}

bool is_time_to_probe(const tcp_sock& tp) noexcept {
  const mtu_probe_state* mtup = tp.icsk_mtup.get();
  return mtup != nullptr && mtup->enabled && mtup->probe_size == 0 && tp.icsk_ca_state == tcp_ca::open &&
         tp.snd_cwnd >= least_cwnd && tp.num_sacks == 0 && !tp.dsack;
}

}  // namespace

void tcp_mtup_init(tcp_sock& tp) noexcept {
  const tcp_config& config = tp.net->config;
  if (config.tcp_mtu_probing == 0) return;
  tp.icsk_mtup.reset(new (std::nothrow) mtu_probe_state);
  if (tp.icsk_mtup == nullptr) return;
  tp.icsk_mtup->enabled = config.tcp_mtu_probing > 1;
  tp.icsk_mtup->search_high = largest_mtu(tp);
  tp.icsk_mtup->search_low = static_cast<std::uint16_t>(tcp_mss_to_mtu(tp, config.tcp_base_mss));
  tp.icsk_mtup->probe_timestamp_ms = tp.net->now_ms();
}

mtu_probe_result tcp_mtu_probe(tcp_sock& tp) {
  if (!is_time_to_probe(tp)) return mtu_probe_result::none;
  mtu_probe_state& mtup = *tp.icsk_mtup;
  const std::uint32_t probe_mss = tcp_mtu_to_mss(tp, (std::uint32_t{mtup.search_high} + mtup.search_low) >> 1);
  const std::uint32_t interval = mtup.search_high - std::min(mtup.search_low, mtup.search_high);
  if (probe_mss > tcp_mtu_to_mss(tp, mtup.search_high) || interval < tp.net->config.tcp_probe_threshold) {
    check_reprobe(tp, mtup);
    return mtu_probe_result::none;
  }
  // Enough must follow for its loss to be found by duplicate ACKs.
  const std::uint32_t needed = probe_mss + (tp.reordering + 1U) * tp.mss_cache;
  if (tp.write_seq - tp.snd_nxt < needed || tp.snd_wnd < needed) return mtu_probe_result::none;
  if (after(tp.snd_nxt + needed, tcp_wnd_end(tp))) return mtu_probe_result::wait;
  const std::uint32_t in_flight = tcp_packets_in_flight(tp);
  if (in_flight + 2 > tp.snd_cwnd) return in_flight == 0 ? mtu_probe_result::none : mtu_probe_result::wait;
  if (!can_gather(tp, probe_mss)) return mtu_probe_result::none;

  tcp_skb* probe = tp.sk_write_queue.gather_unsent(probe_mss);
  if (probe == nullptr) return mtu_probe_result::none;
  probe->set_tso_segs(probe->len);
  if (tcp_transmit_skb(tp, *probe) == ip::xmit_result::busy) return mtu_probe_result::none;
  // Two segments' worth of data in one.
  --tp.snd_cwnd;
  mtup.probe_size = static_cast<std::uint16_t>(tcp_mss_to_mtu(tp, probe->len));
  mtup.probe_seq_start = probe->seq;
  mtup.probe_seq_end = probe->end_seq;
  tcp_event_new_data_sent(tp, *probe);
  return mtu_probe_result::sent;
}

void tcp_mtup_probe_failed(tcp_sock& tp) noexcept {
  tp.icsk_mtup->search_high = static_cast<std::uint16_t>(tp.icsk_mtup->probe_size - 1);
  tp.icsk_mtup->probe_size = 0;
  tp.net->count(mib::mtup_fail);
}

void tcp_mtup_probe_success(tcp_sock& tp) noexcept {
  mtu_probe_state& mtup = *tp.icsk_mtup;
  // cwnd counts segments: fewer of the larger ones are as many bytes.
  tp.prior_ssthresh = tcp_current_ssthresh(tp);
  const std::uint64_t bytes = std::uint64_t{tp.snd_cwnd} * tcp_mss_to_mtu(tp, tp.mss_cache);
  tp.snd_cwnd = std::max<std::uint32_t>(static_cast<std::uint32_t>(bytes / mtup.probe_size), 1);
  tp.snd_cwnd_cnt = 0;
  tp.snd_cwnd_stamp_ms = tp.net->now_ms();
  tp.snd_ssthresh = tcp_current_ssthresh(tp);
  mtup.search_low = mtup.probe_size;
  mtup.probe_size = 0;
  tcp_sync_mss(tp, tcp_route_mtu(tp));
  tp.net->count(mib::mtup_success);
}

void tcp_mtu_black_hole(tcp_sock& tp) noexcept {
  if (tp.icsk_mtup == nullptr) return;
  const tcp_config& config = tp.net->config;
  mtu_probe_state& mtup = *tp.icsk_mtup;
  if (!mtup.enabled) {
    mtup.enabled = true;
    mtup.probe_timestamp_ms = tp.net->now_ms();
  } else {
    std::uint32_t mss = std::min(tcp_mtu_to_mss(tp, mtup.search_low) >> 1, config.tcp_base_mss);
    mss = std::max({mss, config.tcp_mtu_probe_floor, min_snd_mss});
    mtup.search_low = static_cast<std::uint16_t>(tcp_mss_to_mtu(tp, mss));
  }
  tcp_sync_mss(tp, tcp_route_mtu(tp));
}

}  // namespace fourtuple::tcp
