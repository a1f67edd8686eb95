// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "host/base/random_source.hpp"
#include "host/packet/addresses.hpp"
#include "host/sock/bind_table.hpp"
#include "host/sock/ehash_table.hpp"
#include "host/sock/inet_connection_sock.hpp"
#include "host/sock/inet_timewait_sock.hpp"
#include "host/sock/listening_table.hpp"

namespace fourtuple::sock {

/// Sizes and limits of the tables.
struct inet_hashinfo_settings {
  std::uint32_t ehash_buckets = 1024;  ///< Rounded up to a power of two, like those below.
  std::uint32_t ehash_locks = 256;
  std::uint32_t bhash_buckets = 1024;
  std::uint16_t local_port_low = 32768;  ///< net.ipv4.ip_local_port_range, both ends included.
  std::uint16_t local_port_high = 60999;
  bool autobind_reuse = false;  ///< net.ipv4.ip_autobind_reuse
};

/// Decides whether a new connection may take over the tuple of one in TIME_WAIT (Linux: twsk_unique).
class timewait_reuse {
 public:
  timewait_reuse() = default;
  timewait_reuse(const timewait_reuse&) = delete;
  timewait_reuse& operator=(const timewait_reuse&) = delete;

  /// True: `sk` may have it, and has what it must know of `tw`. `tw` is then taken out of the tables. `port_chosen`:
  /// the local port was bound beforehand, instead of being looked for.
  [[nodiscard]] virtual bool twsk_unique(sock& sk, const inet_timewait_sock& tw, bool port_chosen) noexcept = 0;
  /// `tw` has been taken out of the tables in favour of a new connection: stop its timer and give it up (Linux:
  /// inet_twsk_deschedule_put).
  virtual void twsk_deschedule(inet_timewait_sock& tw) noexcept = 0;

 protected:
  ~timewait_reuse() = default;
};

/// The socket tables of one stack (Linux: inet_hashinfo, tcp_hashinfo): ehash, bhash and listening_hash, and what is
/// decided by them. Functions have the names of Linux's; leading underscores are left off, C++ reserves them.
///
/// Errors: functions that return int give 0 or a negated errno, as Linux's do.
/// Threads: inet_lookup_established is for any; everything else for the stack's own.
class inet_hashinfo {
 public:
  /// Takes its secrets from `random`, which must outlive it.
  inet_hashinfo(const inet_hashinfo_settings& settings, base::random_source& random);
  inet_hashinfo(const inet_hashinfo&) = delete;
  inet_hashinfo& operator=(const inet_hashinfo&) = delete;

  [[nodiscard]] const ehash_table& ehash() const noexcept { return ehash_; }
  [[nodiscard]] const bind_table& bhash() const noexcept { return bhash_; }
  [[nodiscard]] const listening_table& listening_hash() const noexcept { return listening_hash_; }

  // Lookups.

  [[nodiscard]] std::uint32_t inet_ehashfn(const packet::connection_tuple& tuple) const noexcept {
    return ehash_.inet_ehashfn(tuple);
  }
  /// Full sock, request or TIME_WAIT with this identity. `hash`, where known, must be inet_ehashfn(tuple).
  [[nodiscard]] sock_reference<sock_common> inet_lookup_established(
      const packet::connection_tuple& tuple) const noexcept {
    return ehash_.lookup(tuple);
  }
  [[nodiscard]] sock_reference<sock_common> inet_lookup_established(const packet::connection_tuple& tuple,
                                                                    std::uint32_t hash) const noexcept {
    return ehash_.lookup(tuple, hash);
  }
  [[nodiscard]] sock_reference<inet_connection_sock> inet_lookup_listener(
      const packet::connection_tuple& tuple) const noexcept {
    return listening_hash_.lookup(tuple, ehash_.inet_ehashfn(tuple));
  }
  [[nodiscard]] sock_reference<inet_connection_sock> inet_lookup_listener(const packet::connection_tuple& tuple,
                                                                          std::uint32_t hash) const noexcept {
    return listening_hash_.lookup(tuple, hash);
  }

  // ehash and listening_hash.

  /// See ehash_table::insert.
  bool inet_ehash_insert(sock_common& sk, sock_common* osk = nullptr) noexcept { return ehash_.insert(sk, osk); }
  /// The same without `osk`, where the hash is known.
  void inet_ehash_insert(sock_common& sk, std::uint32_t hash) noexcept { ehash_.insert(sk, hash); }
  /// See ehash_table::insert_unless_found.
  [[nodiscard]] sock_reference<sock_common> inet_ehash_insert_unless_found(sock_common& sk) noexcept {
    return ehash_.insert_unless_found(sk);
  }
  /// Puts a listener in listening_hash. `sk` is in TCP_LISTEN and has its port.
  void inet_hash(inet_connection_sock& sk) noexcept { listening_hash_.insert(sk); }
  /// Takes `sk` out of ehash or listening_hash, wherever it is; false if it is in neither.
  bool inet_unhash(sock_common& sk) noexcept;
  /// `tw` takes the place of `sk` in ehash in one step, and becomes an owner of its port too; `sk` keeps its own
  /// (Linux: inet_twsk_hashdance).
  void inet_twsk_hashdance(inet_timewait_sock& tw, sock& sk) noexcept;
  /// Takes `tw` out of ehash and off its port (Linux: inet_twsk_kill without the final put).
  void inet_twsk_unhash(inet_timewait_sock& tw) noexcept;

  // bhash.

  /// Binds `sk` to `port`, or to a free one of the local range if that is 0, and to the address in skc_tuple.local;
  /// sets skc_tuple.local_port. For a sock that has the port already (listen()), checks it again. -EADDRINUSE; -ENOMEM.
  [[nodiscard]] int inet_csk_get_port(sock& sk, std::uint16_t port) noexcept;
  /// Whether an owner of `bucket` forbids `sk` to become one. `relax`: SO_REUSEADDR suffices for ports that nobody
  /// listens on; `reuseport_ok`: SO_REUSEPORT does.
  [[nodiscard]] static bool inet_csk_bind_conflict(const sock& sk, const inet_bind_bucket& bucket, bool relax,
                                                   bool reuseport_ok) noexcept;
  /// Makes `child` an owner of `parent`'s port; its own local port must be the same. -ENOENT if `parent` has none (it
  /// was closed).
  [[nodiscard]] int inet_inherit_port(const sock& parent, sock& child) noexcept;
  /// Takes `sk`, which is in neither ehash nor listening_hash, off its port if it has one; its local_port becomes 0.
  void inet_put_port(sock& sk) noexcept;

  // Active open.

  /// Gives `sk`, which has all of its tuple but perhaps the local port, a local port by which its tuple is unique, and
  /// puts it in bhash and ehash. A tuple in TIME_WAIT is free if `reuse` says so (null: never). -EADDRNOTAVAIL.
  [[nodiscard]] int inet_hash_connect(sock& sk, timewait_reuse* reuse) noexcept;

 private:
  static constexpr std::size_t table_perturb_size = 256;

  [[nodiscard]] inet_bind_bucket* find_open_port(const sock& sk, std::uint16_t& port) noexcept;
  [[nodiscard]] std::uint64_t port_offset(const packet::connection_tuple& tuple) noexcept;
  [[nodiscard]] int check_established(sock& sk, timewait_reuse* reuse, bool port_chosen) noexcept;
  [[nodiscard]] int connect_from(sock& sk, std::uint16_t port, timewait_reuse* reuse) noexcept;

  inet_hashinfo_settings settings_;
  base::random_source& random_;
  ehash_table ehash_;
  bind_table bhash_;
  listening_table listening_hash_;
  std::array<std::uint64_t, 2> port_secret_;
  /// Who connects, connects to few: the offsets of the last destinations, by the lowest bits of address and port.
  struct recent_offset {
    packet::ipv4_address local;
    packet::ipv4_address foreign;  ///< None: no offset.
    std::uint16_t foreign_port = 0;
    std::uint64_t offset = 0;
  };
  std::array<recent_offset, 256> recent_offsets_{};
  /// How far the search for a port has come, for each group of destinations (RFC 6056 section 3.3.4; Linux's hint).
  std::array<std::uint32_t, table_perturb_size> table_perturb_{};
};

}  // namespace fourtuple::sock
