// SPDX-License-Identifier: Apache-2.0
// Payload into the receive queue, in order or not, and the SACK blocks that tell of it (Linux: tcp_data_queue).
#include <sys/epoll.h>

#include <algorithm>
#include <new>

#include "host/tcp/tcp_ack_policy.hpp"
#include "host/tcp/tcp_close.hpp"
#include "host/tcp/tcp_ecn.hpp"
#include "host/tcp/tcp_input.hpp"
#include "host/tcp/tcp_mem.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_rcvbuf.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_timewait.hpp"

namespace fourtuple::tcp {
namespace {

/// That so many blocks reach the peer can be relied on (Linux: TCP_SACK_BLOCKS_EXPECTED): those behind are told of
/// before they move.
constexpr std::size_t sack_blocks_expected = 2;

void set_dsack(tcp_sock& tp, std::uint32_t start, std::uint32_t end, mib why) noexcept {
  if (!tp.sack_ok || !tp.net->config.tcp_dsack) return;
  tp.net->count(why);
  tp.dsack = true;
  tp.duplicate_sack = {start, end};
}

void erase_sack(tcp_sock& tp, std::size_t index) noexcept {
  const auto used = tp.out_of_order_queue.selective_acks().first(tp.num_sacks);
  std::ranges::copy(used.subspan(index + 1), used.begin() + static_cast<std::ptrdiff_t>(index));
  --tp.num_sacks;
}

/// Linux: tcp_sack_extend. False if the two are apart.
bool extend_block(packet::tcp_sack_block& block, std::uint32_t start, std::uint32_t end) noexcept {
  if (after(start, block.end) || after(block.start, end)) return false;
  if (before(start, block.start)) block.start = start;
  if (after(end, block.end)) block.end = end;
  return true;
}

/// Linux: tcp_dsack_extend. A block reports one run: what does not adjoin it is left out.
void extend_dsack(tcp_sock& tp, std::uint32_t start, std::uint32_t end) noexcept {
  if (tp.dsack) {
    extend_block(tp.duplicate_sack, start, end);
  } else {
    set_dsack(tp, start, end, mib::dsack_ofo_sent);
  }
}

/// The block that a new segment is part of comes first (RFC 2018 section 4), and swallows those that it reaches now. Of
/// what was pushed out before nothing is known any more: blocks grow by one another only.
void tcp_sack_new_ofo_skb(tcp_sock& tp, std::uint32_t seq, std::uint32_t end_seq) noexcept {
  if (!tp.sack_ok) return;
  const auto blocks = tp.out_of_order_queue.selective_acks();
  for (std::size_t i = 0; i < tp.num_sacks; ++i) {
    if (!extend_block(blocks[i], seq, end_seq)) continue;
    if (i >= sack_blocks_expected) tcp_sack_compress_send_ack(tp);
    std::rotate(blocks.begin(), blocks.begin() + static_cast<std::ptrdiff_t>(i),
                blocks.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    for (std::size_t other = 1; other < tp.num_sacks;) {
      if (extend_block(blocks[0], blocks[other].start, blocks[other].end)) {
        erase_sack(tp, other);
      } else {
        ++other;
      }
    }
    return;
  }
  if (tp.num_sacks >= sack_blocks_expected) tcp_sack_compress_send_ack(tp);
  if (tp.num_sacks == blocks.size()) --tp.num_sacks;
  std::copy_backward(blocks.begin(), blocks.begin() + tp.num_sacks, blocks.begin() + tp.num_sacks + 1);
  blocks[0] = {seq, end_seq};
  ++tp.num_sacks;
}

/// What rcv_nxt has passed needs no block.
void tcp_sack_remove(tcp_sock& tp) noexcept {
  if (tp.out_of_order_queue.empty()) {
    tp.out_of_order_queue.clear();
    tp.num_sacks = 0;
    return;
  }
  for (std::size_t i = 0; i < tp.num_sacks;) {
    if (!before(tp.rcv_nxt, tp.out_of_order_queue.selective_acks()[i].end)) {
      erase_sack(tp, i);
    } else {
      ++i;
    }
  }
}

/// Whether the sock's own buffer takes another segment (Linux: tcp_can_ingest). The last one may exceed it: what the
/// window has room for is not refused for its bookkeeping.
bool tcp_can_ingest(const tcp_sock& tp) noexcept { return sk_rmem_alloc(tp) <= tp.sk_rcvbuf; }

/// Drops what is furthest ahead, but nothing that comes before the segment, an eighth of the buffer at a time, until it
/// has a place. False if there was nothing to drop.
bool tcp_prune_ofo_queue(tcp_sock& tp, const rx_segment& segment) noexcept {
  const std::uint32_t goal = tp.sk_rcvbuf >> 3;
  std::uint32_t before_pruning = tp.out_of_order_queue.truesize();
  bool pruned = false;
  while (!tp.out_of_order_queue.empty() && !after(segment.seq, tp.out_of_order_queue.last_seq())) {
    tp.out_of_order_queue.prune_last();
    pruned = true;
    if (before_pruning - tp.out_of_order_queue.truesize() < goal) continue;
    if (tcp_can_ingest(tp) && !tcp_under_memory_pressure(*tp.net)) break;
    before_pruning = tp.out_of_order_queue.truesize();
  }
  if (pruned) {
    tp.net->count(mib::ofo_pruned);
    // RFC 2018 section 8: what is dropped must not be reported any more.
    tp.num_sacks = 0;
    sk_mem_reclaim(tp);
  }
  return pruned;
}

/// Makes room for a segment: first by letting the buffer grow, then by copying together, at last at the cost of what is
/// out of order (Linux: tcp_prune_queue).
bool tcp_prune_queue(tcp_sock& tp, const rx_segment& segment) noexcept {
  if (sk_rmem_alloc(tp) == 0) return false;
  tp.net->count(mib::prune_called);
  if (!tcp_can_ingest(tp)) {
    tcp_clamp_window(tp);
  } else if (tcp_under_memory_pressure(*tp.net)) {
    tcp_adjust_rcv_ssthresh(tp);
  }
  if (tcp_can_ingest(tp)) return true;
  tp.out_of_order_queue.collapse();
  tp.sk_receive_queue.collapse();
  sk_mem_reclaim(tp);
  if (tcp_can_ingest(tp)) return true;
  tcp_prune_ofo_queue(tp, segment);
  if (tcp_can_ingest(tp)) return true;
  tp.net->count(mib::rcv_pruned);
  tp.header_prediction = false;
  return false;
}

bool tcp_try_rmem_schedule(tcp_sock& tp, const rx_segment& segment, std::uint32_t truesize) noexcept {
  if (tcp_can_ingest(tp) && sk_rmem_schedule(tp, truesize)) return true;
  if (!tcp_prune_queue(tp, segment)) return false;
  while (!sk_rmem_schedule(tp, truesize)) {
    if (!tcp_prune_ofo_queue(tp, segment)) return false;
  }
  return true;
}

void acknowledge_at_once(tcp_sock& tp) noexcept {
  tp.icsk_ack.sched = true;
  tp.icsk_ack.now = true;
}

/// There is no room for what came: the ACK says so, and who reads makes some.
void close_window(tcp_sock& tp) {
  acknowledge_at_once(tp);
  tp.icsk_ack.nomem = true;
  tcp_data_ready(tp);
}

bool queue_in_order(tcp_sock& tp, const rx_segment& segment, skb_charge charge) {
  if (!tcp_try_rmem_schedule(tp, segment, charge.truesize)) {
    close_window(tp);
    if (tp.sk_receive_queue.bytes() != 0 && !segment.payload.empty()) {
      tp.net->count(mib::rcv_q_drop);
      return false;
    }
    // Without it nothing would ever move.
    sk_forced_mem_schedule(tp, charge.truesize);
  }
  if (!tp.sk_receive_queue.append(tp.net->memory, segment.payload, charge)) {
    close_window(tp);
    tp.net->count(mib::rcv_q_drop);
    return false;
  }
  tcp_rcv_nxt_update(tp, segment.end_seq);
  return true;
}

/// The hole is filled: what waited behind it becomes readable.
void tcp_ofo_queue(tcp_sock& tp) {
  while (auto ready = tp.out_of_order_queue.pop_ready(tp.rcv_nxt)) {
    const auto& [seq, entry] = *ready;
    if (!after(entry.end_seq, tp.rcv_nxt)) {
      extend_dsack(tp, seq, entry.end_seq);
      continue;
    }
    const std::uint32_t known = tp.rcv_nxt - seq;
    if (known != 0) extend_dsack(tp, seq, tp.rcv_nxt);
    const std::span<const std::byte> data{entry.data};
    if (!tp.sk_receive_queue.append(tp.net->memory, data.subspan(std::min<std::size_t>(known, data.size())),
                                    entry.charge)) {
      // Without memory it counts as never received: the peer sends it again.
      tp.out_of_order_queue.clear();
      tp.num_sacks = 0;
      tp.net->count(mib::ofo_drop);
      return;
    }
    tcp_rcv_nxt_update(tp, entry.end_seq);
    if (entry.fin) tcp_fin(tp);
    if (tp.skc_state == tcp_state::time_wait || tp.skc_state == tcp_state::close) return;
  }
}

void tcp_data_queue_ofo(tcp_sock& tp, const rx_segment& segment) {
  tcp_ecn_check_ce(tp, segment.ecn);
  const skb_charge charge = skb_charge_of(segment);
  if (!tcp_try_rmem_schedule(tp, segment, charge.truesize)) {
    tp.net->count(mib::ofo_drop);
    tcp_data_ready(tp);
    return;
  }
  tcp_measure_rcv_mss(tp, segment, charge.truesize);
  tp.header_prediction = false;
  tp.icsk_ack.sched = true;
  try {
    const auto inserted =
        tp.out_of_order_queue.insert(segment.seq, segment.end_seq, segment.payload, segment.flags.fin, charge);
    tp.net->count(mib::ofo_queue);
    tp.rcv_ooopack += segment.gso_segs();
    trace(tp, tracepoint::tcp_data_queue_ofo, segment);
    if (inserted.duplicate) {
      tp.net->count(mib::ofo_merge);
      set_dsack(tp, inserted.duplicate->start, inserted.duplicate->end, mib::dsack_ofo_sent);
    }
    tcp_sack_new_ofo_skb(tp, segment.seq, segment.end_seq);
    if (tp.sack_ok && inserted.is_new) tcp_grow_window(tp, segment, charge.truesize);
  } catch (const std::bad_alloc&) {
    tp.net->count(mib::ofo_drop);
    return;
  }
  // A hole must not keep a peer with a long way from filling the pipe.
  if (!tp.sk_dead) tcp_rcvbuf_grow(tp, tp.rcvq_space);
}

/// A FIN alone takes no memory that would not be given back with it at once (tcp_fin), so where there is enough of it,
/// also for what the sock has queued already, there is nothing to queue. False, and nothing happened, if it is more
/// than that.
bool tcp_queue_lone_fin(tcp_sock& tp, const rx_segment& segment) {
  const tcp_net& net = *tp.net;
  if (!segment.payload.empty() || !tp.out_of_order_queue.empty() || !net.short_ways || !tcp_can_ingest(tp) ||
      sk_mem_used(tp) > tp.sk_mem_reserved || !tcp_memory_is_plentiful(net) || tcp_under_memory_pressure(net)) {
    return false;
  }
  tcp_rcv_nxt_update(tp, segment.end_seq);
  tcp_fin(tp);
  tcp_fast_path_check(tp);
  return true;
}

void tcp_queue_in_sequence(tcp_sock& tp, rx_segment& segment) {
  if (tcp_queue_lone_fin(tp, segment)) return;
  if (tcp_receive_window(tp) == 0 && !segment.payload.empty() && tp.sk_receive_queue.bytes() != 0) {
    tp.net->count(mib::zero_window_drop);
    acknowledge_at_once(tp);
    return;
  }
  const skb_charge charge = skb_charge_of(segment);
  if (!queue_in_order(tp, segment, charge)) return;
  if (!segment.payload.empty()) tcp_event_data_recv(tp, segment, charge.truesize, tp.net->mstamp());
  if (segment.flags.fin) tcp_fin(tp);
  if (!tp.out_of_order_queue.empty() && tp.skc_state != tcp_state::close) {
    tcp_ofo_queue(tp);
    // RFC 5681 4.2: a hole that is filled is acknowledged at once.
    if (tp.out_of_order_queue.empty()) tp.icsk_ack.now = true;
  }
  tcp_sack_remove(tp);
  tcp_fast_path_check(tp);
  if (!segment.payload.empty()) tcp_data_ready(tp);
}

}  // namespace

void tcp_data_queue(tcp_sock& tp, rx_segment& segment) {
  if (segment.seq == segment.end_seq) return;
  // A DSACK tells of the segment that causes the ACK (RFC 2883 4): what was not reported yet stays so.
  tp.dsack = false;
  if (segment.seq == tp.rcv_nxt) {
    tcp_queue_in_sequence(tp, segment);
    return;
  }
  if (!after(segment.end_seq, tp.rcv_nxt)) {
    // All of it was received before: a retransmission whose ACK was lost.
    set_dsack(tp, segment.seq, segment.end_seq, mib::dsack_old_sent);
    tp.net->count(mib::delayed_ack_lost);
    tcp_enter_quickack_mode(tp, tcp_max_quickacks);
    tp.icsk_ack.sched = true;
    return;
  }
  if (!before(segment.seq, tp.rcv_nxt + tcp_receive_window(tp))) {
    // Beyond the window.
    tcp_enter_quickack_mode(tp, tcp_max_quickacks);
    tp.icsk_ack.sched = true;
    return;
  }
  if (before(segment.seq, tp.rcv_nxt)) {
    set_dsack(tp, segment.seq, tp.rcv_nxt, mib::dsack_old_sent);
    segment.trim_front(tp.rcv_nxt);
    tcp_queue_in_sequence(tp, segment);
    return;
  }
  tcp_data_queue_ofo(tp, segment);
}

void tcp_fin(tcp_sock& tp) {
  tp.sock_done = true;
  tp.icsk_ack.sched = true;
  tp.sk_shutdown |= sock::sock::rcv_shutdown;
  trace(tp, tracepoint::tcp_fin);
  switch (tp.skc_state) {
    case tcp_state::syn_recv:
    case tcp_state::established:
      tcp_set_state(tp, tcp_state::close_wait);
      tp.icsk_ack.pingpong = true;
      break;
    case tcp_state::fin_wait1:
      // Simultaneous close.
      tcp_send_ack(tp);
      tcp_set_state(tp, tcp_state::closing);
      break;
    case tcp_state::fin_wait2:
      tcp_send_ack(tp);
      tcp_time_wait(tp, tcp_state::time_wait, 0);
      break;
    default:
      // CLOSE_WAIT, CLOSING, LAST_ACK: a FIN was there already; nothing changes (RFC 9293 3.10.7.4 eighth).
      break;
  }
  // Linux: tcp_sack_reset.
  tp.out_of_order_queue.clear();
  tp.num_sacks = 0;
  tp.dsack = false;
  sk_mem_reclaim(tp);
  if (!tp.sk_dead) tp.wake(EPOLLIN | EPOLLRDNORM | EPOLLRDHUP | (tp.sk_shutdown == 3 ? EPOLLHUP : 0U));
}

}  // namespace fourtuple::tcp
