// SPDX-License-Identifier: Apache-2.0
// Level SOL_SOCKET (socket(7)). The times of SO_RCVTIMEO and SO_SNDTIMEO are the socket layer's.
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "host/tcp/tcp_errqueue.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_rcvbuf.hpp"
#include "host/tcp/tcp_sendmsg.hpp"
#include "host/tcp/tcp_sockopt.hpp"
#include "host/tcp/tcp_timer.hpp"
#include "host/tcp/tcp_urg.hpp"

namespace fourtuple::tcp {
namespace {

constexpr std::uint32_t min_rcvbuf = 2304;  // Linux: SOCK_MIN_RCVBUF
constexpr std::uint32_t min_sndbuf = 4608;  // Linux: SOCK_MIN_SNDBUF
constexpr std::uint32_t most_buffer = 0x3fffffff;

/// What was asked for, limited, and doubled for bookkeeping (socket(7)).
std::uint32_t buffer_size(int asked, std::uint32_t most, std::uint32_t least) noexcept {
  // Negative numbers are large ones for the limit (Linux: min_t(u32, val, sysctl_rmem_max)).
  const std::uint32_t limited = std::min({static_cast<std::uint32_t>(asked), most, most_buffer});
  return std::max(limited * 2, least);
}

void set_rcvbuf(tcp_sock& tp, std::uint32_t bytes) noexcept {
  tp.sk_rcvbuf = bytes;
  tp.sk_rcvbuf_lock = true;
}

void set_sndbuf(tcp_sock& tp, std::uint32_t bytes) {
  tp.sk_sndbuf = bytes;
  tp.sk_sndbuf_lock = true;
  // Whoever waits for space may have it now.
  tp.write_wanted = true;
  tcp_check_space(tp);
}

int set_linger(tcp_sock& tp, std::span<const std::byte> value) noexcept {
  const auto option = read_option<linger>(value);
  if (!option) return -EINVAL;
  tp.sk_linger = option->l_onoff != 0;
  if (tp.sk_linger) tp.sk_lingertime_s = static_cast<std::uint16_t>(std::clamp(option->l_linger, 0, 65535));
  return 0;
}

void set_keepalive(tcp_sock& tp, bool on) {
  if (tp.skc_state != tcp_state::close && tp.skc_state != tcp_state::listen) {
    if (on && !tp.keepopen) {
      inet_csk_reset_keepalive_timer(tp, keepalive_time_ms(tp));
    } else if (!on) {
      tp.net->timers.disarm(tp.sk_timer);
    }
  }
  tp.keepopen = on;
}

/// Linux: sk_setsockopt. No less is held back than the receive buffer can take (tcp_set_rcvlowat).
int set_rcvlowat(tcp_sock& tp, int bytes) {
  const int wanted = bytes < 0 ? INT32_MAX : std::max(bytes, 1);
  const std::uint32_t cap = tp.sk_rcvbuf_lock ? tp.sk_rcvbuf >> 1 : tp.net->config.tcp_rmem[2] >> 1;
  tp.rcvlowat = std::min(static_cast<std::uint32_t>(wanted), cap);
  if (!tp.sk_rcvbuf_lock && tp.rcvlowat * 2 > tp.sk_rcvbuf) {
    tp.sk_rcvbuf = tp.rcvlowat * 2;
    tp.window_clamp = std::max(tp.window_clamp, tcp_full_space(tp));
  }
  if (!tp.sk_dead && tp.sk_receive_queue.bytes() >= tp.rcvlowat) tp.wake(EPOLLIN | EPOLLRDNORM);
  return 0;
}

int set_zerocopy(tcp_sock& tp, int value) noexcept {
  if (value < 0 || value > 1) return -EINVAL;
  tp.sk_zerocopy = value != 0;
  return 0;
}

/// Bytes a second; an int or, for more than that holds, 64 bits. All ones: no limit.
int set_max_pacing_rate(tcp_sock& tp, std::span<const std::byte> value) noexcept {
  std::uint64_t rate = 0;
  if (const auto wide = read_option<std::uint64_t>(value)) {
    rate = *wide;
  } else {
    const auto number = read_option<int>(value);
    if (!number) return -EINVAL;
    rate = *number == -1 ? ~std::uint64_t{0} : static_cast<std::uint32_t>(*number);
  }
  return tcp_set_max_pacing_rate(tp, rate) ? 0 : -ENOMEM;
}

int get_max_pacing_rate(const tcp_sock& tp, std::span<std::byte> value) noexcept {
  const std::uint64_t rate = tcp_max_pacing_rate(tp);
  if (value.size() >= sizeof rate) return write_option(value, rate);
  return write_option(value, static_cast<std::uint32_t>(std::min<std::uint64_t>(rate, ~0U)));
}

std::optional<int> get_number(tcp_sock& tp, int name) noexcept {
  switch (name) {
    case SO_ERROR: {
      int error = -sock_error(tp);
      if (error == 0) error = std::exchange(tp.sk_err_soft, std::int16_t{0});
      return error;
    }
    case SO_REUSEADDR:
      return tp.skc_reuse ? 1 : 0;
    case SO_REUSEPORT:
      return tp.skc_reuseport ? 1 : 0;
    case SO_KEEPALIVE:
      return tp.keepopen ? 1 : 0;
    case SO_OOBINLINE:
      return tp.sk_urginline ? 1 : 0;
    case SO_RCVBUF:
      return static_cast<int>(tp.sk_rcvbuf);
    case SO_SNDBUF:
      return static_cast<int>(tp.sk_sndbuf);
    case SO_RCVLOWAT:
      return static_cast<int>(tp.rcvlowat);
    case SO_SNDLOWAT:
      return 1;
    case SO_TYPE:
      return SOCK_STREAM;
    case SO_PROTOCOL:
      return IPPROTO_TCP;
    case SO_DOMAIN:
      return AF_INET;
    case SO_ACCEPTCONN:
      return tp.skc_state == tcp_state::listen ? 1 : 0;
    case SO_ZEROCOPY:
      return tp.sk_zerocopy ? 1 : 0;
    default:
      return std::nullopt;
  }
}

}  // namespace

int sock_setsockopt(tcp_sock& tp, int name, std::span<const std::byte> value) {
  if (name == SO_LINGER) return set_linger(tp, value);
  if (name == SO_MAX_PACING_RATE) return set_max_pacing_rate(tp, value);
  const auto number = read_option<int>(value);
  if (!number) return -EINVAL;
  switch (name) {
    case SO_REUSEADDR:
      tp.skc_reuse = *number != 0;
      return 0;
    case SO_REUSEPORT:
      tp.skc_reuseport = *number != 0;
      return 0;
    case SO_KEEPALIVE:
      set_keepalive(tp, *number != 0);
      return 0;
    case SO_OOBINLINE:
      tcp_set_urginline(tp, *number != 0);
      return 0;
    case SO_RCVBUF:
      set_rcvbuf(tp, buffer_size(*number, tp.net->config.rmem_max, min_rcvbuf));
      return 0;
    case SO_RCVBUFFORCE:
      set_rcvbuf(tp, buffer_size(std::max(*number, 0), most_buffer, min_rcvbuf));
      return 0;
    case SO_SNDBUF:
      set_sndbuf(tp, buffer_size(*number, tp.net->config.wmem_max, min_sndbuf));
      return 0;
    case SO_SNDBUFFORCE:
      set_sndbuf(tp, buffer_size(std::max(*number, 0), most_buffer, min_sndbuf));
      return 0;
    case SO_RCVLOWAT:
      return set_rcvlowat(tp, *number);
    case SO_ZEROCOPY:
      return set_zerocopy(tp, *number);
    case SO_TIMESTAMPING:
      return sock_set_timestamping(tp, static_cast<std::uint32_t>(*number));
    default:
      return -ENOPROTOOPT;
  }
}

int sock_getsockopt(tcp_sock& tp, int name, std::span<std::byte> value) {
  if (name == SO_LINGER) {
    const linger option{.l_onoff = tp.sk_linger ? 1 : 0, .l_linger = tp.sk_lingertime_s};
    return write_option(value, option);
  }
  if (name == SO_MAX_PACING_RATE) return get_max_pacing_rate(tp, value);
  if (name == SO_TIMESTAMPING) {
    const so_timestamping option{.flags = static_cast<int>(tp.sk_extension ? tp.sk_extension->tsflags : 0),
                                 .bind_phc = 0};
    return write_option(value, option);
  }
  const auto number = get_number(tp, name);
  return number ? write_option(value, *number) : -ENOPROTOOPT;
}

}  // namespace fourtuple::tcp
