// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "host/packet/addresses.hpp"
#include "host/sock/tcp_states.hpp"

namespace fourtuple::sock {

class sock_common;

/// Where socks of one type come from and go back to (Linux: struct proto with its slab). See sock_slab.
class proto {
 public:
  proto() = default;
  proto(const proto&) = delete;
  proto& operator=(const proto&) = delete;

  /// The last reference is gone: destroys `sk` and takes its memory back. Called by whichever thread gave it up.
  virtual void free(sock_common& sk) noexcept = 0;

 protected:
  ~proto() = default;
};

/// What a lock-free lookup may read of a sock, even of one that is gone by now: its place in a chain, the key under
/// which it was put there, and its count of references.
///
/// It is made once with the memory of its slab and outlives the socks that use it in turn, so a lookup that stands on
/// it when its sock goes away still reads a valid node. `next` is the address of the next node, or a nulls marker: an
/// odd number that carries the chain's own number (Linux: hlist_nulls_node). The node of a listener is in
/// listening_hash.
///
/// Threads: the atomic members, any; the others with the lock of the chain held, or a reference.
struct ehash_node {
  ehash_node() = default;
  ehash_node(const ehash_node&) = delete;
  ehash_node& operator=(const ehash_node&) = delete;

  [[nodiscard]] bool hashed() const noexcept { return pprev != nullptr; }

  std::atomic<std::uintptr_t> next{1};
  std::atomic<std::uintptr_t>* pprev = nullptr;
  std::atomic<std::uint64_t> skc_addrpair{0};  ///< local << 32 | foreign
  std::atomic<std::uint32_t> skc_portpair{0};  ///< local << 16 | foreign; 0: in no chain
  std::atomic<std::uint32_t> skc_hash{0};
  std::atomic<std::uint32_t> skc_refcnt{0};
  sock_common* sk = nullptr;  ///< Valid while a reference is held.
  proto* skc_prot = nullptr;
};

/// Which of the three lines of the class tree a sock_common is the root of.
enum class sock_kind : std::uint8_t { full, request, timewait };

/// What a sock is for the tables: the root of request_sock, sock and inet_timewait_sock, which share ehash.
///
/// Made by sock_slab with one reference, its maker's. A table that has it in a chain holds one more. sock_put() of the
/// last one destroys it.
///
/// Threads: references may be taken and given up by any; everything else by the stack's own thread.
class sock_common {
 public:
  static constexpr std::uint8_t af_inet = 2;

  sock_common(const sock_common&) = delete;
  sock_common& operator=(const sock_common&) = delete;

  [[nodiscard]] ehash_node& skc_nulls_node() noexcept { return node_; }
  [[nodiscard]] const ehash_node& skc_nulls_node() const noexcept { return node_; }
  [[nodiscard]] sock_kind kind() const noexcept { return kind_; }
  /// In ehash or in listening_hash (Linux: sk_hashed).
  [[nodiscard]] bool hashed() const noexcept { return node_.hashed(); }
  /// Its hash in ehash; valid once it was inserted there.
  [[nodiscard]] std::uint32_t skc_hash() const noexcept { return node_.skc_hash.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint32_t refcnt() const noexcept { return node_.skc_refcnt.load(std::memory_order_relaxed); }

  void sock_hold() noexcept { node_.skc_refcnt.fetch_add(1, std::memory_order_relaxed); }
  void sock_put() noexcept {
    if (node_.skc_refcnt.fetch_sub(1, std::memory_order_acq_rel) == 1) node_.skc_prot->free(*this);
  }

  /// The local side is what it is bound to (skc_rcv_saddr, skc_num), 0 if not; the foreign side its peer (skc_daddr,
  /// skc_dport). Must not change while the sock is in ehash: the tables find it by this.
  packet::connection_tuple skc_tuple;
  tcp_state skc_state = tcp_state::close;
  std::uint8_t skc_family = af_inet;
  std::uint8_t skc_reuse : 1 = 0;      ///< SO_REUSEADDR
  std::uint8_t skc_reuseport : 1 = 0;  ///< SO_REUSEPORT

 protected:
  sock_common(ehash_node& node, sock_kind kind) noexcept : kind_(kind), node_(node) {}
  ~sock_common() = default;

 private:
  sock_kind kind_;
  ehash_node& node_;
};

/// A reference to a sock, held as long as this object lives. Null when empty.
template <typename T>
class sock_reference {
 public:
  sock_reference() = default;
  /// Takes over a reference that the caller holds.
  static sock_reference adopt(T* sk) noexcept { return sock_reference(sk); }
  /// Takes a reference of its own; the caller holds another.
  static sock_reference hold(T& sk) noexcept {
    sk.sock_hold();
    return sock_reference(&sk);
  }
  sock_reference(sock_reference&& other) noexcept : sk_(std::exchange(other.sk_, nullptr)) {}
  template <typename U>
  requires std::is_convertible_v<U*, T*> sock_reference(sock_reference<U>&& other)
  noexcept : sk_(other.release()) {}
  sock_reference(const sock_reference& other) noexcept : sk_(other.sk_) {
    if (sk_ != nullptr) sk_->sock_hold();
  }
  template <typename U>
  requires std::is_convertible_v<U*, T*> sock_reference(const sock_reference<U>& other)
  noexcept : sk_(other.get()) {
    if (sk_ != nullptr) sk_->sock_hold();
  }
  sock_reference& operator=(sock_reference other) noexcept {
    std::swap(sk_, other.sk_);
    return *this;
  }
  ~sock_reference() { reset(); }

  [[nodiscard]] T* get() const noexcept { return sk_; }
  T& operator*() const noexcept { return *sk_; }
  T* operator->() const noexcept { return sk_; }
  explicit operator bool() const noexcept { return sk_ != nullptr; }

  /// The reference becomes the caller's.
  [[nodiscard]] T* release() noexcept { return std::exchange(sk_, nullptr); }
  void reset() noexcept {
    if (T* sk = release(); sk != nullptr) sk->sock_put();
  }

 private:
  explicit sock_reference(T* sk) noexcept : sk_(sk) {}
  T* sk_ = nullptr;
};

}  // namespace fourtuple::sock
