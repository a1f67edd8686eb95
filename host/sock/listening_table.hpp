// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "host/packet/addresses.hpp"
#include "host/sock/inet_connection_sock.hpp"

namespace fourtuple::sock {

/// The listeners: Linux's `listening_hash`, a chain for each local port modulo 32.
///
/// Ownership: holds a reference to each listener. Threads: the stack's own. Cost: O(chain).
class listening_table {
 public:
  static constexpr std::uint32_t inet_lhtable_size = 32;

  listening_table();
  listening_table(const listening_table&) = delete;
  listening_table& operator=(const listening_table&) = delete;
  ~listening_table();

  void insert(inet_connection_sock& sk) noexcept;
  /// False if it was not in the table.
  bool remove(inet_connection_sock& sk) noexcept;

  /// Who takes a SYN with this tuple: a listener on the port, bound to the address rather than to any. Among several as
  /// good, SO_REUSEPORT listeners of the same user share by `hash`, else the one that came last (Linux: compute_score,
  /// reuseport_select_sock). Empty if there is none.
  [[nodiscard]] sock_reference<inet_connection_sock> lookup(const packet::connection_tuple& tuple,
                                                            std::uint32_t hash) const noexcept;

  [[nodiscard]] static constexpr std::uint32_t index_of(std::uint16_t port) noexcept {
    return port & (inet_lhtable_size - 1);
  }
  /// What is in one bucket, first in the chain first.
  [[nodiscard]] std::vector<sock_reference<inet_connection_sock>> bucket(std::uint32_t index) const;

 private:
  std::array<std::atomic<std::uintptr_t>, inet_lhtable_size> chains_;
};

}  // namespace fourtuple::sock
