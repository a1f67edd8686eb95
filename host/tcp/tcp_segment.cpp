// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_segment.hpp"

#include <algorithm>

#include "host/tcp/tcp_seq.hpp"

namespace fourtuple::tcp {

std::uint32_t rx_segment::gso_segs() const noexcept {
  if (gso_size == 0) return 1;
  return std::max(1U, (bytes() + gso_size - 1) / gso_size);
}

rx_segment rx_segment::first_of_unit() const noexcept {
  rx_segment first = *this;
  if (frag_list.empty()) return first;
  first.frag_list = {};
  first.frag_bytes = 0;
  first.gso_size = 0;
  first.flags.psh = first.flags.fin = false;
  first.end_seq = seq + static_cast<std::uint32_t>(payload.size());
  return first;
}

void rx_segment::next_of_unit() noexcept {
  seq += static_cast<std::uint32_t>(payload.size());
  payload = frag_list.front();
  frag_list = frag_list.subspan(1);
  frag_bytes -= static_cast<std::uint32_t>(payload.size());
  if (frag_list.empty()) gso_size = 0;
}

void rx_segment::trim_front(std::uint32_t to_seq) noexcept {
  if (!after(to_seq, seq)) return;
  std::uint32_t drop = to_seq - seq;
  if (flags.syn) {
    flags.syn = false;
    --drop;
  }
  drop = std::min(drop, static_cast<std::uint32_t>(payload.size()));
  payload = payload.subspan(drop);
  trimmed_bytes += drop;
  seq = to_seq;
}

void rx_segment::trim_back(std::uint32_t to_seq) noexcept {
  if (!after(end_seq, to_seq)) return;
  flags.fin = false;
  payload = payload.first(std::min<std::size_t>(to_seq - seq, payload.size()));
  end_seq = to_seq;
}

}  // namespace fourtuple::tcp
