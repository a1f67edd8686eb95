// SPDX-License-Identifier: Apache-2.0
// bind(): which port a sock may have (Linux: net/ipv4/inet_connection_sock.c).
#include <algorithm>
#include <cerrno>

#include "host/sock/inet_hashinfo.hpp"

namespace fourtuple::sock {
namespace {

/// SO_REUSEADDR as bind takes it: listeners do not share.
bool offers_reuse(const sock& sk) noexcept { return sk.skc_reuse && sk.skc_state != tcp_state::listen; }

/// Linux: inet_rcv_saddr_equal with match_wildcard.
bool addresses_clash(packet::ipv4_address a, packet::ipv4_address b) noexcept {
  return a == b || a.is_any() || b.is_any();
}

bool same_user(const sock& sk, const sock_common& owner) noexcept {
  return owner.kind() == sock_kind::full && static_cast<const sock&>(owner).sk_uid == sk.sk_uid;
}

/// The bucket knows without its owners that SO_REUSEPORT lets `sk` in (Linux: sk_reuseport_match).
bool reuseport_match(const inet_bind_bucket& bucket, const sock& sk) noexcept {
  if (!sk.skc_reuseport || bucket.fastuid != sk.sk_uid) return false;
  if (bucket.fastreuseport == fast_reuseport::any) return true;
  // Not by an address of `sk` that is any: there may be owners elsewhere.
  return bucket.fastreuseport == fast_reuseport::strict &&
         (bucket.fast_rcv_saddr.is_any() || bucket.fast_rcv_saddr == sk.skc_tuple.local);
}

/// Keeps what the bucket knows of its owners true with `sk` among them (Linux: inet_csk_update_fastreuse).
void update_fastreuse(inet_bind_bucket& bucket, const sock& sk) noexcept {
  if (bucket.owners == nullptr) {
    bucket.fastreuse = offers_reuse(sk) ? 1 : 0;
    bucket.fastreuseport = sk.skc_reuseport ? fast_reuseport::any : fast_reuseport::none;
  } else {
    if (!offers_reuse(sk)) bucket.fastreuse = 0;
    if (!sk.skc_reuseport) {
      bucket.fastreuseport = fast_reuseport::none;
    } else if (!reuseport_match(bucket, sk)) {
      // It passed the look at each owner. The address must agree from now on, as others here did not all have it.
      bucket.fastreuseport = fast_reuseport::strict;
    } else {
      return;
    }
  }
  bucket.fastuid = sk.sk_uid;
  bucket.fast_rcv_saddr = sk.skc_tuple.local;
}

/// A part of the local port range, [low, high), which is not empty, and the order in which it is tried: from a random
/// odd port on, the ports of that parity, then the others. connect() begins with the other parity, so that the two stay
/// out of each other's way.
struct port_search {
  std::uint32_t low;
  std::uint32_t count;
  std::uint32_t offset;

  port_search(std::uint32_t range_low, std::uint32_t range_high, std::uint64_t random) noexcept : low(range_low) {
    count = range_high - range_low;
    if (count > 1) count &= ~std::uint32_t{1};
    offset = static_cast<std::uint32_t>(random % count) | 1U;
  }
  [[nodiscard]] std::uint16_t port(std::uint32_t i) const noexcept {
    const std::uint32_t half = (count + 1) / 2;
    const std::uint32_t start = i < half ? offset : offset - 1;
    const std::uint32_t place = 2 * (i % half);  // NOLINT(clang-analyzer-core.DivideZero)
    return static_cast<std::uint16_t>(low + (start + place) % count);
  }
};

}  // namespace

bool inet_hashinfo::inet_csk_bind_conflict(const sock& sk, const inet_bind_bucket& bucket, bool relax,
                                           bool reuseport_ok) noexcept {
  for (const bind_node* node = bucket.owners; node != nullptr; node = node->next) {
    const sock_common& owner = node->sk();
    if (&owner == &sk || !addresses_clash(sk.skc_tuple.local, owner.skc_tuple.local)) continue;
    const bool reuseport_agreed =
        sk.skc_reuseport && owner.skc_reuseport && (owner.skc_state == tcp_state::time_wait || same_user(sk, owner));
    if (sk.skc_reuse && owner.skc_reuse && owner.skc_state != tcp_state::listen) {
      if (!relax || (!reuseport_ok && reuseport_agreed)) return true;
    } else if (!reuseport_ok || !reuseport_agreed) {
      return true;
    }
  }
  return false;
}

int inet_hashinfo::inet_csk_get_port(sock& sk, std::uint16_t port) noexcept {
  inet_bind_bucket* bucket = nullptr;
  if (port == 0) {
    bucket = find_open_port(sk, port);
    if (port == 0) return -EADDRINUSE;
  } else {
    bucket = bhash_.find(port);
    if (bucket != nullptr && !(bucket->fastreuse > 0 && offers_reuse(sk)) && !reuseport_match(*bucket, sk) &&
        inet_csk_bind_conflict(sk, *bucket, true, true))
      return -EADDRINUSE;
  }
  if (bucket == nullptr) bucket = bhash_.create(port);
  if (bucket == nullptr) return -ENOMEM;
  update_fastreuse(*bucket, sk);
  if (sk.skc_bind_node.bucket == nullptr) bhash_.add_owner(*bucket, sk.skc_bind_node);
  sk.skc_tuple.local_port = port;
  return 0;
}

/// The bucket of a port that `sk` may have, with `port` set; nullptr with `port` set: it has no bucket yet; `port` 0:
/// there is none (Linux: inet_csk_find_open_port).
inet_bind_bucket* inet_hashinfo::find_open_port(const sock& sk, std::uint16_t& port) noexcept {
  const std::uint32_t low = settings_.local_port_low;
  const std::uint32_t high = std::uint32_t{settings_.local_port_high} + 1;
  // With SO_REUSEADDR the lower half first: the upper stays free for those who do not share.
  const bool by_halves = sk.skc_reuse && high - low >= 4;
  const std::uint32_t half = low + ((high - low) >> 2 << 1);

  const auto search = [&](std::uint32_t from, std::uint32_t to, bool relax) -> inet_bind_bucket* {
    const port_search ports(from, to, random_.next());
    for (std::uint32_t i = 0; i < ports.count; ++i) {
      port = ports.port(i);
      inet_bind_bucket* bucket = bhash_.find(port);
      if (bucket == nullptr || !inet_csk_bind_conflict(sk, *bucket, relax, false)) return bucket;
    }
    port = 0;
    return nullptr;
  };
  for (const bool relax : {false, true}) {
    if (relax && !settings_.autobind_reuse) break;
    inet_bind_bucket* bucket = search(low, by_halves ? half : high, relax);
    if (port == 0 && by_halves) bucket = search(half, high, relax);
    if (port != 0) return bucket;
  }
  return nullptr;
}

}  // namespace fourtuple::sock
