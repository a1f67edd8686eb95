// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_segment.hpp"

#include <algorithm>

#include "host/tcp/tcp_seq.hpp"

namespace fourtuple::tcp {

void rx_segment::trim_front(std::uint32_t to_seq) noexcept {
  if (!after(to_seq, seq)) return;
  std::uint32_t drop = to_seq - seq;
  if (flags.syn) {
    flags.syn = false;
    --drop;
  }
  payload = payload.subspan(std::min<std::size_t>(drop, payload.size()));
  seq = to_seq;
}

void rx_segment::trim_back(std::uint32_t to_seq) noexcept {
  if (!after(end_seq, to_seq)) return;
  flags.fin = false;
  payload = payload.first(std::min<std::size_t>(to_seq - seq, payload.size()));
  end_seq = to_seq;
}

}  // namespace fourtuple::tcp
