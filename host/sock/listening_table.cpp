// SPDX-License-Identifier: Apache-2.0
#include "host/sock/listening_table.hpp"

#include <cassert>

#include "host/sock/nulls_list.hpp"

namespace fourtuple::sock {
namespace {

/// Apart from ehash's, which a lock-free lookup must not take these for (Linux: LISTENING_NULLS_BASE).
constexpr std::uintptr_t first_marker_number = std::uintptr_t{1} << 40;

inet_connection_sock* sock_at(std::uintptr_t link) noexcept {
  return nulls::is_marker(link) ? nullptr : static_cast<inet_connection_sock*>(nulls::node_at(link)->sk);
}
inet_connection_sock* first_of(const nulls::head& chain) noexcept {
  return sock_at(chain.load(std::memory_order_relaxed));
}
inet_connection_sock* next_of(const sock_common& sk) noexcept {
  return sock_at(sk.skc_nulls_node().next.load(std::memory_order_relaxed));
}

/// How well `sk` fits a segment for `tuple`; below 0: not at all (Linux: compute_score).
int compute_score(const inet_connection_sock& sk, const packet::connection_tuple& tuple) noexcept {
  if (sk.skc_tuple.local_port != tuple.local_port || sk.skc_state != tcp_state::listen) return -1;
  if (sk.skc_tuple.local.is_any()) return 1;
  return sk.skc_tuple.local == tuple.local ? 2 : -1;
}

/// One SO_REUSEPORT group: bound alike by the same user.
bool shares_with(const inet_connection_sock& a, const inet_connection_sock& b) noexcept {
  return a.skc_reuseport && b.skc_reuseport && a.sk_uid == b.sk_uid && a.skc_tuple.local == b.skc_tuple.local &&
         a.skc_tuple.local_port == b.skc_tuple.local_port && a.skc_state == b.skc_state;
}

inet_connection_sock& select_from_group(inet_connection_sock& first, std::uint32_t hash) noexcept {
  std::uint32_t members = 0;
  for (auto* sk = &first; sk != nullptr; sk = next_of(*sk))
    if (shares_with(first, *sk)) ++members;
  auto skip = static_cast<std::uint32_t>(std::uint64_t{hash} * members >> 32);  // Linux: reciprocal_scale
  for (auto* sk = &first; sk != nullptr; sk = next_of(*sk))
    if (shares_with(first, *sk) && skip-- == 0) return *sk;
  return first;
}

}  // namespace

listening_table::listening_table() {
  for (std::uint32_t i = 0; i < inet_lhtable_size; ++i)
    chains_[i].store(nulls::marker(first_marker_number + i), std::memory_order_relaxed);
}

listening_table::~listening_table() {
  for (const auto& chain : chains_)
    while (inet_connection_sock* sk = first_of(chain)) remove(*sk);
}

void listening_table::insert(inet_connection_sock& sk) noexcept {
  assert(!sk.hashed() && sk.skc_tuple.local_port != 0);
  sk.sock_hold();
  nulls::link(chains_[index_of(sk.skc_tuple.local_port)], sk.skc_nulls_node());
}

bool listening_table::remove(inet_connection_sock& sk) noexcept {
  if (!sk.hashed()) return false;
  nulls::unlink(sk.skc_nulls_node());
  sk.sock_put();
  return true;
}

sock_reference<inet_connection_sock> listening_table::lookup(const packet::connection_tuple& tuple,
                                                             std::uint32_t hash) const noexcept {
  inet_connection_sock* best = nullptr;
  int best_score = -1;
  for (auto* sk = first_of(chains_[index_of(tuple.local_port)]); sk != nullptr; sk = next_of(*sk))
    if (const int score = compute_score(*sk, tuple); score > best_score) {
      best = sk;
      best_score = score;
    }
  if (best == nullptr) return {};
  return sock_reference<inet_connection_sock>::hold(best->skc_reuseport ? select_from_group(*best, hash) : *best);
}

std::vector<sock_reference<inet_connection_sock>> listening_table::bucket(std::uint32_t index) const {
  std::vector<sock_reference<inet_connection_sock>> listeners;
  for (auto* sk = first_of(chains_[index]); sk != nullptr; sk = next_of(*sk))
    listeners.push_back(sock_reference<inet_connection_sock>::hold(*sk));
  return listeners;
}

}  // namespace fourtuple::sock
