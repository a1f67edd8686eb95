// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "host/tcp/tcp_segment.hpp"
#include "host/tcp/tcp_seq.hpp"
#include "host/tcp/tcp_sock.hpp"

// Urgent data (RFC 6093; Linux: tcp_check_urg, tcp_urg, tcp_recv_urg). The urgent pointer points behind the byte, as
// everywhere but in RFC 1122.
namespace fourtuple::tcp {

/// Looks at the urgent pointer of a segment that was accepted, and for the byte that one points to.
void tcp_urg_slow(tcp_sock& tp, const rx_segment& segment);
inline void tcp_urg(tcp_sock& tp, const rx_segment& segment) {
  if (segment.flags.urg || tp.sk_extension) tcp_urg_slow(tp, segment);
}

/// The peer's urgent byte is known of, and not behind the reader.
[[nodiscard]] inline bool tcp_urg_data(const tcp_sock& tp) noexcept {
  return tp.sk_extension && tp.sk_extension->urg_state != fourtuple::sock::sock_extension::urgent::none;
}
/// It is the next byte to be read (SIOCATMARK).
[[nodiscard]] inline bool tcp_at_mark(const tcp_sock& tp) noexcept {
  return tcp_urg_data(tp) && tp.sk_extension->urg_seq == tp.copied_seq;
}
/// It has arrived and can be fetched (EPOLLPRI).
[[nodiscard]] inline bool tcp_urg_valid(const tcp_sock& tp) noexcept {
  return tcp_urg_data(tp) && tp.sk_extension->urg_state == fourtuple::sock::sock_extension::urgent::valid;
}
/// Reading has passed it.
void tcp_urg_passed(tcp_sock& tp) noexcept;
/// MSG_OOB.
ssize_t tcp_recv_urg(tcp_sock& tp, std::span<const std::span<std::byte>> data, int flags);
/// SO_OOBINLINE.
void tcp_set_urginline(tcp_sock& tp, bool on) noexcept;
/// Bytes that can be read before the mark, or at all if there is none ahead (SIOCINQ).
[[nodiscard]] std::uint32_t tcp_inq(const tcp_sock& tp) noexcept;

/// Up to here what was written is urgent.
void tcp_mark_urg(tcp_sock& tp);
/// Urgent data of ours is not acknowledged yet.
[[nodiscard]] inline bool tcp_urg_mode(const tcp_sock& tp) noexcept {
  return tp.sk_extension && tp.sk_extension->urg_mode && after(tp.sk_extension->snd_up, tp.snd_una);
}
/// The urgent pointer of a segment that starts at `seq`; 0: none.
[[nodiscard]] std::uint16_t tcp_urgent_pointer(const tcp_sock& tp, std::uint32_t seq) noexcept;

}  // namespace fourtuple::tcp
