// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_sendmsg.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cerrno>

#include "host/tcp/tcp_errqueue.hpp"
#include "host/tcp/tcp_mem.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_rate.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_urg.hpp"
#include "host/tcp/tcp_xmit_single.hpp"

namespace fourtuple::tcp {
namespace {

bool can_send(tcp_state state) noexcept { return state == tcp_state::established || state == tcp_state::close_wait; }

/// Linux: sk_stream_error. An error that is pending goes before EPIPE.
ssize_t stream_error(tcp_sock& tp) noexcept {
  const int error = sock_error(tp);
  return error != 0 ? error : -EPIPE;
}

/// The send buffer grows with the window that the path can use (Linux: tcp_sndbuf_expand).
void tcp_sndbuf_expand(tcp_sock& tp) noexcept {
  if (tp.sk_sndbuf_lock) return;
  // Each segment in memory of its own, as the allocator rounds it up, with header and bookkeeping.
  constexpr std::uint32_t header_bytes = 640;
  constexpr std::uint32_t sk_buff_bytes = 256;
  const std::uint64_t per_segment =
      std::bit_ceil(std::max<std::uint32_t>(tp.mss_clamp, tp.mss_cache) + header_bytes) + sk_buff_bytes;
  const std::uint64_t segments =
      std::max({tp.snd_cwnd, tp.net->config.tcp_initial_cwnd, std::uint32_t{tp.reordering} + 1});
  const std::uint64_t wanted = 2 * segments * per_segment;
  if (wanted > tp.sk_sndbuf && !tcp_under_memory_pressure(*tp.net) && tcp_memory_is_plentiful(*tp.net)) {
    tp.sk_sndbuf = static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, tp.net->config.tcp_wmem[2]));
  }
}

/// RFC 5681 4.1: after a pause longer than the RTO nothing is known of the path any more.
[[gnu::noinline]] void tcp_cwnd_restart(tcp_sock& tp, std::uint64_t idle_us) noexcept {
  const std::uint32_t restart_cwnd = std::min(tp.net->config.tcp_initial_cwnd, tp.snd_cwnd);
  tp.snd_ssthresh = tcp_current_ssthresh(tp);
  std::uint32_t cwnd = tp.snd_cwnd;
  for (std::uint64_t left_us = idle_us - tp.icsk_rto_us; cwnd > restart_cwnd; left_us -= tp.icsk_rto_us) {
    cwnd >>= 1;
    if (left_us <= tp.icsk_rto_us) break;
  }
  tp.snd_cwnd = std::max(cwnd, restart_cwnd);
  tp.snd_cwnd_stamp_ms = tp.net->now_ms();
  tp.snd_cwnd_used = 0;
}

[[gnu::always_inline]] inline void tcp_slow_start_after_idle_check(tcp_sock& tp, std::uint32_t now_ms) noexcept {
  if (!tp.net->config.tcp_slow_start_after_idle || tp.packets_out != 0) return;
  const std::uint64_t idle_us = std::uint64_t{now_ms - tp.lsndtime_ms} * 1000;
  if (idle_us > tp.icsk_rto_us) [[unlikely]]
    tcp_cwnd_restart(tp, idle_us);
}

bool sk_stream_memory_free(const tcp_sock& tp) noexcept {
  if (tp.sk_write_queue.truesize() >= tp.sk_sndbuf) return false;
  return tp.write_seq - tp.snd_nxt < tcp_notsent_lowat(tp);
}

/// Where the next bytes go to, and how many of them may; no segment: they have to wait.
struct place {
  tcp_skb* skb = nullptr;
  std::uint32_t bytes = 0;
};

/// A new segment's bookkeeping is paid for, and how many of its bytes. The first one of all always is: without it there
/// would be nothing whose acknowledgement the others could wait for (Linux: tcp_stream_alloc_skb).
std::uint32_t schedule_new_segment(tcp_sock& tp, std::uint32_t bytes) noexcept {
  constexpr std::uint32_t overhead = tcp_send_queue::overhead_bytes;
  if (sk_wmem_schedule(tp, overhead + bytes)) [[likely]]
    return bytes;
  if (tp.sk_write_queue.empty()) {
    sk_forced_mem_schedule(tp, overhead);
  } else if (!sk_wmem_schedule(tp, overhead)) {
    tcp_enter_memory_pressure(*tp.net);
    sk_stream_moderate_sndbuf(tp);
    return 0;
  }
  const std::uint32_t granted = tcp_wmem_schedule(tp, overhead + bytes);
  return granted > overhead ? granted - overhead : 0;
}

/// The last segment while it was not sent and may become larger, or a new one.
place tail_with_room(tcp_sock& tp, std::uint32_t size_goal, std::size_t bytes, std::uint32_t mss) noexcept {
  auto wanted = static_cast<std::uint32_t>(std::min<std::size_t>(bytes, size_goal));
  tcp_skb* tail = tp.sk_write_queue.send_head() == nullptr ? nullptr : tp.sk_write_queue.tail();
  if (tail != nullptr && tail->len < size_goal && !tail->eor && !tail->fin) {
    const std::uint32_t more = tcp_wmem_schedule(tp, std::min(wanted, size_goal - tail->len));
    if (more == 0) return {};
    if (tp.sk_write_queue.grow(*tail, more, size_goal)) return {tail, more};
  }
  if (!sk_stream_memory_free(tp)) return {};
  wanted = schedule_new_segment(tp, wanted);
  if (wanted == 0) return {};
  tp.nonagle = static_cast<std::uint8_t>(tp.nonagle & ~tcp_nagle_push);
  tcp_slow_start_after_idle_check(tp, tp.net->now_ms());
  tcp_skb* fresh =
      tp.sk_write_queue.push(tp.net->memory, tp.write_seq, std::max(wanted, std::min(mss, size_goal)), size_goal);
  if (fresh != nullptr) tp.sk_write_queue.grow(*fresh, wanted, size_goal);
  return {fresh, wanted};
}

/// RFC 9293 3.9.1.2: PSH goes on what ends a write, and at least once in half a window.
void tcp_mark_push(tcp_sock& tp, tcp_skb& skb) noexcept {
  skb.psh = true;
  tp.pushed_seq = tp.write_seq;
}

bool forced_push(const tcp_sock& tp) noexcept { return after(tp.write_seq, tp.pushed_seq + (tp.max_window >> 1)); }

/// How one call of sendmsg goes on.
struct writing {
  std::uint32_t mss = 0;
  std::uint32_t size_goal = 0;
  std::size_t copied = 0;
};

/// A unit is full: what can go goes while the rest is still being copied.
void push_full_unit(tcp_sock& tp, tcp_skb& skb, const writing& state) {
  if (forced_push(tp)) {
    tcp_mark_push(tp, skb);
    tcp_push_pending_frames(tp, tcp_nagle_push);
  } else if (&skb == tp.sk_write_queue.send_head()) {
    tcp_write_xmit(tp, state.mss, tcp_nagle_push, push_one::one);
  }
}

/// Copies one piece, `left` bytes of the call with it; how much of it fitted.
std::size_t queue_piece(tcp_sock& tp, std::span<const std::byte> piece, std::size_t left, writing& state) {
  std::size_t done = 0;
  while (done < piece.size()) {
    const auto [skb, most] = tail_with_room(tp, state.size_goal, left - done, state.mss);
    if (skb == nullptr) break;
    const std::size_t count = std::min<std::size_t>(piece.size() - done, most);
    const std::uint32_t appended = skb->append(piece.subspan(done, count));
    // What was to be pushed goes on: the end of this write is the place now.
    if (state.copied == 0) skb->psh = false;
    done += appended;
    state.copied += appended;
    tp.write_seq += appended;
    if (skb->len >= state.size_goal && done < left) push_full_unit(tp, *skb, state);
  }
  return done;
}

/// Linux: tcp_push.
void tcp_push(tcp_sock& tp, bool more, std::uint8_t nonagle) {
  if (tp.sk_write_queue.send_head() == nullptr) return;
  if (!more || forced_push(tp)) tcp_mark_push(tp, *tp.sk_write_queue.tail());
  tcp_push_pending_frames(tp, more ? tcp_nagle_cork : nonagle);
}

/// A message of one segment at most that finds nothing in its way, as the requests and responses of most applications
/// do. False, and nothing happened, if it is not so.
[[gnu::always_inline]] inline bool send_at_once(tcp_sock& tp, std::span<const std::byte> message, int flags,
                                                const tcp_send_report& report) {
  constexpr int of_socket_layer = MSG_DONTWAIT | MSG_NOSIGNAL;
  if ((flags & ~of_socket_layer) != 0 || report.tsflags || !tcp_may_xmit_single(tp) ||
      (tp.nonagle & tcp_nagle_cork) != 0) {
    return false;
  }
  const std::uint32_t mss = tp.mss_cache;
  if (message.size() - 1 >= mss || message.size() > tp.snd_wnd || tcp_notsent_lowat(tp) == 0) return false;
  const auto bytes = static_cast<std::uint32_t>(message.size());
  if (!sk_wmem_schedule(tp, tcp_send_queue::overhead_bytes + bytes)) return false;
  tcp_skb* skb = tp.sk_write_queue.push_message(tp.net->memory, tp.write_seq, message);
  if (skb == nullptr) return false;
  tp.app_limited = std::max(tp.delivered, 1U);  // Linux: tcp_rate_check_app_limited
  tp.nonagle = static_cast<std::uint8_t>(tp.nonagle & ~tcp_nagle_push);
  const tcp_mstamp& now = tp.net->mstamp();
  tcp_slow_start_after_idle_check(tp, now.ms());
  tp.write_seq += bytes;
  tcp_mark_push(tp, *skb);
  tcp_xmit_single(tp, *skb, {skb->block.bytes(), bytes}, {.psh = true, .ack = true}, mss, now);
  return true;
}

/// Linux: MAX_SKB_FRAGS. A unit refers to no more buffers of the application than this.
constexpr std::size_t max_skb_frags = 17;

/// What is written next begins a unit of its own.
void end_unit(tcp_sock& tp) noexcept {
  if (tp.sk_write_queue.send_head() == nullptr) return;
  tcp_skb& tail = *tp.sk_write_queue.tail();
  tcp_mark_push(tp, tail);
  tail.eor = true;
}

}  // namespace

bool sk_stream_is_writeable(const tcp_sock& tp) noexcept {
  const std::uint32_t used = tp.sk_write_queue.truesize();
  if (used >= tp.sk_sndbuf || tp.sk_sndbuf - used < used / 2) return false;
  return 2 * std::uint64_t{tp.write_seq - tp.snd_nxt} < tcp_notsent_lowat(tp);
}

void tcp_check_space(tcp_sock& tp) {
  if (!tp.write_wanted) return;
  tcp_sndbuf_expand(tp);
  if (!sk_stream_is_writeable(tp)) return;
  tp.write_wanted = false;
  if (!tp.sk_dead) tp.wake(EPOLLOUT | EPOLLWRNORM);
}

namespace {

ssize_t tcp_sendmsg_slow(tcp_sock& tp, std::span<const std::span<const std::byte>> data, int flags,
                         const tcp_send_report& report) {
  if (tp.skc_state == tcp_state::syn_sent || tp.skc_state == tcp_state::syn_recv) {
    tp.write_wanted = true;
    return -EAGAIN;
  }
  if (tp.sk_err != 0 || (tp.sk_shutdown & sock::sock::send_shutdown) != 0 || !can_send(tp.skc_state)) {
    return stream_error(tp);
  }
  tcp_rate_check_app_limited(tp);
  tcp_sndbuf_expand(tp);
  writing state{.mss = tcp_current_mss(tp)};
  state.size_goal = tcp_xmit_size_goal(tp, state.mss);
  std::size_t left = 0;
  for (const auto& piece : data) left += piece.size();
  bool full = false;
  const bool zerocopy = (flags & MSG_ZEROCOPY) != 0 && tp.sk_zerocopy;
  std::size_t frags = 0;
  for (const auto& piece : data) {
    if (zerocopy && !piece.empty() && frags++ == max_skb_frags) {
      end_unit(tp);
      frags = 1;
    }
    const std::size_t done = queue_piece(tp, piece, left, state);
    left -= done;
    full = done < piece.size();
    if (full) break;
  }
  if (full) tp.write_wanted = true;
  if (state.copied == 0) {
    if (full) tcp_push_pending_frames(tp);
    return full ? -EAGAIN : 0;
  }
  tcp_tx_queued(tp, tp.write_seq - static_cast<std::uint32_t>(state.copied), flags, report);
  if ((flags & MSG_OOB) != 0 && !full) tcp_mark_urg(tp);
  if ((flags & MSG_EOR) != 0 && !full && tp.sk_write_queue.send_head() != nullptr) tp.sk_write_queue.tail()->eor = true;
  // A write that waits for space must not wait for what it still has to copy.
  tcp_push(tp, (flags & MSG_MORE) != 0 && !full, full ? tcp_nagle_push : tp.nonagle);
  return static_cast<ssize_t>(state.copied);
}

}  // namespace

ssize_t tcp_sendmsg(tcp_sock& tp, std::span<const std::span<const std::byte>> data, int flags,
                    const tcp_send_report& report) {
  const bool may_write =
      tp.skc_state == tcp_state::established && tp.sk_err == 0 && (tp.sk_shutdown & sock::sock::send_shutdown) == 0;
  if (may_write && data.size() == 1 && send_at_once(tp, data[0], flags, report)) [[likely]] {
    return static_cast<ssize_t>(data[0].size());
  }
  return tcp_sendmsg_slow(tp, data, flags, report);
}

}  // namespace fourtuple::tcp
