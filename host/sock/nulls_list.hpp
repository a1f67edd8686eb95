// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

#include "host/sock/sock_common.hpp"

/// Chains of ehash_nodes that end in a marker which says whose end it is (Linux: include/linux/list_nulls.h).
///
/// Writers of one chain exclude one another; readers need no lock. A node that was taken out keeps its `next`, so a
/// reader that stands on it finds the way on.
namespace fourtuple::sock::nulls {

using head = std::atomic<std::uintptr_t>;

/// The end marker of chain `number`.
[[nodiscard]] constexpr std::uintptr_t marker(std::uintptr_t number) noexcept { return number << 1U | 1U; }
[[nodiscard]] constexpr bool is_marker(std::uintptr_t link) noexcept { return (link & 1U) != 0; }
/// The node that `link`, no marker, leads to.
[[nodiscard]] inline ehash_node* node_at(std::uintptr_t link) noexcept {
  return reinterpret_cast<ehash_node*>(link);  // NOLINT(performance-no-int-to-ptr): a marker is no pointer.
}
[[nodiscard]] inline std::uintptr_t link_to(const ehash_node& node) noexcept {
  return reinterpret_cast<std::uintptr_t>(&node);
}

/// Puts `node` where `where` leads, in front of what is there.
inline void link(head& where, ehash_node& node) noexcept {
  const std::uintptr_t next = where.load(std::memory_order_relaxed);
  node.next.store(next, std::memory_order_release);
  node.pprev = &where;
  if (!is_marker(next)) node_at(next)->pprev = &node.next;
  where.store(link_to(node), std::memory_order_release);
}

inline void unlink(ehash_node& node) noexcept {
  const std::uintptr_t next = node.next.load(std::memory_order_relaxed);
  node.pprev->store(next, std::memory_order_release);
  if (!is_marker(next)) node_at(next)->pprev = node.pprev;
  node.pprev = nullptr;
}

/// Puts `node` in the place of `old` with one store.
inline void replace(ehash_node& old, ehash_node& node) noexcept {
  const std::uintptr_t next = old.next.load(std::memory_order_relaxed);
  node.next.store(next, std::memory_order_release);
  node.pprev = old.pprev;
  if (!is_marker(next)) node_at(next)->pprev = &node.next;
  node.pprev->store(link_to(node), std::memory_order_release);
  old.pprev = nullptr;
}

}  // namespace fourtuple::sock::nulls
