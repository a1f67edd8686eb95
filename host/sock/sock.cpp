// SPDX-License-Identifier: Apache-2.0
#include "host/sock/sock.hpp"

#include <cassert>
#include <cstddef>

#include "host/sock/inet_timewait_sock.hpp"

namespace fourtuple::sock {

sock_common& bind_node::sk() noexcept {
  // port_owner has no virtual bases, so the compiler supports offsetof.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
  constexpr std::size_t offset = offsetof(port_owner, skc_bind_node);
#pragma GCC diagnostic pop
  return *reinterpret_cast<port_owner*>(reinterpret_cast<std::byte*>(this) - offset);
}

// A sock that goes while a table still knows it would leave a pointer to nothing there.
sock::~sock() { assert(!hashed() && skc_bind_node.bucket == nullptr); }

inet_timewait_sock::inet_timewait_sock(ehash_node& node, base::timer::callback on_timer) noexcept
    : port_owner(node, sock_kind::timewait), tw_timer(on_timer) {
  skc_state = tcp_state::time_wait;
}

inet_timewait_sock::~inet_timewait_sock() { assert(!hashed() && skc_bind_node.bucket == nullptr); }

}  // namespace fourtuple::sock
