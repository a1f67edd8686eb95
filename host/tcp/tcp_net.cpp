// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_net.hpp"

#include <algorithm>
#include <cassert>
#include <stdexcept>
#include <vector>

#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_mem.hpp"
#include "host/tcp/tcp_minisocks.hpp"
#include "host/tcp/tcp_timer.hpp"
#include "host/tcp/tcp_timewait.hpp"

namespace fourtuple::tcp {
namespace {

/// Out of the tables and without timers, whatever state it is in.
void drop_sock(tcp_net& net, tcp_sock& tp) {
  tp.sk_wakeup = nullptr;
  tcp_clear_xmit_timers(tp);
  while (auto child = sock::inet_csk_reqsk_queue_remove(tp)) {
  }
  net.hashinfo.inet_unhash(tp);
  net.hashinfo.inet_put_port(tp);
}

/// Requests and socks in TIME_WAIT are known to ehash alone.
void drop_small_socks(tcp_net& net) {
  for (std::uint32_t i = 0; i <= net.hashinfo.ehash().ehash_mask(); ++i) {
    for (auto& sk : net.hashinfo.ehash().bucket(i)) {
      if (sk->kind() == sock::sock_kind::request) {
        inet_csk_reqsk_queue_drop(static_cast<sock::tcp_request_sock&>(*sk));
      } else if (sk->kind() == sock::sock_kind::timewait) {
        inet_twsk_kill(static_cast<sock::tcp_timewait_sock&>(*sk));
      }
    }
  }
}

/// The settings, if they can be worked with. Throws std::invalid_argument.
const tcp_config& checked(const tcp_config& config) {
  if (config.hz < 1 || config.hz > 1'000) throw std::invalid_argument("hz is not from 1 to 1000");
  return config;
}

const tcp_congestion_ops* congestion_control_of(const tcp_config& config) {
  const tcp_congestion_ops* ops = tcp_ca_find(config.tcp_congestion_control);
  if (ops == nullptr) throw std::invalid_argument("no such tcp_congestion_control: " + config.tcp_congestion_control);
  return ops;
}

/// A time of SO_KEEPALIVE as a sock keeps it.
std::uint16_t whole_seconds(std::uint32_t ms) noexcept {
  return static_cast<std::uint16_t>(std::clamp<std::uint32_t>((ms + 999) / 1000, 1, 65535));
}

sock_defaults defaults_of(const tcp_config& config) noexcept {
  return {.keepalive_time_s = whole_seconds(config.tcp_keepalive_time_ms),
          .keepalive_intvl_s = whole_seconds(config.tcp_keepalive_intvl_ms),
          .reordering = static_cast<std::uint16_t>(
              std::clamp<std::uint32_t>(config.tcp_reordering, 1, config.tcp_max_reordering)),
          .keepalive_probes = static_cast<std::uint8_t>(std::min<std::uint32_t>(config.tcp_keepalive_probes, 255))};
}

}  // namespace

tcp_net::tcp_net(const tcp_config& settings, base::clock& time, base::random_source& entropy, base::timer_wheel& wheel,
                 ip::ipv4& network, sock::inet_hashinfo& tables)
    : config(checked(settings)),
      defaults(defaults_of(settings)),
      default_congestion_control(congestion_control_of(settings)),
      clock(time),
      random(entropy),
      timers(wheel),
      ip(network),
      hashinfo(tables),
      secure_seq_secret{entropy.next(), entropy.next()},
      timestamp_secret{entropy.next(), entropy.next()},
      mstamp_(time.now_ns()) {}

void tcp_net::set_config(const tcp_config& settings) {
  default_congestion_control = congestion_control_of(checked(settings));
  defaults = defaults_of(settings);
  config = settings;
}

tcp_net::~tcp_net() {
  drop_small_socks(*this);
  while (xmit_blocked != nullptr) {
    tcp_sock* tp = xmit_blocked;
    xmit_blocked = tp->next_blocked;
    tp->sock_put();
  }
  // Socks hold one another: a listener its children. Nothing goes before all are let loose.
  std::vector<sock_reference<tcp_sock>> all;
  for (tcp_sock* tp = socks; tp != nullptr; tp = tp->next_of_net) all.push_back(sock_reference<tcp_sock>::hold(*tp));
  for (auto& tp : all) drop_sock(*this, *tp);
  for (auto& tp : all) {
    if (tp->application_holds) tp->sock_put();
  }
  all.clear();
  assert(socks != nullptr || memory_allocated_pages == 0);
}

tcp_sock::tcp_sock(fourtuple::sock::ehash_node& node, tcp_net& of) noexcept
    : inet_connection_sock(node),
      net(&of),
      icsk_retransmit_timer(tcp_write_timer),
      icsk_delack_timer(tcp_delack_timer),
      sk_timer(tcp_keepalive_timer) {
  const tcp_config& config = of.config;
  sk_rcvbuf = config.tcp_rmem[1];
  sk_sndbuf = config.tcp_wmem[1];
  icsk_ca_ops = of.default_congestion_control;
  snd_cwnd = config.tcp_initial_cwnd;
  icsk_rto_us = config.tcp_rto_init_ms * 1000;
  mdev_us = icsk_rto_us;
  keepalive_time_s = of.defaults.keepalive_time_s;
  keepalive_intvl_s = of.defaults.keepalive_intvl_s;
  keepalive_probes = of.defaults.keepalive_probes;
  reordering = of.defaults.reordering;
  next_of_net = of.socks;
  pprev_of_net = &of.socks;
  if (next_of_net != nullptr) next_of_net->pprev_of_net = &next_of_net;
  of.socks = this;
}

tcp_sock::~tcp_sock() {
  sk_mem_release(*this);
  *pprev_of_net = next_of_net;
  if (next_of_net != nullptr) next_of_net->pprev_of_net = pprev_of_net;
}

}  // namespace fourtuple::tcp
