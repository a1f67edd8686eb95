// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "host/base/clock.hpp"
#include "host/base/threading.hpp"
#include "host/sock/sock.hpp"
#include "host/socket/file.hpp"
#include "host/tcp/tcp.hpp"

namespace fourtuple::socket {

/// A stream socket: a tcp_sock, who sleeps on it, and how long they may (Linux: struct socket).
class socket_file final : public file, public sock::sock_wakeup {
 public:
  /// Takes over `sk` until release().
  socket_file(tcp::tcp& protocol, tcp::tcp_sock& sk, base::threading& threads);
  ~socket_file() override;

  [[nodiscard]] std::uint32_t poll() const override;
  void release() override;
  void wake(std::uint32_t epoll_events) noexcept override;

  [[nodiscard]] tcp::tcp_sock& sk() const noexcept { return *sk_; }
  /// Where a call on this socket sleeps; made at the first sleep, so that idle sockets stay small.
  [[nodiscard]] base::wait_queue& sleepers();

  std::uint64_t receive_timeout_ns = base::never_ns;  ///< SO_RCVTIMEO.
  std::uint64_t send_timeout_ns = base::never_ns;     ///< SO_SNDTIMEO.

 private:
  tcp::tcp& protocol_;
  tcp::tcp_sock* sk_;
  base::threading& threads_;
  std::unique_ptr<base::wait_queue> sleepers_;
};

}  // namespace fourtuple::socket
