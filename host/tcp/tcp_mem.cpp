// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_mem.hpp"

#include <algorithm>

#include "host/tcp/tcp_close.hpp"
#include "host/tcp/tcp_output.hpp"

namespace fourtuple::tcp {
namespace {

/// Socks that are looked at for unused pages each time that pages are scarce: few enough to cost little, and more than
/// one, so that what lies idle is found faster than it is used up.
constexpr int reclaim_at_once = 16;

constexpr std::uint32_t pages_for(std::uint32_t bytes) noexcept {
  return (bytes + sk_mem_page_bytes - 1) / sk_mem_page_bytes;
}

void tcp_leave_memory_pressure(tcp_net& net) noexcept {
  if (!tcp_under_memory_pressure(net)) return;
  net.count(mib::memory_pressures_chrono, (net.now_ns() - net.memory_pressure_since_ns) / base::ns_per_ms);
  net.memory_pressure_since_ns = base::never_ns;
}

/// Linux: __sk_mem_reduce_allocated.
void reduce_allocated(tcp_net& net, std::uint32_t pages) noexcept {
  net.memory_allocated_pages -= pages;
  if (tcp_memory_is_plentiful(net)) tcp_leave_memory_pressure(net);
}

/// Takes back what the next few socks do not use. Linux lets a sock keep less than a page of its own; here a sock that
/// has become idle may have some.
void reclaim_from_others(tcp_net& net) noexcept {
  for (int i = 0; i < reclaim_at_once; ++i) {
    if (net.reclaim_next == nullptr) net.reclaim_next = net.socks;
    tcp_sock* tp = net.reclaim_next;
    if (tp == nullptr) return;
    net.reclaim_next = tp->next_of_net;
    sk_mem_reclaim(*tp);
  }
}

/// What a sock may have when memory is scarce (Linux: __sk_mem_raise_allocated): the least of its buffers, and no more
/// than its share.
bool is_guaranteed(const tcp_sock& tp, sk_mem kind) noexcept {
  const tcp_net& net = *tp.net;
  if (kind == sk_mem::recv) {
    if (sk_rmem_alloc(tp) < net.config.tcp_rmem[0]) return true;
  } else if (tp.sk_write_queue.truesize() < net.config.tcp_wmem[0]) {
    return true;
  }
  if (!tcp_under_memory_pressure(net)) return true;
  return net.config.tcp_mem[2] > std::uint64_t{net.tcp_slab.in_use()} * pages_for(tp.sk_mem_reserved);
}

}  // namespace

bool sk_mem_raise_allocated(tcp_sock& tp, std::uint32_t bytes, sk_mem kind) noexcept {
  tcp_net& net = *tp.net;
  const auto& tcp_mem = net.config.tcp_mem;
  std::uint32_t pages = pages_for(sk_mem_used(tp) + bytes - tp.sk_mem_reserved);
  if (net.memory_allocated_pages + pages > tcp_mem[0]) {
    reclaim_from_others(net);
    // That may have been this one.
    pages = pages_for(sk_mem_used(tp) + bytes - tp.sk_mem_reserved);
  }
  net.memory_allocated_pages += pages;
  tp.sk_mem_reserved += pages * sk_mem_page_bytes;
  if (net.memory_allocated_pages <= tcp_mem[0]) {
    tcp_leave_memory_pressure(net);
    return true;
  }
  if (net.memory_allocated_pages > tcp_mem[1]) tcp_enter_memory_pressure(net);
  if (net.memory_allocated_pages <= tcp_mem[2] && is_guaranteed(tp, kind)) return true;
  if (kind == sk_mem::send) {
    sk_stream_moderate_sndbuf(tp);
    // What exceeds sk_sndbuf the caller has had to allow for already; it will wait with the next segment.
    if (tp.sk_write_queue.truesize() + bytes >= tp.sk_sndbuf) return true;
  }
  tp.sk_mem_reserved -= pages * sk_mem_page_bytes;
  reduce_allocated(net, pages);
  return false;
}

void sk_forced_mem_schedule(tcp_sock& tp, std::uint32_t bytes) noexcept {
  const std::uint32_t needed = sk_mem_used(tp) + bytes;
  if (needed <= tp.sk_mem_reserved) return;
  if (!tcp_memory_is_plentiful(*tp.net)) reclaim_from_others(*tp.net);
  const std::uint32_t pages = pages_for(needed - tp.sk_mem_reserved);
  tp.sk_mem_reserved += pages * sk_mem_page_bytes;
  tp.net->memory_allocated_pages += pages;
}

std::uint32_t tcp_wmem_schedule(tcp_sock& tp, std::uint32_t bytes) noexcept {
  if (sk_wmem_schedule(tp, bytes)) return bytes;
  const std::uint32_t queued = tp.sk_write_queue.truesize();
  const std::uint32_t least = tp.net->config.tcp_wmem[0];
  if (queued < least) sk_forced_mem_schedule(tp, std::min(least - queued, bytes));
  const std::uint32_t used = sk_mem_used(tp);
  return used < tp.sk_mem_reserved ? std::min(bytes, tp.sk_mem_reserved - used) : 0;
}

void sk_mem_reclaim(tcp_sock& tp) noexcept {
  const std::uint32_t used = sk_mem_used(tp);
  if (used >= tp.sk_mem_reserved) return;
  const std::uint32_t pages = (tp.sk_mem_reserved - used) / sk_mem_page_bytes;
  if (pages == 0) return;
  tp.sk_mem_reserved -= pages * sk_mem_page_bytes;
  reduce_allocated(*tp.net, pages);
}

void sk_mem_release(tcp_sock& tp) noexcept {
  if (tp.net->reclaim_next == &tp) tp.net->reclaim_next = tp.next_of_net;
  if (tp.sk_mem_reserved == 0) return;
  reduce_allocated(*tp.net, tp.sk_mem_reserved / sk_mem_page_bytes);
  tp.sk_mem_reserved = 0;
}

void tcp_enter_memory_pressure(tcp_net& net) noexcept {
  if (tcp_under_memory_pressure(net)) return;
  net.memory_pressure_since_ns = net.now_ns();
  net.count(mib::memory_pressures);
}

void sk_stream_moderate_sndbuf(tcp_sock& tp) noexcept {
  if (tp.sk_sndbuf_lock) return;
  tp.sk_sndbuf = std::max(std::min(tp.sk_sndbuf, tp.sk_write_queue.truesize() >> 1), sock_min_sndbuf);
}

void tcp_adjust_rcv_ssthresh(tcp_sock& tp) noexcept { tp.rcv_ssthresh = std::min(tp.rcv_ssthresh, 4U * tp.advmss); }

bool tcp_check_oom(const tcp_sock& tp, unsigned shift) noexcept {
  const tcp_net& net = *tp.net;
  if (std::uint64_t{net.orphan_count} << shift > net.config.tcp_max_orphans) return true;
  return tp.sk_write_queue.truesize() > sock_min_sndbuf && net.memory_allocated_pages > net.config.tcp_mem[2];
}

bool tcp_out_of_resources(tcp_sock& tp, bool do_reset) {
  const tcp_net& net = *tp.net;
  const std::uint64_t silent_ms = net.now_ms() - tp.lsndtime_ms;
  unsigned shift = 0;
  // The peer has not been able to take anything for long, or is as good as gone.
  if (silent_ms > 2 * std::uint64_t{net.config.tcp_rto_max_ms} || !do_reset) ++shift;
  if (tp.sk_err_soft != 0) ++shift;
  if (!tcp_check_oom(tp, shift)) return false;
  // Who has been heard of not so long ago, or has closed its window, is told.
  if (silent_ms <= net.config.tcp_timewait_length_ms || (tp.snd_wnd == 0 && tp.packets_out == 0)) do_reset = true;
  if (do_reset) tcp_send_active_reset(tp);
  tp.net->count(mib::abort_on_memory);
  tcp_done(tp);
  return true;
}

}  // namespace fourtuple::tcp
