// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "host/packet/addresses.hpp"

namespace fourtuple::driver {

/// The connection hash as the device computes it (docs/device.md, The hash).
[[nodiscard]] std::uint32_t connection_hash(const packet::connection_tuple& tuple, std::uint32_t secret) noexcept;

/// The connection, seen from this host, that a frame with these headers is sent for: TCP or UDP in IPv4, no fragment.
[[nodiscard]] std::optional<packet::connection_tuple> sent_connection(std::span<const std::byte> headers) noexcept;

/// Which of `queues` queues a hash belongs to when they share the hashes evenly: that of the indirection table.
[[nodiscard]] constexpr unsigned queue_of_hash(std::uint32_t hash, unsigned queues) noexcept {
  constexpr std::uint32_t indirection_entries = 128;  // docs/device.md, Queues
  return hash % indirection_entries % queues;
}

/// Remembers for each hash, modulo the table's size, in which queue a frame with it came last (Linux:
/// rps_sock_flow_table). Flows that share an entry share a queue, which costs speed only.
class flow_queues {
 public:
  /// Every hash has the queue that `queue_of_hash` gives.
  template <typename QueueOfHash>
  void start(QueueOfHash queue_of_hash) {
    for (std::uint32_t hash = 0; hash < entries; ++hash) queues_[hash] = static_cast<std::uint8_t>(queue_of_hash(hash));
  }
  void came(std::uint32_t hash, unsigned queue) noexcept { queues_[hash % entries] = static_cast<std::uint8_t>(queue); }
  [[nodiscard]] unsigned last(std::uint32_t hash) const noexcept { return queues_[hash % entries]; }

 private:
  static constexpr std::size_t entries = 4096;  // A multiple of the indirection table's.
  std::array<std::uint8_t, entries> queues_{};
};

}  // namespace fourtuple::driver
