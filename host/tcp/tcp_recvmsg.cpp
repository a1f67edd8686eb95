// SPDX-License-Identifier: Apache-2.0
#include <asm/ioctls.h>
#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "host/tcp/tcp_ack_policy.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_sendmsg.hpp"

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

}  // namespace

int sock_error(tcp_sock& tp) noexcept {
  const int error = tp.sk_err;
  tp.sk_err = 0;
  return -error;
}

ssize_t tcp_recvmsg(tcp_sock& tp, std::span<const std::span<std::byte>> data, int flags) {
  if (tp.skc_state == tcp_state::listen) return -ENOTCONN;
  if ((flags & MSG_OOB) != 0) return -EINVAL;
  if (tp.sk_receive_queue.bytes() == 0) return nothing_to_read(tp);
  std::size_t room = 0;
  for (const std::span<std::byte> part : data) room += part.size();
  if ((flags & MSG_TRUNC) == 0) tp.sk_receive_queue.peek(data);
  if ((flags & MSG_PEEK) != 0) return static_cast<ssize_t>(std::min<std::size_t>(room, tp.sk_receive_queue.bytes()));
  const std::size_t copied = tp.sk_receive_queue.consume(room);
  tp.copied_seq += static_cast<std::uint32_t>(copied);
  if (tp.skc_state == tcp_state::close) return static_cast<ssize_t>(copied);
  tcp_rcv_space_adjust(tp);
  tcp_cleanup_rbuf(tp, static_cast<std::uint32_t>(copied));
  if (!tp.header_prediction) tcp_fast_path_check(tp);
  return static_cast<ssize_t>(copied);
}

std::uint32_t tcp_poll(tcp_sock& tp) {
  constexpr std::uint8_t both = sock::sock::rcv_shutdown | sock::sock::send_shutdown;
  std::uint32_t mask = 0;
  if (tp.skc_state == tcp_state::listen) return tp.icsk_accept_queue.empty() ? 0 : EPOLLIN | EPOLLRDNORM;
  if (tp.sk_shutdown == both || tp.skc_state == tcp_state::close) mask |= EPOLLHUP;
  if ((tp.sk_shutdown & sock::sock::rcv_shutdown) != 0) mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
  if (tp.skc_state != tcp_state::syn_sent && tp.skc_state != tcp_state::syn_recv) {
    if (tp.sk_receive_queue.bytes() >= tp.rcvlowat) mask |= EPOLLIN | EPOLLRDNORM;
    if ((tp.sk_shutdown & sock::sock::send_shutdown) != 0 || sk_stream_is_writeable(tp)) {
      mask |= EPOLLOUT | EPOLLWRNORM;
    } else {
      tp.write_wanted = true;
    }
  }
  if (tp.sk_err != 0) mask |= EPOLLERR;
  return mask;
}

int tcp_ioctl(const tcp_sock& tp, unsigned long request, int& value) {
  if (request != SIOCINQ && request != SIOCOUTQ && request != SIOCOUTQNSD) return -ENOTTY;
  if (tp.skc_state == tcp_state::listen) return -EINVAL;
  const bool opening = tp.skc_state == tcp_state::syn_sent || tp.skc_state == tcp_state::syn_recv;
  if (request == SIOCINQ) {
    value = static_cast<int>(tp.sk_receive_queue.bytes());
  } else if (opening || tp.skc_state == tcp_state::close) {
    value = 0;
  } else {
    value = static_cast<int>(tp.write_seq - (request == SIOCOUTQ ? tp.snd_una : tp.snd_nxt));
  }
  return 0;
}

}  // namespace fourtuple::tcp
