// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include "host/base/slab.hpp"
#include "host/sock/sock_common.hpp"

namespace fourtuple::sock {

/// Makes and destroys socks of type T (Linux: sk_prot_alloc and sk_prot_free on a slab that is SLAB_TYPESAFE_BY_RCU).
///
/// Constructors of T take an ehash_node& first and hand it down to sock_common.
///
/// Ownership: must outlive every sock it made and every table that had one of them in a chain.
/// Threads: any.
template <typename T>
class sock_slab final : public proto {
 public:
  /// Memory for one sock with all that the tables keep of it.
  struct slot {
    ehash_node node;
    alignas(T) std::byte memory[sizeof(T)];
  };

  /// `max_socks`: alloc() fails beyond it (Linux: tcp_max_orphans and the like are limits of this kind).
  explicit sock_slab(std::size_t max_socks = ~std::size_t{0}) : slots_(max_socks) {}

  /// A new T with one reference, the caller's. Empty at the limit and when there is no memory. T's constructor must not
  /// throw.
  template <typename... Arguments>
  [[nodiscard]] sock_reference<T> alloc(Arguments&&... arguments) noexcept {
    slot* s = slots_.allocate();
    if (s == nullptr) return {};
    T* sk = std::construct_at(reinterpret_cast<T*>(s->memory), s->node, std::forward<Arguments>(arguments)...);
    s->node.sk = sk;
    s->node.skc_prot = this;
    // A lookup that still stands on this node from an earlier life must see this life's sock if it gets a reference.
    s->node.skc_refcnt.store(1, std::memory_order_release);
    return sock_reference<T>::adopt(sk);
  }

  void free(sock_common& sk) noexcept override {
    static_assert(std::is_standard_layout_v<slot>, "a slot and its first member have one address");
    auto& s = reinterpret_cast<slot&>(sk.skc_nulls_node());
    std::destroy_at(&static_cast<T&>(sk));
    slots_.free(s);
  }

  [[nodiscard]] std::size_t in_use() const noexcept { return slots_.in_use(); }

 private:
  base::slab<slot> slots_;
};

}  // namespace fourtuple::sock
