// SPDX-License-Identifier: Apache-2.0
#include "tests/support/tcp_info.hpp"

#include <netinet/in.h>

#include <span>
#include <stdexcept>
#include <string>

#include "tests/support/virtual_network.hpp"

namespace fourtuple::support {

tcp_info info_of(const endpoint& e) {
  tcp_info info{};
  const int length = e.tcp().getsockopt(e.sk(), IPPROTO_TCP, TCP_INFO, std::as_writable_bytes(std::span{&info, 1}));
  if (length != int{sizeof info}) throw std::runtime_error("TCP_INFO: " + std::to_string(length));
  return info;
}

}  // namespace fourtuple::support
