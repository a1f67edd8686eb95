// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_close.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "host/tcp/tcp_errqueue.hpp"
#include "host/tcp/tcp_input.hpp"
#include "host/tcp/tcp_mem.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_timer.hpp"
#include "host/tcp/tcp_timewait.hpp"

namespace fourtuple::tcp {
namespace {

constexpr std::uint8_t shutdown_mask = sock::sock::rcv_shutdown | sock::sock::send_shutdown;
constexpr std::uint32_t all_events = EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM | EPOLLRDHUP | EPOLLHUP;

/// Nothing is to be sent any more, and whoever waits for what was is told.
void tcp_write_queue_purge(tcp_sock& tp) {
  tp.sk_write_queue.clear();
  tcp_tx_purged(tp);
  tp.packets_out = 0;
  tp.sacked_out = 0;
  tp.lost_out = 0;
  tp.retrans_out = 0;
  tp.icsk_backoff = 0;
}

/// Linux: inet_csk_destroy_sock. What is not referred to any more goes away by itself.
void inet_csk_destroy_sock(tcp_sock& tp) {
  tp.sk_write_queue.clear();
  tp.packets_out = 0;
  tp.sk_receive_queue.clear();
  tp.out_of_order_queue.clear();
  sk_mem_reclaim(tp);
  if (tp.icsk_bind_hash() != nullptr) tp.net->hashinfo.inet_put_port(tp);
  if (tp.orphaned) --tp.net->orphan_count;
  tp.orphaned = false;
}

/// States in which the peer must be told that the connection is gone (Linux: tcp_need_reset).
bool tcp_need_reset(tcp_state state) noexcept {
  return state == tcp_state::established || state == tcp_state::close_wait || state == tcp_state::fin_wait1 ||
         state == tcp_state::fin_wait2 || state == tcp_state::syn_recv;
}

/// The application takes no more part in the connection (Linux: sock_orphan).
void sock_orphan(tcp_sock& tp) {
  tp.sk_dead = true;
  tp.sk_wakeup = nullptr;
  tp.orphaned = true;
  ++tp.net->orphan_count;
}

/// Connections that nobody accepted are reset (Linux: inet_csk_listen_stop). Requests notice by themselves.
void inet_csk_listen_stop(tcp_sock& listener) {
  while (auto child = sock::inet_csk_reqsk_queue_remove(listener)) {
    auto& tp = static_cast<tcp_sock&>(*child);
    sock_orphan(tp);
    if (tcp_need_reset(tp.skc_state)) tcp_send_active_reset(tp);
    if (tp.skc_state == tcp_state::close) {
      inet_csk_destroy_sock(tp);
    } else {
      tcp_done(tp);
    }
  }
}

void close_connection(tcp_sock& tp) {
  const bool data_was_unread = tp.sk_receive_queue.bytes() != 0;
  if (data_was_unread) {
    // RFC 1122 4.2.2.13: who closes without having read everything resets.
    tp.net->count(mib::abort_on_close);
    if (tp.skc_state != tcp_state::syn_sent) tcp_send_active_reset(tp);
    tcp_set_state(tp, tcp_state::close);
  } else if (tp.sk_linger && tp.sk_lingertime_s == 0) {
    tp.net->count(mib::abort_on_data);
    if (tcp_need_reset(tp.skc_state)) tcp_send_active_reset(tp);
    tcp_set_state(tp, tcp_state::close);
  } else if (tcp_close_state(tp)) {
    tcp_send_fin(tp);
  }
}

void close_orphan(tcp_sock& tp) {
  if (tp.skc_state == tcp_state::fin_wait2) tcp_bound_fin_wait2(tp, false);
  if (tp.skc_state == tcp_state::close) return;
  if (tcp_check_oom(tp, 0)) {
    tp.net->count(mib::abort_on_memory);
    tcp_send_active_reset(tp);
    tcp_set_state(tp, tcp_state::close);
  }
}

}  // namespace

void tcp_bound_fin_wait2(tcp_sock& tp, bool fin_follows) {
  if (tp.linger2_s < 0) {
    tp.net->count(mib::abort_on_linger);
    tcp_send_active_reset(tp);
    tcp_done(tp);
    return;
  }
  const std::uint64_t time_ms = tcp_fin_time_ms(tp);
  const std::uint64_t timewait_ms = tp.net->config.tcp_timewait_length_ms;
  if (time_ms > timewait_ms) {
    inet_csk_reset_keepalive_timer(tp, time_ms - timewait_ms);
  } else if (fin_follows) {
    inet_csk_reset_keepalive_timer(tp, time_ms);
  } else {
    tcp_time_wait(tp, tcp_state::fin_wait2, time_ms);
  }
}

void tcp_table_insert(tcp_sock& tp) {
  if (tp.sk_handle != sock::connection_handles::none || !tp.sk_dst.connection_table) return;
  tp.sk_handle = tp.net->handles.insert(tp);
  if (tp.sk_handle == sock::connection_handles::none) return;
  trace(tp, tracepoint::tcp_table_insert);
  tp.sk_dst.device->connection_insert(tp.skc_tuple, tp.sk_handle);
}

void tcp_unhash(tcp_sock& tp) {
  if (tp.sk_handle != sock::connection_handles::none) {
    tp.sk_dst.device->connection_delete(tp.skc_tuple);
    tp.net->handles.remove(tp.sk_handle);
    tp.sk_handle = sock::connection_handles::none;
  }
  tp.net->hashinfo.inet_unhash(tp);
  if (tp.icsk_bind_hash() != nullptr && !tp.sk_bindport_lock) tp.net->hashinfo.inet_put_port(tp);
}

void tcp_done(tcp_sock& tp) {
  if (tp.skc_state == tcp_state::syn_sent || tp.skc_state == tcp_state::syn_recv) tp.net->count(mib::attempt_fails);
  const auto keep = sock_reference<tcp_sock>::hold(tp);
  tcp_set_state(tp, tcp_state::close);
  tcp_clear_xmit_timers(tp);
  tp.sk_shutdown = shutdown_mask;
  if (tp.sk_dead) {
    inet_csk_destroy_sock(tp);
  } else {
    tp.wake(all_events | (tp.sk_err != 0 ? EPOLLERR : 0U));
  }
}

void tcp_done_with_error(tcp_sock& tp, int error) {
  tp.sk_err = static_cast<std::int16_t>(error);
  tcp_write_queue_purge(tp);
  sk_mem_reclaim(tp);
  tcp_done(tp);
}

std::uint64_t tcp_fin_time_ms(const tcp_sock& tp) noexcept {
  const std::uint64_t time_ms =
      tp.linger2_s > 0 ? static_cast<std::uint64_t>(tp.linger2_s) * 1000 : tp.net->config.tcp_fin_timeout_ms;
  // Long enough for a FIN to be retransmitted: 3.5 RTO.
  const std::uint64_t rto_ms = tp.icsk_rto_us / 1000;
  return std::max(time_ms, (rto_ms << 2) - (rto_ms >> 1));
}

bool tcp_close_state(tcp_sock& tp) {
  switch (tp.skc_state) {
    case tcp_state::established:
    case tcp_state::syn_recv:
      tcp_set_state(tp, tcp_state::fin_wait1);
      return true;
    case tcp_state::close_wait:
      tcp_set_state(tp, tcp_state::last_ack);
      return true;
    case tcp_state::syn_sent:
    case tcp_state::listen:
      tcp_set_state(tp, tcp_state::close);
      return false;
    default:
      return false;
  }
}

namespace {

/// Nothing of a connection is left; options stay.
void forget_connection(tcp_sock& tp) {
  tcp_write_queue_purge(tp);
  tp.sk_receive_queue.clear();
  tp.out_of_order_queue.clear();
  sk_mem_reclaim(tp);
  tp.num_sacks = 0;
  tp.dsack = false;
  if (tp.sk_extension) {
    tp.sk_extension->urg_state = sock::sock_extension::urgent::none;
    tp.sk_extension->urg_mode = false;
  }
  tp.sk_shutdown = 0;
  tp.sock_done = false;
  tp.connecting = false;
  tp.srtt_us = 0;
  tp.mdev_us = tp.net->config.tcp_rto_init_ms * 1000;
  tp.rtt_min_us = ~0U;
  tp.icsk_retransmits = 0;
  tp.icsk_probes_out = 0;
  tp.write_seq = 0;
  tp.snd_nxt = 0;  // What was not sent is counted from here.
  tp.ts_recent = 0;
  tp.icsk_ack = {};
  tp.sk_dst = {};
  tp.window_clamp = 0;
}

}  // namespace

void tcp_disconnect(tcp_sock& tp) {
  const tcp_state old = tp.skc_state;
  if (old == tcp_state::listen) {
    tcp_set_state(tp, tcp_state::close);
    inet_csk_listen_stop(tp);
  } else if (tcp_need_reset(old) ||
             (tp.snd_nxt != tp.write_seq && (old == tcp_state::closing || old == tcp_state::last_ack))) {
    tcp_send_active_reset(tp);
    tp.sk_err = ECONNRESET;
  } else if (old == tcp_state::syn_sent) {
    tp.sk_err = ECONNRESET;
  }
  tcp_set_state(tp, tcp_state::close);
  tcp_clear_xmit_timers(tp);
  forget_connection(tp);
  tp.sk_err_soft = 0;
  if (!tp.sk_bindaddr_lock) {
    tp.skc_tuple.local = {};
    tp.inet_saddr = {};
  }
  tp.skc_tuple.foreign = {};
  tp.skc_tuple.foreign_port = 0;
  tp.wake(all_events | (tp.sk_err != 0 ? EPOLLERR : 0U));
}

int tcp_shutdown(tcp_sock& tp, int how) {
  if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) return -EINVAL;
  const auto mask = static_cast<std::uint8_t>(how + 1);  // SHUT_RD is 0, rcv_shutdown 1, and so on.
  switch (tp.skc_state) {
    case tcp_state::close:
      return -ENOTCONN;
    case tcp_state::listen:
      if ((mask & sock::sock::rcv_shutdown) == 0) return 0;
      tcp_set_state(tp, tcp_state::close);
      inet_csk_listen_stop(tp);
      tp.wake(all_events);
      return 0;
    case tcp_state::syn_sent:
      tcp_done_with_error(tp, ECONNRESET);
      return 0;
    default:
      break;
  }
  tp.sk_shutdown |= mask;
  const bool can_send = tp.skc_state == tcp_state::established || tp.skc_state == tcp_state::close_wait ||
                        tp.skc_state == tcp_state::syn_recv;
  if ((mask & sock::sock::send_shutdown) != 0 && can_send && tcp_close_state(tp)) tcp_send_fin(tp);
  tp.wake(EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM | EPOLLRDHUP |
          (tp.sk_shutdown == shutdown_mask ? EPOLLHUP : 0U));
  return 0;
}

void tcp_close(tcp_sock& tp) {
  const auto keep = sock_reference<tcp_sock>::hold(tp);
  tp.sk_shutdown = shutdown_mask;
  if (tp.skc_state == tcp_state::listen) {
    tcp_set_state(tp, tcp_state::close);
    inet_csk_listen_stop(tp);
  } else if (tp.skc_state != tcp_state::close) {
    close_connection(tp);
  }
  sock_orphan(tp);
  // If close() is not the end, tcp_done() is, and finds an orphan.
  close_orphan(tp);
  if (tp.skc_state == tcp_state::close) {
    tcp_clear_xmit_timers(tp);
    if (tp.orphaned) inet_csk_destroy_sock(tp);
  }
  if (tp.application_holds) {
    tp.application_holds = false;
    tp.sock_put();
  }
}

}  // namespace fourtuple::tcp
