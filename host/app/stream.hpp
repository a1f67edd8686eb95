// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "host/packet/addresses.hpp"
#include "host/socket/posix_api.hpp"

namespace fourtuple::app {

/// A descriptor that closes itself.
class descriptor {
 public:
  descriptor(socket::posix_api& sockets, int fd) noexcept : sockets_(&sockets), fd_(fd) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() { close(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  void close() noexcept;

 private:
  socket::posix_api* sockets_;
  int fd_;
};

/// A listening socket on all addresses, or a negative errno.
[[nodiscard]] int listen_on(socket::posix_api& sockets, std::uint16_t port, int backlog);
/// A connected socket, or a negative errno.
[[nodiscard]] int connect_to(socket::posix_api& sockets, packet::ipv4_address address, std::uint16_t port);

/// Writes everything: 0 or a negative errno.
[[nodiscard]] int write_all(socket::posix_api& sockets, int fd, std::span<const std::byte> bytes);
[[nodiscard]] int write_all(socket::posix_api& sockets, int fd, std::string_view text);

/// "connection refused" for -ECONNREFUSED.
[[nodiscard]] std::string error_text(int negative_errno);

}  // namespace fourtuple::app
