// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/base/seeded_random.hpp"
#include "host/sock/inet_connection_sock.hpp"
#include "host/sock/inet_hashinfo.hpp"
#include "host/sock/inet_timewait_sock.hpp"
#include "host/sock/request_sock.hpp"
#include "host/sock/sock_slab.hpp"

namespace fourtuple::sock {

/// A full sock without a protocol: what the tables see of a tcp_sock.
class test_sock final : public inet_connection_sock {
 public:
  explicit test_sock(ehash_node& node) noexcept : inet_connection_sock(node) {}
  ~test_sock() = default;
};

constexpr packet::ipv4_address address(unsigned a, unsigned b, unsigned c, unsigned d) {
  return {a << 24 | b << 16 | c << 8 | d};
}
inline constexpr packet::ipv4_address any_address{};
inline constexpr packet::ipv4_address server = address(192, 168, 0, 1);
inline constexpr packet::ipv4_address client = address(192, 0, 2, 1);

inline void no_timer(base::timer&) noexcept {}

/// Slabs for the three kinds of socks, and the tables on top of them.
struct tables {
  explicit tables(const inet_hashinfo_settings& settings = {}, std::uint64_t seed = 1)
      : random(seed), info(settings, random) {}

  [[nodiscard]] sock_reference<test_sock> make_sock(packet::connection_tuple tuple = {}) {
    auto sk = socks.alloc();
    sk->skc_tuple = tuple;
    return sk;
  }
  [[nodiscard]] sock_reference<tcp_request_sock> make_request(packet::connection_tuple tuple) {
    auto req = requests.alloc(&no_timer);
    req->skc_tuple = tuple;
    return req;
  }
  [[nodiscard]] sock_reference<tcp_timewait_sock> make_timewait(packet::connection_tuple tuple) {
    auto tw = timewaits.alloc(&no_timer);
    tw->skc_tuple = tuple;
    return tw;
  }

  base::seeded_random random;
  sock_slab<test_sock> socks;
  sock_slab<tcp_request_sock> requests;
  sock_slab<tcp_timewait_sock> timewaits;
  inet_hashinfo info;
};

}  // namespace fourtuple::sock
