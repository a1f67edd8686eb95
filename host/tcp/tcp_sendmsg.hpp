// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_send_report.hpp"
#include "host/tcp/tcp_sock.hpp"

// Between the application and the queues (Linux: tcp_sendmsg_locked, tcp_recvmsg_locked, tcp_poll).
namespace fourtuple::tcp {

ssize_t tcp_sendmsg(tcp_sock& tp, std::span<const std::span<const std::byte>> data, int flags,
                    const tcp_send_report& report = {});
ssize_t tcp_recvmsg(tcp_sock& tp, std::span<const std::span<std::byte>> data, int flags);
/// TCP_NOTSENT_LOWAT, or else the system's.
[[nodiscard]] inline std::uint32_t tcp_notsent_lowat(const tcp_sock& tp) noexcept {
  return tp.notsent_lowat != 0 ? tp.notsent_lowat : tp.net->config.tcp_notsent_lowat;
}
[[nodiscard]] std::uint32_t tcp_poll(tcp_sock& tp);
int tcp_setsockopt(tcp_sock& tp, int level, int name, std::span<const std::byte> value);
int tcp_getsockopt(tcp_sock& tp, int level, int name, std::span<std::byte> value);
int tcp_ioctl(const tcp_sock& tp, unsigned long request, int& value);
/// Fetches and clears the error (Linux: sock_error).
int sock_error(tcp_sock& tp) noexcept;

}  // namespace fourtuple::tcp
