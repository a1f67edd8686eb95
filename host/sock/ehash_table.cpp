// SPDX-License-Identifier: Apache-2.0
#include "host/sock/ehash_table.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

#include "host/base/jhash.hpp"
#include "host/sock/nulls_list.hpp"

namespace fourtuple::sock {
namespace {

/// A tuple as ehash_node keeps it.
struct key {
  explicit key(const packet::connection_tuple& t) noexcept
      : addrpair(std::uint64_t{t.local.value} << 32 | t.foreign.value),
        portpair(std::uint32_t{t.local_port} << 16 | t.foreign_port) {}
  std::uint64_t addrpair;
  std::uint32_t portpair;
};

/// Whether `node` had this key at some moment during the call. The key changes in the order ports to 0, addresses,
/// ports, so if the ports are the same before and after the addresses were read, they belong to these addresses.
bool has_key(const ehash_node& node, const key& k) noexcept {
  return node.skc_portpair.load(std::memory_order_acquire) == k.portpair &&
         node.skc_addrpair.load(std::memory_order_acquire) == k.addrpair &&
         node.skc_portpair.load(std::memory_order_acquire) == k.portpair;
}

void set_key(ehash_node& node, const key& k, std::uint32_t hash) noexcept {
  assert(k.portpair != 0 && node.skc_portpair.load(std::memory_order_relaxed) == 0);
  node.skc_hash.store(hash, std::memory_order_relaxed);
  node.skc_addrpair.store(k.addrpair, std::memory_order_release);
  node.skc_portpair.store(k.portpair, std::memory_order_release);
}

/// Linux: refcount_inc_not_zero.
bool hold_unless_zero(ehash_node& node) noexcept {
  std::uint32_t count = node.skc_refcnt.load(std::memory_order_relaxed);
  while (count != 0)
    if (node.skc_refcnt.compare_exchange_weak(count, count + 1, std::memory_order_acquire, std::memory_order_relaxed))
      return true;
  return false;
}

}  // namespace

ehash_table::ehash_table(std::uint32_t buckets, std::uint32_t locks, std::uint32_t secret)
    : chains_(std::bit_ceil(std::max(buckets, std::uint32_t{1}))),
      stripes_(std::min(std::bit_ceil(std::max(locks, std::uint32_t{1})), static_cast<std::uint32_t>(chains_.size()))),
      mask_(static_cast<std::uint32_t>(chains_.size()) - 1),
      locks_mask_(static_cast<std::uint32_t>(stripes_.size()) - 1),
      secret_(secret) {
  for (std::uint32_t i = 0; i <= mask_; ++i) chains_[i].store(nulls::marker(i), std::memory_order_relaxed);
}

ehash_table::~ehash_table() {
  for (auto& chain : chains_)
    while (!nulls::is_marker(chain.load(std::memory_order_relaxed))) remove(*nulls::node_at(chain)->sk);
}

std::uint32_t ehash_table::inet_ehashfn(const packet::connection_tuple& t) const noexcept {
  // The foreign port enters as it lies in memory in network order, the local one as a number: Linux's sk_num and
  // sk_dport.
  const auto foreign_port = static_cast<std::uint32_t>((t.foreign_port & 0xffU) << 8U | t.foreign_port >> 8U);
  return base::jhash_3words(t.local.network_order_little_endian(), t.foreign.network_order_little_endian(),
                            std::uint32_t{t.local_port} << 16 | foreign_port, secret_);
}

bool ehash_table::insert(sock_common& sk, sock_common* osk) noexcept {
  if (osk == nullptr) {
    insert(sk, inet_ehashfn(sk.skc_tuple));
    return true;
  }
  assert(!sk.hashed());
  const std::uint32_t hash = osk->skc_hash();
  stripe& s = stripe_of(hash);
  assert(osk->skc_tuple == sk.skc_tuple);
  ehash_node& old = osk->skc_nulls_node();
  {
    const std::lock_guard guard(s.lock);
    if (!old.hashed()) return false;
    // A lookup that began before must find the count changed if it was led astray by the new node, which it still stood
    // on from an earlier life: so count before that node can be seen in its place. And if it reaches the old node
    // without its key, having missed the new one: so count again before the key goes.
    s.replacements.fetch_add(1, std::memory_order_release);
    sk.sock_hold();
    set_key(sk.skc_nulls_node(), key(sk.skc_tuple), hash);
    nulls::replace(old, sk.skc_nulls_node());
    s.replacements.fetch_add(1, std::memory_order_release);
    old.skc_portpair.store(0, std::memory_order_release);
  }
  osk->sock_put();
  return true;
}

void ehash_table::insert(sock_common& sk, std::uint32_t hash) noexcept {
  assert(!sk.hashed() && hash == inet_ehashfn(sk.skc_tuple));
  const std::lock_guard guard(stripe_of(hash).lock);
  link_first(sk, hash);
}

sock_reference<sock_common> ehash_table::insert_unless_found(sock_common& sk) noexcept {
  assert(!sk.hashed());
  const std::uint32_t hash = inet_ehashfn(sk.skc_tuple);
  const std::lock_guard guard(stripe_of(hash).lock);
  if (sock_common* found = find_locked(sk.skc_tuple, hash); found != nullptr)
    return sock_reference<sock_common>::hold(*found);
  link_first(sk, hash);
  return {};
}

bool ehash_table::remove(sock_common& sk) noexcept {
  ehash_node& node = sk.skc_nulls_node();
  {
    const std::lock_guard guard(stripe_of(sk.skc_hash()).lock);
    if (!node.hashed()) return false;
    nulls::unlink(node);
    node.skc_portpair.store(0, std::memory_order_release);
    size_.fetch_sub(1, std::memory_order_relaxed);
  }
  sk.sock_put();
  return true;
}

sock_reference<sock_common> ehash_table::lookup(const packet::connection_tuple& tuple,
                                                std::uint32_t hash) const noexcept {
  const key wanted(tuple);
  const std::uint32_t index = hash & mask_;
  const stripe& s = stripe_of(hash);
  for (;;) {
    const std::uint32_t replacements = s.replacements.load(std::memory_order_acquire);
    std::uintptr_t link = chains_[index].load(std::memory_order_acquire);
    while (!nulls::is_marker(link) && !has_key(*nulls::node_at(link), wanted))
      link = nulls::node_at(link)->next.load(std::memory_order_acquire);
    if (nulls::is_marker(link)) {
      if (link == nulls::marker(index) && s.replacements.load(std::memory_order_acquire) == replacements) return {};
      continue;
    }
    ehash_node& node = *nulls::node_at(link);
    if (!hold_unless_zero(node)) continue;
    // Without the reference it may have become another sock between match and reference.
    auto found = sock_reference<sock_common>::adopt(node.sk);
    if (has_key(node, wanted)) return found;
  }
}

std::vector<sock_reference<sock_common>> ehash_table::bucket(std::uint32_t index) const {
  std::vector<sock_reference<sock_common>> socks;
  const std::lock_guard guard(stripe_of(index).lock);
  for (std::uintptr_t link = chains_[index].load(std::memory_order_relaxed); !nulls::is_marker(link);
       link = nulls::node_at(link)->next.load(std::memory_order_relaxed))
    socks.push_back(sock_reference<sock_common>::hold(*nulls::node_at(link)->sk));
  return socks;
}

sock_common* ehash_table::find_locked(const packet::connection_tuple& tuple, std::uint32_t hash) const noexcept {
  const key wanted(tuple);
  for (std::uintptr_t link = chains_[hash & mask_].load(std::memory_order_relaxed); !nulls::is_marker(link);
       link = nulls::node_at(link)->next.load(std::memory_order_relaxed))
    if (has_key(*nulls::node_at(link), wanted)) return nulls::node_at(link)->sk;
  return nullptr;
}

void ehash_table::link_first(sock_common& sk, std::uint32_t hash) noexcept {
  sk.sock_hold();
  set_key(sk.skc_nulls_node(), key(sk.skc_tuple), hash);
  nulls::link(chains_[hash & mask_], sk.skc_nulls_node());
  size_.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace fourtuple::sock
