// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "host/base/spinlock.hpp"
#include "host/packet/addresses.hpp"
#include "host/sock/sock_common.hpp"

namespace fourtuple::sock {

/// The table of socks with a full identity, requests and TIME_WAIT included: Linux's `ehash`.
///
/// An array of chains whose ends are nulls markers that carry the number of their bucket. A lookup takes no lock: it
/// reads nodes that may be taken away, reused and put elsewhere under its eyes, takes a reference to what matches,
/// checks again, and starts over when the end it reaches is another chain's. Writers take the lock of the bucket's
/// stripe.
///
/// Ownership: holds a reference to everything in it. All socks must come from a sock_slab that outlives the table.
/// Threads:   lookups: any, at any time. insert, remove: any, but for one sock only one at a time.
/// Cost:      O(chain) without allocation.
class ehash_table {
 public:
  /// `buckets` and `locks` are rounded up to powers of two. `secret` keys the hash; the NIC's hash_secret must be the
  /// same where its hashes are used.
  ehash_table(std::uint32_t buckets, std::uint32_t locks, std::uint32_t secret);
  ~ehash_table();
  ehash_table(const ehash_table&) = delete;
  ehash_table& operator=(const ehash_table&) = delete;

  /// Linux: inet_ehashfn. The NIC computes the same (docs/device.md, "The hash").
  [[nodiscard]] std::uint32_t inet_ehashfn(const packet::connection_tuple& tuple) const noexcept;

  /// Puts `sk` in under its skc_tuple. It must not be in a chain. With `osk`, `sk` takes the place of `osk`, which has
  /// the same tuple, in one step: a lookup finds one or the other. False, and nothing is changed, if `osk` is not in
  /// the table any more (Linux: inet_ehash_insert).
  bool insert(sock_common& sk, sock_common* osk = nullptr) noexcept;

  /// The same without `osk`. `hash` must be inet_ehashfn(sk.skc_tuple).
  void insert(sock_common& sk, std::uint32_t hash) noexcept;

  /// Like insert without `osk`, unless there is a sock with that tuple. Then, nothing is changed and it is given back
  /// (Linux: inet_ehash_insert with found_dup_sk). Empty: `sk` is in.
  [[nodiscard]] sock_reference<sock_common> insert_unless_found(sock_common& sk) noexcept;

  /// False if it was not in the table (any more).
  bool remove(sock_common& sk) noexcept;

  /// Empty if there is none. `hash`, where known (the NIC gives it), must be inet_ehashfn(tuple).
  [[nodiscard]] sock_reference<sock_common> lookup(const packet::connection_tuple& tuple) const noexcept {
    return lookup(tuple, inet_ehashfn(tuple));
  }
  [[nodiscard]] sock_reference<sock_common> lookup(const packet::connection_tuple& tuple,
                                                   std::uint32_t hash) const noexcept;

  [[nodiscard]] std::uint32_t ehash_mask() const noexcept { return mask_; }
  [[nodiscard]] std::uint32_t secret() const noexcept { return secret_; }
  /// Socks in the table.
  [[nodiscard]] std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

  /// What is in one bucket, first in the chain first.
  [[nodiscard]] std::vector<sock_reference<sock_common>> bucket(std::uint32_t index) const;

 private:
  /// Several buckets share one (Linux: ehash_locks).
  struct alignas(64) stripe {
    mutable base::spinlock lock;
    /// Replacements ever made in these buckets. A node that comes back in the middle of a chain could lead a lookup
    /// that still stands on it past others, and the marker would not tell; lookups that find nothing look here.
    std::atomic<std::uint32_t> replacements{0};
  };

  [[nodiscard]] stripe& stripe_of(std::uint32_t hash) const noexcept { return stripes_[hash & locks_mask_]; }
  [[nodiscard]] sock_common* find_locked(const packet::connection_tuple& tuple, std::uint32_t hash) const noexcept;
  void link_first(sock_common& sk, std::uint32_t hash) noexcept;

  std::vector<std::atomic<std::uintptr_t>> chains_;
  mutable std::vector<stripe> stripes_;
  std::uint32_t mask_;
  std::uint32_t locks_mask_;
  std::uint32_t secret_;
  std::atomic<std::size_t> size_{0};
};

}  // namespace fourtuple::sock
