// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_rate.hpp"

#include <algorithm>

#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_seq.hpp"

namespace fourtuple::tcp {

void tcp_rate_check_app_limited(tcp_sock& tp) noexcept {
  if (tp.write_seq - tp.snd_nxt >= tp.mss_cache || tcp_packets_in_flight(tp) >= tp.snd_cwnd ||
      tp.lost_out > tp.retrans_out) {
    return;
  }
  tp.app_limited = std::max(tp.delivered + tcp_packets_in_flight(tp), 1U);
}

std::uint64_t tcp_delivery_rate(const tcp_sock& tp) noexcept {
  if (tp.rate_interval_us == 0) return 0;
  return std::uint64_t{tp.rate_delivered} * tp.mss_cache * 1'000'000 / tp.rate_interval_us;
}

}  // namespace fourtuple::tcp
