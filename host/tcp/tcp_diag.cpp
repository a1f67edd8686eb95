// SPDX-License-Identifier: Apache-2.0
// What ss shows (Linux: inet_diag, tcp_diag_get_info).
#include "host/tcp/tcp_diag.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

#include "host/sock/inet_hashinfo.hpp"
#include "host/sock/tables_names.hpp"
#include "host/tcp/tcp_cong.hpp"
#include "host/tcp/tcp_mem.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"

namespace fourtuple::tcp {
namespace {

constexpr std::uint32_t no_ssthresh = 0x7fffffff;
constexpr std::size_t columns = 5;

/// iproute2's names of the states.
std::string_view ss_name(tcp_state state) noexcept {
  switch (state) {
    case tcp_state::established:
      return "ESTAB";
    case tcp_state::syn_sent:
      return "SYN-SENT";
    case tcp_state::syn_recv:
    case tcp_state::new_syn_recv:
      return "SYN-RECV";
    case tcp_state::fin_wait1:
      return "FIN-WAIT-1";
    case tcp_state::fin_wait2:
      return "FIN-WAIT-2";
    case tcp_state::time_wait:
      return "TIME-WAIT";
    case tcp_state::close:
      return "UNCONN";
    case tcp_state::close_wait:
      return "CLOSE-WAIT";
    case tcp_state::last_ack:
      return "LAST-ACK";
    case tcp_state::listen:
      return "LISTEN";
    case tcp_state::closing:
      return "CLOSING";
  }
  return "?";
}

struct diag_line {
  bool listens = false;
  packet::connection_tuple tuple;
  std::array<std::string, columns> cells;
  std::string info;
};

/// 1234 as "1.234": ss has milliseconds.
std::string milliseconds(std::uint32_t us) {
  std::string fraction = std::to_string(us % 1000);
  fraction.insert(0, 3 - fraction.size(), '0');
  return std::to_string(us / 1000) + "." + fraction;
}

std::string info_of(const tcp_sock& tp) {
  std::string text;
  const auto add = [&text](std::string_view name, const std::string& value) {
    text.append(" ").append(name).append(value);
  };
  if (tp.tstamp_ok) add("ts", "");
  if (tp.sack_ok) add("sack", "");
  if (tp.icsk_ca_ops != nullptr) add(tp.icsk_ca_ops->name(), "");
  if (tp.wscale_ok) add("wscale:", std::to_string(tp.snd_wscale) + "," + std::to_string(tp.rcv_wscale));
  add("rto:", milliseconds(tp.icsk_rto_us));
  if (tp.srtt_us != 0) add("rtt:", milliseconds(tp.srtt_us >> 3) + "/" + milliseconds(tp.mdev_us >> 2));
  add("mss:", std::to_string(tp.mss_cache));
  add("cwnd:", std::to_string(tp.snd_cwnd));
  if (tp.snd_ssthresh != no_ssthresh) add("ssthresh:", std::to_string(tp.snd_ssthresh));
  if (tp.packets_out != 0) add("unacked:", std::to_string(tp.packets_out));
  if (tp.total_retrans != 0) add("retrans:", std::to_string(tp.retrans_out) + "/" + std::to_string(tp.total_retrans));
  if (tp.lost_out != 0) add("lost:", std::to_string(tp.lost_out));
  if (tp.sacked_out != 0) add("sacked:", std::to_string(tp.sacked_out));
  add("snd_wnd:", std::to_string(tp.snd_wnd));
  if (tp.rtt_min_us != ~0U) add("minrtt:", milliseconds(tp.rtt_min_us));
  if (tp.sk_handle != sock::connection_handles::none) add("nic_handle:", std::to_string(tp.sk_handle));
  return text;
}

diag_line line_of(const sock::sock_common& sk, bool info) {
  diag_line line;
  line.tuple = sk.skc_tuple;
  line.listens = sk.skc_state == tcp_state::listen;
  tcp_state state = sk.skc_state;
  std::uint64_t recv_q = 0;
  std::uint64_t send_q = 0;
  if (sk.kind() == sock::sock_kind::timewait) {
    state = static_cast<const sock::tcp_timewait_sock&>(sk).tw_substate;
  } else if (sk.kind() == sock::sock_kind::full) {
    const auto& tp = static_cast<const tcp_sock&>(sk);
    recv_q = line.listens ? tp.sk_ack_backlog : tp.rcv_nxt - tp.copied_seq;
    send_q = line.listens ? tp.sk_max_ack_backlog : tp.write_seq - tp.snd_una;
    if (info && !line.listens) line.info = info_of(tp);
  }
  line.cells = {std::string(ss_name(state)), std::to_string(recv_q), std::to_string(send_q),
                sock::endpoint_text(sk.skc_tuple.local, sk.skc_tuple.local_port),
                sock::endpoint_text(sk.skc_tuple.foreign, sk.skc_tuple.foreign_port)};
  return line;
}

std::vector<diag_line> all_lines(const tcp_net& net, bool info) {
  std::vector<diag_line> lines;
  const sock::listening_table& listeners = net.hashinfo.listening_hash();
  for (std::uint32_t i = 0; i < sock::listening_table::inet_lhtable_size; ++i) {
    for (const auto& sk : listeners.bucket(i)) lines.push_back(line_of(*sk, info));
  }
  const sock::ehash_table& ehash = net.hashinfo.ehash();
  for (std::uint32_t i = 0; i <= ehash.ehash_mask(); ++i) {
    for (const auto& sk : ehash.bucket(i)) lines.push_back(line_of(*sk, info));
  }
  std::ranges::sort(lines, [](const diag_line& a, const diag_line& b) {
    return std::tuple(!a.listens, a.tuple.local, a.tuple.local_port, a.tuple.foreign, a.tuple.foreign_port) <
           std::tuple(!b.listens, b.tuple.local, b.tuple.local_port, b.tuple.foreign, b.tuple.foreign_port);
  });
  return lines;
}

}  // namespace

tcp_sockstat sockstat_of(const tcp_net& net) noexcept {
  tcp_sockstat stat{.orphan = net.orphan_count,
                    .tw = net.timewait_slab.in_use(),
                    .mem_pages = net.memory_allocated_pages,
                    .pressure = tcp_under_memory_pressure(net)};
  for (const tcp_sock* tp = net.socks; tp != nullptr; tp = tp->next_of_net) {
    ++stat.alloc;
    if (tp->hashed()) ++stat.inuse;
  }
  return stat;
}

std::string to_string(const tcp_sockstat& stat) {
  return "TCP: inuse " + std::to_string(stat.inuse) + " orphan " + std::to_string(stat.orphan) + " tw " +
         std::to_string(stat.tw) + " alloc " + std::to_string(stat.alloc) + " mem " + std::to_string(stat.mem_pages);
}

std::string tcp_diag(const tcp_net& net, bool info) {
  std::vector<diag_line> lines = all_lines(net, info);
  lines.insert(lines.begin(),
               diag_line{.listens = true,
                         .tuple = {},
                         .cells = {"State", "Recv-Q", "Send-Q", "Local Address:Port", "Peer Address:Port"},
                         .info = {}});
  std::array<std::size_t, columns> widths{};
  for (const diag_line& line : lines) {
    for (std::size_t i = 0; i < columns; ++i) widths[i] = std::max(widths[i], line.cells[i].size());
  }
  std::string text;
  for (const diag_line& line : lines) {
    for (std::size_t i = 0; i < columns; ++i) {
      text += line.cells[i];
      if (i + 1 < columns) text.append(widths[i] - line.cells[i].size() + 2, ' ');
    }
    text += '\n';
    if (!line.info.empty()) text.append("        ").append(line.info, 1).append("\n");
  }
  return text + to_string(sockstat_of(net)) + '\n';
}

}  // namespace fourtuple::tcp
