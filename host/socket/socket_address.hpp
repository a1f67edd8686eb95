// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include "host/tcp/tcp.hpp"

namespace fourtuple::socket {

/// Reads a sockaddr_in: 0, EINVAL if it is too short, EFAULT if it is null, EAFNOSUPPORT if it is of another family,
/// each negative.
int read_sockaddr(const sockaddr* address, socklen_t length, tcp::tcp_endpoint& result);

/// Writes as much of a sockaddr_in as `length` says there is room for, and its whole length to `length`
/// (getsockname(2)). A null address is left alone.
void write_sockaddr(const tcp::tcp_endpoint& value, sockaddr* address, socklen_t* length);

}  // namespace fourtuple::socket
