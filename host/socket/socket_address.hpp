// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include "host/tcp/tcp.hpp"

namespace fourtuple::socket {

/// Reads a sockaddr_in: 0, EINVAL if it is too short or longer than any address, EFAULT if it is null, EAFNOSUPPORT if
/// it is of another family, each negative.
int read_sockaddr(const sockaddr* address, socklen_t length, tcp::tcp_endpoint& result);

/// Writes as much of a sockaddr_in as `length` says there is room for, and its whole length to `length`
/// (getsockname(2)): 0, -EFAULT for null, -EINVAL for a length that is negative as an int (Linux: move_addr_to_user).
int write_sockaddr(const tcp::tcp_endpoint& value, sockaddr* address, socklen_t* length);

}  // namespace fourtuple::socket
