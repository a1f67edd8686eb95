// SPDX-License-Identifier: Apache-2.0
#include "host/socket/socket_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace fourtuple::socket {

int read_sockaddr(const sockaddr* address, socklen_t length, tcp::tcp_endpoint& result) {
  // In Linux's order: move_addr_to_kernel, then what the protocol says.
  if (length > sizeof(sockaddr_storage)) return -EINVAL;
  if (address == nullptr && length > 0) return -EFAULT;
  if (length < sizeof(sockaddr_in)) return -EINVAL;
  sockaddr_in in{};
  std::memcpy(&in, address, sizeof in);
  if (in.sin_family != AF_INET) return -EAFNOSUPPORT;
  result = {packet::ipv4_address{ntohl(in.sin_addr.s_addr)}, ntohs(in.sin_port)};
  return 0;
}

int write_sockaddr(const tcp::tcp_endpoint& value, sockaddr* address, socklen_t* length) {
  if (address == nullptr || length == nullptr) return -EFAULT;
  if (*length > INT_MAX) return -EINVAL;
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(value.address.value);
  in.sin_port = htons(value.port);
  std::memcpy(address, &in, std::min<std::size_t>(*length, sizeof in));
  *length = sizeof in;
  return 0;
}

}  // namespace fourtuple::socket
