// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_seq.hpp"

// Round trip time and retransmission timeout (RFC 6298), with Linux's treatment of falling round trip times. In line,
// since nearly every ACK is a sample.
namespace fourtuple::tcp {

/// The first sample of a connection.
inline void tcp_rtt_init(tcp_sock& tp, std::uint32_t rtt_us) noexcept {
  tp.srtt_us = std::max<std::uint32_t>(rtt_us << 3, 1);
  tp.mdev_us = rtt_us << 1;
  tp.rttvar_us = std::max(tp.mdev_us, tp.net->config.tcp_rto_min_ms * 1000);
  tp.mdev_max_us = tp.rttvar_us;
  tp.rtt_seq = tp.snd_nxt;
}

/// A round trip was measured.
[[gnu::always_inline]] inline void tcp_rtt_estimator(tcp_sock& tp, std::uint32_t rtt_us) noexcept {
  if (tp.srtt_us == 0) [[unlikely]] {
    tcp_rtt_init(tp, rtt_us);
    return;
  }
  auto error = static_cast<std::int64_t>(rtt_us) - (tp.srtt_us >> 3);
  const std::int64_t srtt = static_cast<std::int64_t>(tp.srtt_us) + error;
  if (error < 0) {
    error = -error - (tp.mdev_us >> 2);
    // A round trip that gets shorter must not make the timeout longer: an eighth of the gain only.
    if (error > 0) error >>= 3;
  } else {
    error -= tp.mdev_us >> 2;
  }
  tp.mdev_us = static_cast<std::uint32_t>(static_cast<std::int64_t>(tp.mdev_us) + error);
  if (tp.mdev_us > tp.mdev_max_us) {
    tp.mdev_max_us = tp.mdev_us;
    tp.rttvar_us = std::max(tp.rttvar_us, tp.mdev_max_us);
  }
  if (after(tp.snd_una, tp.rtt_seq)) {
    // Once a round trip the variation may fall.
    if (tp.mdev_max_us < tp.rttvar_us) tp.rttvar_us -= (tp.rttvar_us - tp.mdev_max_us) >> 2;
    tp.rtt_seq = tp.snd_nxt;
    tp.mdev_max_us = tp.net->config.tcp_rto_min_ms * 1000;
  }
  tp.srtt_us = static_cast<std::uint32_t>(std::max<std::int64_t>(srtt, 1));
}

inline void tcp_set_rto(tcp_sock& tp) noexcept {
  tp.icsk_rto_us = std::min((tp.srtt_us >> 3) + tp.rttvar_us, tp.net->config.tcp_rto_max_ms * 1000);
}

}  // namespace fourtuple::tcp
