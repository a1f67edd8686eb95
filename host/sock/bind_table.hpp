// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "host/base/slab.hpp"
#include "host/packet/addresses.hpp"
#include "host/sock/bind_node.hpp"

namespace fourtuple::sock {

class sock;

/// What a bind bucket remembers of its owners' SO_REUSEPORT, so that most binds need not look at each of them.
enum class fast_reuseport : std::int8_t {
  active_open = -1,  ///< Made by connect(): connect() may share it, bind() must look.
  none = 0,
  any = 1,     ///< All owners have it, and were bound one after another without a conflict.
  strict = 2,  ///< The last owner has it; only its address and user are known to agree.
};

/// One local port in use (Linux: inet_bind_bucket).
struct inet_bind_bucket {
  std::uint16_t port = 0;
  /// 1: all owners have SO_REUSEADDR and do not listen; 0: not; -1: made by connect().
  std::int8_t fastreuse = 0;
  fast_reuseport fastreuseport = fast_reuseport::none;
  std::uint32_t fastuid = 0;            ///< With fastreuseport.
  packet::ipv4_address fast_rcv_saddr;  ///< With fast_reuseport::strict.
  std::uint32_t num_owners = 0;
  bind_node* owners = nullptr;       ///< Latest first.
  inet_bind_bucket* next = nullptr;  ///< In its chain.
};

/// Who uses which local port: Linux's `bhash`.
///
/// An array of chains of inet_bind_buckets, one of those for each local port in use. A port's owners (a listener and
/// the children accepted from it, active openers, socks in TIME_WAIT) hang on its bucket, so that a bind conflict is
/// decided by looking at them alone.
///
/// Ownership: the table owns its bind buckets; a bucket lives from its first owner to its last. Socks are not owned and
///            must give up their port before they go.
/// Threads:   the stack's own.
/// Cost:      find and create are O(chain).
class bind_table {
 public:
  /// `buckets` is rounded up to a power of two.
  explicit bind_table(std::uint32_t buckets);
  bind_table(const bind_table&) = delete;
  bind_table& operator=(const bind_table&) = delete;
  ~bind_table();

  /// The index of `port`'s chain: port 2222 is 174 of 1024 (Linux: inet_bhashfn).
  [[nodiscard]] std::uint32_t index_of(std::uint16_t port) const noexcept { return port & mask_; }
  [[nodiscard]] std::uint32_t size() const noexcept { return mask_ + 1; }

  /// The bucket of `port`; nullptr if nobody uses it.
  [[nodiscard]] inet_bind_bucket* find(std::uint16_t port) const noexcept;

  /// A bucket for `port`, which has none. It must get an owner before anything else is asked of the table. nullptr if
  /// there is no memory (Linux: inet_bind_bucket_create).
  [[nodiscard]] inet_bind_bucket* create(std::uint16_t port) noexcept;

  /// Makes `node`, which owns no port, an owner (Linux: inet_bind_hash, sk_add_bind_node).
  void add_owner(inet_bind_bucket& bucket, bind_node& node) noexcept;

  /// Takes `node` off its port, if it has one; the last owner takes the bucket with it (Linux: inet_put_port,
  /// inet_bind_bucket_destroy).
  void remove_owner(bind_node& node) noexcept;

  /// First bucket of a chain.
  [[nodiscard]] const inet_bind_bucket* chain(std::uint32_t index) const noexcept { return chains_[index]; }

 private:
  base::slab<inet_bind_bucket> buckets_;  ///< Linux: bind_bucket_cachep
  std::vector<inet_bind_bucket*> chains_;
  std::uint32_t mask_;
};

}  // namespace fourtuple::sock
