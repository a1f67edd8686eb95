// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_sendmsg.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_seq.hpp"

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
  const std::uint64_t per_segment = tp.mss_cache + sizeof(tcp_skb);
  const std::uint64_t segments =
      std::max({tp.snd_cwnd, tp.net->config.tcp_initial_cwnd, std::uint32_t{tp.reordering} + 1});
  const std::uint64_t wanted = 2 * segments * per_segment;
  if (wanted > tp.sk_sndbuf) {
    tp.sk_sndbuf = static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, tp.net->config.tcp_wmem[2]));
  }
}

bool sk_stream_memory_free(const tcp_sock& tp) noexcept {
  if (tp.sk_write_queue.truesize() >= tp.sk_sndbuf) return false;
  return tp.notsent_lowat == 0 || tp.write_seq - tp.snd_nxt < tp.notsent_lowat;
}

/// The segment that the next bytes go to: the last one while it was not sent and has room, or a new one.
tcp_skb* tail_with_room(tcp_sock& tp, std::uint32_t mss) noexcept {
  tcp_skb* tail = tp.sk_write_queue.send_head() == nullptr ? nullptr : tp.sk_write_queue.tail();
  if (tail != nullptr && tail->room() != 0 && tail->len < mss && !tail->eor) return tail;
  if (!sk_stream_memory_free(tp)) return nullptr;
  return tp.sk_write_queue.push(tp.write_seq, mss);
}

/// RFC 9293 3.9.1.2: PSH goes on what ends a write, and at least once in half a window.
void tcp_mark_push(tcp_sock& tp, tcp_skb& skb) noexcept {
  skb.psh = true;
  tp.pushed_seq = tp.write_seq;
}

bool forced_push(const tcp_sock& tp) noexcept { return after(tp.write_seq, tp.pushed_seq + (tp.max_window >> 1)); }

/// Copies one piece; how much of it fitted.
std::size_t queue_piece(tcp_sock& tp, std::span<const std::byte> piece, std::uint32_t mss) noexcept {
  std::size_t done = 0;
  while (done < piece.size()) {
    tcp_skb* skb = tail_with_room(tp, mss);
    if (skb == nullptr) break;
    const std::uint32_t room = std::min(skb->room(), mss - skb->len);
    const std::size_t count = std::min<std::size_t>(piece.size() - done, room);
    skb->append(piece.subspan(done, count));
    done += count;
    tp.write_seq += static_cast<std::uint32_t>(count);
    if (skb->len >= mss && forced_push(tp)) tcp_mark_push(tp, *skb);
  }
  return done;
}

}  // namespace

bool sk_stream_is_writeable(const tcp_sock& tp) noexcept {
  const std::uint32_t used = tp.sk_write_queue.truesize();
  if (used >= tp.sk_sndbuf || tp.sk_sndbuf - used < used / 2) return false;
  return tp.notsent_lowat == 0 || 2 * std::uint64_t{tp.write_seq - tp.snd_nxt} < tp.notsent_lowat;
}

void tcp_check_space(tcp_sock& tp) {
  if (!tp.write_wanted) return;
  tcp_sndbuf_expand(tp);
  if (!sk_stream_is_writeable(tp)) return;
  tp.write_wanted = false;
  if (!tp.sk_dead) tp.wake(EPOLLOUT | EPOLLWRNORM);
}

ssize_t tcp_sendmsg(tcp_sock& tp, std::span<const std::span<const std::byte>> data, int flags) {
  if ((flags & MSG_OOB) != 0) return -EOPNOTSUPP;
  if (tp.skc_state == tcp_state::syn_sent || tp.skc_state == tcp_state::syn_recv) {
    tp.write_wanted = true;
    return -EAGAIN;
  }
  if (tp.sk_err != 0 || (tp.sk_shutdown & sock::sock::send_shutdown) != 0 || !can_send(tp.skc_state)) {
    return stream_error(tp);
  }
  const std::uint32_t mss = tcp_current_mss(tp);
  tcp_sndbuf_expand(tp);
  std::size_t copied = 0;
  bool full = false;
  for (const auto& piece : data) {
    const std::size_t done = queue_piece(tp, piece, mss);
    copied += done;
    full = done < piece.size();
    if (full) break;
  }
  if (full) tp.write_wanted = true;
  if (copied != 0) {
    tcp_skb* tail = tp.sk_write_queue.tail();
    const bool more = (flags & MSG_MORE) != 0;
    if (!more || full) tcp_mark_push(tp, *tail);
    if ((flags & MSG_EOR) != 0 && !full) tail->eor = true;
    const bool corked = tp.cork;
    tp.cork = corked || (more && !full);
    tcp_push_pending_frames(tp);
    tp.cork = corked;
    return static_cast<ssize_t>(copied);
  }
  if (full) {
    tcp_push_pending_frames(tp);
    return -EAGAIN;
  }
  return 0;
}

}  // namespace fourtuple::tcp
