// SPDX-License-Identifier: Apache-2.0
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_input.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_rate.hpp"
#include "host/tcp/tcp_rcvbuf.hpp"
#include "host/tcp/tcp_sendmsg.hpp"
#include "host/tcp/tcp_sockopt.hpp"
#include "host/tcp/tcp_timer.hpp"

namespace fourtuple::tcp {
namespace {

int set_congestion(tcp_sock& tp, std::span<const std::byte> value) noexcept {
  std::string_view name{reinterpret_cast<const char*>(value.data()), value.size()};
  name = name.substr(0, name.find('\0'));
  const tcp_congestion_ops* ops = tcp_ca_find(name);
  if (ops == nullptr) return -ENOENT;
  tp.icsk_ca_ops = ops;
  if (tp.skc_state != tcp_state::close && tp.skc_state != tcp_state::listen) ops->init(tp);
  return 0;
}

/// A time in seconds from 1 to 32767.
int set_keepalive_time(std::uint16_t& to, int seconds) noexcept {
  if (seconds < 1 || seconds > 32767) return -EINVAL;
  to = static_cast<std::uint16_t>(seconds);
  return 0;
}

int set_maxseg(tcp_sock& tp, int mss) noexcept {
  if (mss != 0 && (mss < 88 || mss > 32767)) return -EINVAL;
  tp.user_mss = static_cast<std::uint16_t>(mss);
  return 0;
}

/// Linux: secs_to_retrans. How many SYN-ACKs go out in so many seconds.
std::uint8_t secs_to_retrans(const tcp_config& config, int seconds) noexcept {
  if (seconds <= 0) return 0;
  std::uint64_t gap_ms = config.tcp_rto_init_ms;
  std::uint64_t period_ms = gap_ms;
  std::uint8_t result = 1;
  while (static_cast<std::uint64_t>(seconds) * 1000 > period_ms && result < 255) {
    ++result;
    gap_ms = std::min<std::uint64_t>(gap_ms * 2, config.tcp_rto_max_ms);
    period_ms += gap_ms;
  }
  return result;
}

/// Linux: retrans_to_secs.
int retrans_to_secs(const tcp_config& config, unsigned retrans) noexcept {
  std::uint64_t gap_ms = config.tcp_rto_init_ms;
  std::uint64_t period_ms = retrans > 0 ? gap_ms : 0;
  for (; retrans > 1; --retrans) {
    gap_ms = std::min<std::uint64_t>(gap_ms * 2, config.tcp_rto_max_ms);
    period_ms += gap_ms;
  }
  return static_cast<int>(period_ms / 1000);
}

int set_tcp_number(tcp_sock& tp, int name, int number) {
  switch (name) {
    case TCP_NODELAY:
      if (number != 0) {
        tp.nonagle |= tcp_nagle_off | tcp_nagle_push;
        tcp_push_pending_frames(tp);
      } else {
        tp.nonagle = static_cast<std::uint8_t>(tp.nonagle & ~tcp_nagle_off);
      }
      return 0;
    case TCP_CORK:
      if (number != 0) {
        tp.nonagle |= tcp_nagle_cork;
      } else {
        tp.nonagle = static_cast<std::uint8_t>(tp.nonagle & ~tcp_nagle_cork);
        if ((tp.nonagle & tcp_nagle_off) != 0) tp.nonagle |= tcp_nagle_push;
        tcp_push_pending_frames(tp);
      }
      return 0;
    case TCP_MAXSEG:
      return set_maxseg(tp, number);
    case TCP_KEEPIDLE: {
      const int result = set_keepalive_time(tp.keepalive_time_s, number);
      if (result == 0 && tp.keepopen && tp.skc_state == tcp_state::established) {
        inet_csk_reset_keepalive_timer(tp, keepalive_time_ms(tp));
      }
      return result;
    }
    case TCP_KEEPINTVL:
      return set_keepalive_time(tp.keepalive_intvl_s, number);
    case TCP_KEEPCNT:
      if (number < 1 || number > 127) return -EINVAL;
      tp.keepalive_probes = static_cast<std::uint8_t>(number);
      return 0;
    case TCP_SYNCNT:
      if (number < 1 || number > 127) return -EINVAL;
      tp.icsk_syn_retries = static_cast<std::uint8_t>(number);
      return 0;
    case TCP_LINGER2:
      tp.linger2_s = static_cast<std::int8_t>(std::clamp(number, -1, 60));
      return 0;
    case TCP_USER_TIMEOUT:
      if (number < 0) return -EINVAL;
      tp.user_timeout_ms = static_cast<std::uint32_t>(number);
      return 0;
    case TCP_NOTSENT_LOWAT:
      tp.notsent_lowat = static_cast<std::uint32_t>(number);
      tcp_check_space(tp);
      return 0;
    case TCP_DEFER_ACCEPT:
      tp.rskq_defer_accept = secs_to_retrans(tp.net->config, number);
      return 0;
    case TCP_WINDOW_CLAMP:
      return tcp_set_window_clamp(tp, number);
    case TCP_INQ:
      if (number != 0 && number != 1) return -EINVAL;
      tp.recvmsg_inq = number != 0;
      return 0;
    case TCP_QUICKACK:
      tp.icsk_ack.pingpong = number == 0;
      if (number != 0 && tp.icsk_ack.sched) tcp_send_ack(tp);
      return 0;
    default:
      return -ENOPROTOOPT;
  }
}

std::optional<int> get_tcp_number(const tcp_sock& tp, int name) noexcept {
  switch (name) {
    case TCP_NODELAY:
      return (tp.nonagle & tcp_nagle_off) != 0 ? 1 : 0;
    case TCP_CORK:
      return (tp.nonagle & tcp_nagle_cork) != 0 ? 1 : 0;
    case TCP_MAXSEG:
      return static_cast<int>(tp.skc_state == tcp_state::close && tp.user_mss != 0 ? tp.user_mss : tp.mss_cache);
    case TCP_KEEPIDLE:
      return tp.keepalive_time_s;
    case TCP_KEEPINTVL:
      return tp.keepalive_intvl_s;
    case TCP_KEEPCNT:
      return tp.keepalive_probes;
    case TCP_SYNCNT:
      return static_cast<int>(tp.icsk_syn_retries != 0 ? tp.icsk_syn_retries : tp.net->config.tcp_syn_retries);
    case TCP_LINGER2:
      if (tp.linger2_s < 0) return -1;
      return static_cast<int>(tp.linger2_s > 0 ? static_cast<std::uint32_t>(tp.linger2_s)
                                               : tp.net->config.tcp_fin_timeout_ms / 1000);
    case TCP_USER_TIMEOUT:
      return static_cast<int>(tp.user_timeout_ms);
    case TCP_NOTSENT_LOWAT:
      return static_cast<int>(tp.notsent_lowat);
    case TCP_DEFER_ACCEPT:
      return retrans_to_secs(tp.net->config, tp.rskq_defer_accept);
    case TCP_WINDOW_CLAMP:
      return static_cast<int>(tp.window_clamp);
    case TCP_INQ:
      return tp.recvmsg_inq ? 1 : 0;
    case TCP_QUICKACK:
      return tp.icsk_ack.pingpong ? 0 : 1;
    default:
      return std::nullopt;
  }
}

/// Totals and rates of the sending side (Linux: tcp_get_info, tcp_get_info_chrono_stats).
void fill_sending(const tcp_sock& tp, tcp_info& info) noexcept {
  info.tcpi_bytes_acked = tp.bytes_acked;
  info.tcpi_bytes_sent = tp.bytes_sent;
  info.tcpi_bytes_retrans = tp.bytes_retrans;
  info.tcpi_segs_out = tp.segs_out;
  info.tcpi_segs_in = tp.segs_in;
  info.tcpi_data_segs_in = tp.data_segs_in;
  info.tcpi_bytes_received = tp.bytes_received;
  info.tcpi_rcv_ooopack = tp.rcv_ooopack;
  info.tcpi_data_segs_out = tp.data_segs_out;
  info.tcpi_delivery_rate = tcp_delivery_rate(tp);
  info.tcpi_delivery_rate_app_limited = tp.rate_app_limited != 0;
  info.tcpi_delivered_ce = tp.delivered_ce;
  info.tcpi_dsack_dups = tp.dsack_dups;
  info.tcpi_reord_seen = tp.reord_seen;
  std::uint64_t total_us = 0;
  std::array<std::uint64_t, 3> stats_us{};
  for (std::size_t i = 0; i < stats_us.size(); ++i) {
    stats_us[i] = std::uint64_t{tp.chrono_stat_ms[i]} * 1000;
    if (static_cast<std::size_t>(tp.chrono_type) == i + 1) {
      stats_us[i] += std::uint64_t{tp.net->now_ms() - tp.chrono_start_ms} * 1000;
    }
    total_us += stats_us[i];
  }
  // What is limited is busy as well.
  info.tcpi_busy_time = total_us;
  info.tcpi_rwnd_limited = stats_us[1];
  info.tcpi_sndbuf_limited = stats_us[2];
}

/// struct tcp_info as it has been since Linux 6.2: Debian's linux/tcp.h ends before.
struct tcp_info_6_2 : tcp_info {
  __u32 tcpi_rcv_wnd = 0;
  __u32 tcpi_rehash = 0;  ///< The stack never chooses another path by itself.
};
static_assert(sizeof(tcp_info_6_2) == 240);

/// In Linux's layout; what this stack does not know is 0.
tcp_info_6_2 make_tcp_info(const tcp_sock& tp) noexcept {
  tcp_info_6_2 info{};
  info.tcpi_state = static_cast<__u8>(tp.skc_state);
  info.tcpi_pacing_rate = tcp_pacing_rate(tp);
  info.tcpi_max_pacing_rate = tcp_max_pacing_rate(tp);
  info.tcpi_reordering = tp.reordering;
  info.tcpi_snd_cwnd = tp.snd_cwnd;
  if (tp.skc_state == tcp_state::listen) {
    // That is all that makes sense of a listener.
    info.tcpi_unacked = tp.sk_ack_backlog;
    info.tcpi_sacked = tp.sk_max_ack_backlog;
    return info;
  }
  info.tcpi_ca_state = static_cast<__u8>(tp.icsk_ca_state);
  info.tcpi_retransmits = tp.icsk_retransmits;
  info.tcpi_probes = tp.icsk_probes_out;
  info.tcpi_backoff = tp.icsk_backoff;
  info.tcpi_options = static_cast<__u8>((tp.tstamp_ok ? TCPI_OPT_TIMESTAMPS : 0) | (tp.sack_ok ? TCPI_OPT_SACK : 0) |
                                        (tp.wscale_ok ? TCPI_OPT_WSCALE : 0) | (tp.ecn_ok ? TCPI_OPT_ECN : 0) |
                                        (tp.ecn_seen ? TCPI_OPT_ECN_SEEN : 0));
  info.tcpi_snd_wscale = static_cast<__u8>(tp.snd_wscale & 0xf);
  info.tcpi_rcv_wscale = static_cast<__u8>(tp.rcv_wscale & 0xf);
  info.tcpi_rto = tp.icsk_rto_us;
  info.tcpi_ato = tp.icsk_ack.ato_us;
  info.tcpi_snd_mss = tp.mss_cache;
  info.tcpi_rcv_mss = tp.icsk_ack.rcv_mss;
  info.tcpi_unacked = tp.packets_out;
  info.tcpi_sacked = tp.sacked_out;
  info.tcpi_lost = tp.lost_out;
  info.tcpi_retrans = tp.retrans_out;
  info.tcpi_last_data_sent = tp.net->now_ms() - tp.lsndtime_ms;
  info.tcpi_last_data_recv = tp.net->now_ms() - tp.icsk_ack.lrcvtime_ms;
  info.tcpi_last_ack_recv = tp.net->now_ms() - tp.rcv_tstamp_ms;
  info.tcpi_pmtu = tcp_route_mtu(tp);
  info.tcpi_rcv_ssthresh = tp.rcv_ssthresh;
  info.tcpi_rtt = tp.srtt_us >> 3;
  info.tcpi_rttvar = tp.mdev_us >> 2;
  info.tcpi_snd_ssthresh = tp.snd_ssthresh;
  info.tcpi_advmss = tp.advmss;
  info.tcpi_rcv_rtt = tp.rcv_rtt_us >> 3;
  info.tcpi_rcv_space = tp.rcvq_space;
  info.tcpi_total_retrans = tp.total_retrans;
  info.tcpi_notsent_bytes = tp.write_seq - tp.snd_nxt;
  info.tcpi_min_rtt = tp.rtt_min_us;
  info.tcpi_delivered = tp.delivered;
  info.tcpi_snd_wnd = tp.snd_wnd;
  info.tcpi_rcv_wnd = tp.rcv_wnd;
  fill_sending(tp, info);
  return info;
}

}  // namespace

int tcp_setsockopt(tcp_sock& tp, int level, int name, std::span<const std::byte> value) {
  if (level == SOL_SOCKET) return sock_setsockopt(tp, name, value);
  if (level == SOL_IP) return ip_setsockopt(tp, name, value);
  if (level != IPPROTO_TCP) return -ENOPROTOOPT;
  if (name == TCP_CONGESTION) return set_congestion(tp, value);
  const auto number = read_option<int>(value);
  if (!number) return -EINVAL;
  return set_tcp_number(tp, name, *number);
}

int tcp_getsockopt(tcp_sock& tp, int level, int name, std::span<std::byte> value) {
  if (level == SOL_SOCKET) return sock_getsockopt(tp, name, value);
  if (level == SOL_IP) return ip_getsockopt(tp, name, value);
  if (level != IPPROTO_TCP) return -ENOPROTOOPT;
  if (name == TCP_INFO) {
    const tcp_info_6_2 info = make_tcp_info(tp);
    return write_option(value, info);
  }
  if (name == TCP_CONGESTION) {
    std::array<char, 16> text{};
    tp.icsk_ca_ops->name().copy(text.data(), text.size() - 1);
    return write_option(value, text);
  }
  const auto number = get_tcp_number(tp, name);
  return number ? write_option(value, *number) : -ENOPROTOOPT;
}

}  // namespace fourtuple::tcp
