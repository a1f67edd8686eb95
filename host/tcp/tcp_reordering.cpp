// SPDX-License-Identifier: Apache-2.0
// How far segments overtake one another on this path, and duplicate ACKs where there is no SACK (Linux:
// tcp_check_sack_reordering, tcp_add_reno_sack).
#include <algorithm>

#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_seq.hpp"

namespace fourtuple::tcp {
namespace {

void set_reordering(tcp_sock& tp, std::uint32_t degree) noexcept {
  tp.reordering = static_cast<std::uint16_t>(std::min({degree, tp.net->config.tcp_max_reordering, 65'535U}));
}

/// More duplicate ACKs than segments can have left the network: some was overtaken.
void tcp_check_reno_reordering(tcp_sock& tp, std::uint32_t addend) noexcept {
  if (!tcp_limit_reno_sacked(tp)) return;
  set_reordering(tp, tp.packets_out + addend);
  ++tp.reord_seen;
  tp.net->count(mib::reno_reorder);
}

}  // namespace

void tcp_check_sack_reordering(tcp_sock& tp, std::uint32_t low_seq, bool timestamps) noexcept {
  const std::uint32_t highest = tcp_highest_sack_seq(tp);
  if (!before(low_seq, highest)) return;
  const std::uint32_t bytes = highest - low_seq;
  const std::uint32_t mss = std::max(tp.mss_cache, 1U);
  if (bytes > tp.reordering * mss) set_reordering(tp, (bytes + mss - 1) / mss);
  ++tp.reord_seen;
  tp.net->count(timestamps ? mib::ts_reorder : mib::sack_reorder);
}

bool tcp_limit_reno_sacked(tcp_sock& tp) noexcept {
  const std::uint32_t holes = std::min(std::max(tp.lost_out, 1U), tp.packets_out);
  if (tp.sacked_out + holes <= tp.packets_out) return false;
  tp.sacked_out = tp.packets_out - holes;
  return true;
}

void tcp_add_reno_sack(tcp_sock& tp, std::uint32_t num_dupack, bool ece) noexcept {
  if (num_dupack == 0) return;
  const std::uint32_t prior = tp.sacked_out;
  tp.sacked_out += num_dupack;
  tcp_check_reno_reordering(tp, 0);
  if (tp.sacked_out > prior) tcp_count_delivered(tp, tp.sacked_out - prior, ece);
}

void tcp_remove_reno_sacks(tcp_sock& tp, std::uint32_t acked, bool ece) noexcept {
  if (acked > 0) {
    // One of them was the hole; the others had duplicate ACKs.
    tcp_count_delivered(tp, acked > tp.sacked_out ? std::max(acked - tp.sacked_out, 1U) : 1U, ece);
    tp.sacked_out -= std::min(tp.sacked_out, acked - 1);
  }
  tcp_check_reno_reordering(tp, acked);
}

void tcp_reset_reno_sack(tcp_sock& tp) noexcept { tp.sacked_out = 0; }

}  // namespace fourtuple::tcp
