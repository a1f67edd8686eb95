// SPDX-License-Identifier: Apache-2.0
#include "host/sock/sock.hpp"

#include <cassert>

#include "host/sock/inet_timewait_sock.hpp"

namespace fourtuple::sock {

// A sock that goes while a table still knows it would leave a pointer to nothing there.
sock::~sock() { assert(!hashed() && sk_bind_node.bucket == nullptr); }

inet_timewait_sock::inet_timewait_sock(ehash_node& node, base::timer::callback on_timer) noexcept
    : sock_common(node, sock_kind::timewait), tw_timer(on_timer) {
  skc_state = tcp_state::time_wait;
}

inet_timewait_sock::~inet_timewait_sock() { assert(!hashed() && tw_bind_node.bucket == nullptr); }

}  // namespace fourtuple::sock
