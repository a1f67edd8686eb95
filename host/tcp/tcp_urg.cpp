// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_urg.hpp"

#include <sys/socket.h>

#include <cerrno>

#include "host/tcp/tcp_close.hpp"
#include "host/tcp/tcp_recovery.hpp"

namespace fourtuple::tcp {
namespace {

using urgent = fourtuple::sock::sock_extension::urgent;

void tcp_check_urg(tcp_sock& tp, const rx_segment& segment) {
  std::uint32_t ptr = segment.urgent_pointer;
  if (ptr != 0) --ptr;
  ptr += segment.seq;
  // Read already, or announced again.
  if (after(tp.copied_seq, ptr) || before(ptr, tp.rcv_nxt)) return;
  auto& extension = tp.extension();
  if (tcp_urg_data(tp) && !after(ptr, extension.urg_seq)) return;
  // The byte of the last announcement is next in the stream: reading has to skip it, and will not know of it any more.
  if (tcp_at_mark(tp) && !tp.sk_urginline && tp.copied_seq != tp.rcv_nxt) {
    tp.copied_seq += static_cast<std::uint32_t>(tp.sk_receive_queue.consume(1));
  }
  extension.urg_state = urgent::announced;
  extension.urg_seq = ptr;
  tp.header_prediction = false;
}

}  // namespace

void tcp_urg_slow(tcp_sock& tp, const rx_segment& segment) {
  if (segment.flags.urg) tcp_check_urg(tp, segment);
  if (!tp.sk_extension || tp.sk_extension->urg_state != urgent::announced) return;
  const std::uint32_t offset = tp.sk_extension->urg_seq - segment.seq;
  if (offset >= segment.payload.size()) return;
  tp.sk_extension->urg_byte = std::to_integer<std::uint8_t>(segment.payload[offset]);
  tp.sk_extension->urg_state = urgent::valid;
  tcp_data_ready(tp);
}

void tcp_urg_passed(tcp_sock& tp) noexcept {
  if (!tcp_urg_data(tp) || !after(tp.copied_seq, tp.sk_extension->urg_seq)) return;
  tp.sk_extension->urg_state = urgent::none;
  tcp_fast_path_check(tp);
}

ssize_t tcp_recv_urg(tcp_sock& tp, std::span<const std::span<std::byte>> data, int flags) {
  if (tp.sk_urginline || !tcp_urg_data(tp) || tp.sk_extension->urg_state == urgent::read) return -EINVAL;
  if (tp.skc_state == tcp_state::close && !tp.sock_done) return -ENOTCONN;
  if (tp.sk_extension->urg_state == urgent::announced) {
    const bool ended = tp.skc_state == tcp_state::close || (tp.sk_shutdown & fourtuple::sock::sock::rcv_shutdown) != 0;
    return ended ? 0 : -EAGAIN;
  }
  if ((flags & MSG_PEEK) == 0) tp.sk_extension->urg_state = urgent::read;
  for (const std::span<std::byte> part : data) {
    if (part.empty()) continue;
    if ((flags & MSG_TRUNC) == 0) part.front() = std::byte{tp.sk_extension->urg_byte};
    return 1;
  }
  return 0;
}

void tcp_set_urginline(tcp_sock& tp, bool on) noexcept { tp.sk_urginline = on; }

std::uint32_t tcp_inq(const tcp_sock& tp) noexcept {
  const std::uint32_t all = tp.sk_receive_queue.bytes();
  if (tp.sk_urginline || !tcp_urg_data(tp)) return all;
  const std::uint32_t urg_seq = tp.sk_extension->urg_seq;
  if (before(urg_seq, tp.copied_seq) || !before(urg_seq, tp.rcv_nxt)) return all;
  return urg_seq - tp.copied_seq;
}

void tcp_mark_urg(tcp_sock& tp) {
  tp.extension().snd_up = tp.write_seq;
  tp.extension().urg_mode = true;
}

std::uint16_t tcp_urgent_pointer(const tcp_sock& tp, std::uint32_t seq) noexcept {
  constexpr std::uint32_t farthest = 0xffff;
  if (!tcp_urg_mode(tp)) return 0;
  const std::uint32_t snd_up = tp.sk_extension->snd_up;
  if (!before(seq, snd_up)) return 0;
  if (snd_up - seq <= farthest) return static_cast<std::uint16_t>(snd_up - seq);
  return after(seq + farthest, tp.snd_nxt) ? static_cast<std::uint16_t>(farthest) : std::uint16_t{0};
}

}  // namespace fourtuple::tcp
