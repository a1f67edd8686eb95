// SPDX-License-Identifier: Apache-2.0
// connect(): a local port for an active open (Linux: net/ipv4/inet_hashtables.c).
#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>

#include "host/base/siphash.hpp"
#include "host/sock/inet_hashinfo.hpp"

namespace fourtuple::sock {

/// Puts `sk`, whose tuple is complete, in ehash if no other has its tuple, or one in TIME_WAIT that gives it up (Linux:
/// __inet_check_established).
int inet_hashinfo::check_established(sock& sk, timewait_reuse* reuse, bool port_chosen) noexcept {
  const sock_reference<sock_common> found = ehash_.insert_unless_found(sk);
  if (!found) return 0;
  if (found->kind() != sock_kind::timewait || reuse == nullptr) return -EADDRNOTAVAIL;
  auto& tw = static_cast<inet_timewait_sock&>(*found);
  if (!reuse->twsk_unique(sk, tw, port_chosen)) return -EADDRNOTAVAIL;
  if (!ehash_.insert(sk, &tw)) return -EADDRNOTAVAIL;
  bhash_.remove_owner(tw.skc_bind_node);
  reuse->twsk_deschedule(tw);
  return 0;
}

/// Takes `port` for `sk` if that makes its tuple unique.
int inet_hashinfo::connect_from(sock& sk, std::uint16_t port, timewait_reuse* reuse) noexcept {
  inet_bind_bucket* bucket = bhash_.find(port);
  // A port that somebody chose by bind() is his, even if the tuple were free.
  if (bucket != nullptr && (bucket->fastreuse >= 0 || bucket->fastreuseport != fast_reuseport::active_open))
    return -EADDRNOTAVAIL;
  if (bucket == nullptr) {
    bucket = bhash_.create(port);
    if (bucket == nullptr) return -ENOMEM;
    bucket->fastreuse = -1;
    bucket->fastreuseport = fast_reuseport::active_open;
  }
  // An owner before the check: the bucket must not go with a TIME_WAIT sock that is its last.
  bhash_.add_owner(*bucket, sk.skc_bind_node);
  sk.skc_tuple.local_port = port;
  const int error = check_established(sk, reuse, false);
  if (error != 0) {
    bhash_.remove_owner(sk.skc_bind_node);
    sk.skc_tuple.local_port = 0;
  }
  return error;
}

/// RFC 6056 section 3.3.4: a secret offset for each destination.
std::uint64_t inet_hashinfo::port_offset(const packet::connection_tuple& tuple) noexcept {
  recent_offset& last = recent_offsets_[(tuple.foreign.value ^ tuple.foreign_port) % recent_offsets_.size()];
  if (last.foreign != tuple.foreign || last.foreign_port != tuple.foreign_port || last.local != tuple.local)
      [[unlikely]] {
    last = {tuple.local, tuple.foreign, tuple.foreign_port,
            base::siphash_words(std::array{tuple.local.value, tuple.foreign.value, std::uint32_t{tuple.foreign_port}},
                                port_secret_)};
  }
  return last.offset;
}

int inet_hashinfo::inet_hash_connect(sock& sk, timewait_reuse* reuse) noexcept {
  assert(!sk.hashed() && sk.skc_tuple.foreign_port != 0);
  if (sk.skc_bind_node.bucket != nullptr) return check_established(sk, reuse, true);

  // And a count for groups of them.
  const std::uint64_t offset = port_offset(sk.skc_tuple);
  std::uint32_t& perturb = table_perturb_[offset % table_perturb_size];
  std::uint32_t count = std::uint32_t{settings_.local_port_high} - settings_.local_port_low + 1;
  if (count > 1) count &= ~std::uint32_t{1};
  const std::uint32_t start = (perturb + static_cast<std::uint32_t>(offset >> 32)) % count & ~std::uint32_t{1};

  // Ports of the range's own parity first, then the others; inet_csk_get_port does it the other way round.
  for (std::uint32_t parity = 0; parity < std::min(count, std::uint32_t{2}); ++parity) {
    for (std::uint32_t i = 0; i < count; i += 2) {
      const std::uint32_t port = settings_.local_port_low + (start + parity + i) % count;
      const int error = connect_from(sk, static_cast<std::uint16_t>(port), reuse);
      if (error == -EADDRNOTAVAIL) continue;
      // A little randomness in the step to the next port; steps are even to stay on one parity.
      if (error == 0) perturb += std::max(i, static_cast<std::uint32_t>(random_.next() % 8) * 2) + 2;
      return error;
    }
  }
  return -EADDRNOTAVAIL;
}

}  // namespace fourtuple::sock
