// SPDX-License-Identifier: Apache-2.0
#include <asm/ioctls.h>
#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "host/tcp/tcp_ack_policy.hpp"
#include "host/tcp/tcp_errqueue.hpp"
#include "host/tcp/tcp_mem.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_rcvbuf.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_sendmsg.hpp"
#include "host/tcp/tcp_urg.hpp"

namespace fourtuple::tcp {
namespace {

/// Nothing can be read now: why (in Linux's order).
ssize_t nothing_to_read(tcp_sock& tp) noexcept {
  if (tp.sock_done) return 0;
  if (tp.sk_err != 0) return sock_error(tp);
  if ((tp.sk_shutdown & sock::sock::rcv_shutdown) != 0) return 0;
  if (tp.skc_state == tcp_state::close) return -ENOTCONN;
  return -EAGAIN;
}

/// What the next read may take: it ends before urgent data, or leaves it out if that is what comes next.
struct readable {
  std::size_t skip = 0;
  std::size_t bytes = 0;
};

readable what_is_readable(const tcp_sock& tp) noexcept {
  const std::size_t all = tp.sk_receive_queue.bytes();
  if (!tcp_urg_data(tp)) return {.bytes = all};
  const std::uint32_t offset = tp.sk_extension->urg_seq - tp.copied_seq;
  if (offset >= all) return {.bytes = all};
  if (offset != 0) return {.bytes = offset};
  return tp.sk_urginline ? readable{.bytes = all} : readable{.skip = 1, .bytes = all - 1};
}

/// `copied` bytes, 0 only into no room, were taken off the queue.
[[gnu::always_inline]] inline ssize_t after_read(tcp_sock& tp, std::size_t copied) {
  tp.copied_seq += static_cast<std::uint32_t>(copied);
  tcp_urg_passed(tp);
  if (tp.skc_state == tcp_state::close) return static_cast<ssize_t>(copied);
  tcp_rcv_space_adjust(tp);
  if (tcp_under_memory_pressure(*tp.net)) [[unlikely]]
    sk_mem_reclaim(tp);
  tcp_cleanup_rbuf(tp, static_cast<std::uint32_t>(copied));
  if (!tp.header_prediction) tcp_fast_path_check(tp);
  return static_cast<ssize_t>(copied);
}

}  // namespace

int sock_error(tcp_sock& tp) noexcept {
  const int error = tp.sk_err;
  tp.sk_err = 0;
  return -error;
}

ssize_t tcp_recvmsg(tcp_sock& tp, std::span<const std::span<std::byte>> data, int flags) {
  if (tp.skc_state == tcp_state::listen) return -ENOTCONN;
  if (flags == 0 && data.size() == 1 && !tp.sk_extension && tp.sk_receive_queue.bytes() != 0) {
    return after_read(tp, tp.sk_receive_queue.read(data[0]));
  }
  if ((flags & MSG_OOB) != 0) return tcp_recv_urg(tp, data, flags);
  const readable ahead = what_is_readable(tp);
  if (ahead.bytes == 0 && ahead.skip == 0) return nothing_to_read(tp);
  std::size_t room = 0;
  for (const std::span<std::byte> part : data) room += part.size();
  std::size_t copied = std::min(room, ahead.bytes);
  if ((flags & MSG_TRUNC) == 0) tp.sk_receive_queue.peek(data, ahead.skip, copied);
  if ((flags & MSG_PEEK) != 0) return copied > 0 || room == 0 ? static_cast<ssize_t>(copied) : nothing_to_read(tp);
  tp.sk_receive_queue.consume(ahead.skip + copied);
  tp.copied_seq += static_cast<std::uint32_t>(ahead.skip);
  if (copied != 0 || room == 0) return after_read(tp, copied);
  tcp_urg_passed(tp);
  return nothing_to_read(tp);
}

std::uint32_t tcp_poll(tcp_sock& tp) {
  constexpr std::uint8_t both = sock::sock::rcv_shutdown | sock::sock::send_shutdown;
  std::uint32_t mask = 0;
  if (tp.skc_state == tcp_state::listen) return tp.icsk_accept_queue.empty() ? 0 : EPOLLIN | EPOLLRDNORM;
  if (tp.sk_shutdown == both || tp.skc_state == tcp_state::close) mask |= EPOLLHUP;
  if ((tp.sk_shutdown & sock::sock::rcv_shutdown) != 0) mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
  if (tp.skc_state != tcp_state::syn_sent && tp.skc_state != tcp_state::syn_recv) {
    // An urgent byte that is next and not in line is nothing to read.
    const std::uint32_t target = tp.rcvlowat + (tcp_at_mark(tp) && !tp.sk_urginline ? 1 : 0);
    if (tp.sk_receive_queue.bytes() >= target) mask |= EPOLLIN | EPOLLRDNORM;
    if ((tp.sk_shutdown & sock::sock::send_shutdown) != 0 || sk_stream_is_writeable(tp)) {
      mask |= EPOLLOUT | EPOLLWRNORM;
    } else {
      tp.write_wanted = true;
    }
    if (tcp_urg_valid(tp)) mask |= EPOLLPRI;
  }
  if (tp.sk_err != 0 || sock_has_errors(tp)) mask |= EPOLLERR;
  return mask;
}

int tcp_ioctl(const tcp_sock& tp, unsigned long request, int& value) {
  if (request == SIOCATMARK) {
    value = tcp_at_mark(tp) ? 1 : 0;
    return 0;
  }
  if (request != SIOCINQ && request != SIOCOUTQ && request != SIOCOUTQNSD) return -ENOTTY;
  if (tp.skc_state == tcp_state::listen) return -EINVAL;
  const bool opening = tp.skc_state == tcp_state::syn_sent || tp.skc_state == tcp_state::syn_recv;
  if (request == SIOCINQ) {
    value = static_cast<int>(tcp_inq(tp));
  } else if (opening || tp.skc_state == tcp_state::close) {
    value = 0;
  } else {
    value = static_cast<int>(tp.write_seq - (request == SIOCOUTQ ? tp.snd_una : tp.snd_nxt));
  }
  return 0;
}

}  // namespace fourtuple::tcp
