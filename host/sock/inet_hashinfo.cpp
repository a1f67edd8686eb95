// SPDX-License-Identifier: Apache-2.0
#include "host/sock/inet_hashinfo.hpp"

#include <cassert>
#include <cerrno>
#include <utility>

namespace fourtuple::sock {

inet_hashinfo::inet_hashinfo(const inet_hashinfo_settings& settings, base::random_source& random)
    : settings_(settings),
      random_(random),
      ehash_(settings.ehash_buckets, settings.ehash_locks, static_cast<std::uint32_t>(random.next())),
      bhash_(settings.bhash_buckets),
      port_secret_{random.next(), random.next()} {
  if (settings_.local_port_low > settings_.local_port_high)
    std::swap(settings_.local_port_low, settings_.local_port_high);
}

bool inet_hashinfo::inet_unhash(sock_common& sk) noexcept {
  // Only ehash gives the node a key.
  if (sk.skc_nulls_node().skc_portpair.load(std::memory_order_relaxed) != 0) return ehash_.remove(sk);
  if (!sk.hashed()) return false;
  return listening_hash_.remove(static_cast<inet_connection_sock&>(sk));
}

void inet_hashinfo::inet_twsk_hashdance(inet_timewait_sock& tw, sock& sk) noexcept {
  assert(sk.hashed() && sk.skc_bind_node.bucket != nullptr);
  // First the port, then ehash, as __inet_check_established looks from the port.
  bhash_.add_owner(*sk.skc_bind_node.bucket, tw.skc_bind_node);
  ehash_.insert(tw, &sk);
}

void inet_hashinfo::inet_twsk_unhash(inet_timewait_sock& tw) noexcept {
  ehash_.remove(tw);
  bhash_.remove_owner(tw.skc_bind_node);
}

int inet_hashinfo::inet_inherit_port(const sock& parent, sock& child) noexcept {
  inet_bind_bucket* bucket = parent.skc_bind_node.bucket;
  if (bucket == nullptr) return -ENOENT;
  assert(bucket->port == child.skc_tuple.local_port);
  bhash_.add_owner(*bucket, child.skc_bind_node);
  return 0;
}

void inet_hashinfo::inet_put_port(sock& sk) noexcept {
  assert(!sk.hashed());
  if (sk.skc_bind_node.bucket == nullptr) return;
  bhash_.remove_owner(sk.skc_bind_node);
  sk.skc_tuple.local_port = 0;
}

}  // namespace fourtuple::sock
