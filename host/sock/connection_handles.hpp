// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace fourtuple::sock {

class sock_common;

/// The handles by which the NIC's connection table names socks: generation in the upper 12 bits, index in the lower 20.
///
/// A frame may carry a handle whose connection has gone. Each index counts through its generations, and indices are
/// reused late and oldest first, so find() gives nullptr for it until 4095 further connections had the same index. The
/// caller compares the tuple as well.
///
/// Ownership: socks are not owned; take the handle back before the sock goes. Threads: the stack's own. Cost: O(1).
class connection_handles {
 public:
  static constexpr std::uint32_t index_bits = 20;
  static constexpr std::uint32_t max_connections = std::uint32_t{1} << index_bits;
  /// Never a valid handle: generations start at 1 and leave 0 out.
  static constexpr std::uint32_t none = 0;

  /// `limit` at most max_connections.
  explicit connection_handles(std::uint32_t limit = max_connections);

  /// `none` if `limit` socks have one, and when there is no memory.
  [[nodiscard]] std::uint32_t insert(sock_common& sk) noexcept;

  /// Hands the sock of a handle on to another (a connection that enters TIME_WAIT). The handle must be valid.
  void replace(std::uint32_t handle, sock_common& sk) noexcept;

  /// The handle becomes invalid. Nothing happens if it is already.
  void remove(std::uint32_t handle) noexcept;

  /// nullptr if the handle is not valid (any more).
  [[nodiscard]] sock_common* find(std::uint32_t handle) const noexcept {
    const std::uint32_t index = handle & (max_connections - 1);
    if (index >= count_ || entries_[index].generation != handle >> index_bits) return nullptr;
    return entries_[index].sk;
  }

  [[nodiscard]] std::uint32_t size() const noexcept { return used_; }

 private:
  struct entry {
    sock_common* sk = nullptr;
    std::uint32_t generation = 1;
    std::uint32_t next_free = 0;
  };

  void add_entry() noexcept;

  std::vector<entry> entries_;
  std::uint32_t count_ = 0;  ///< Of entries_: each frame that the table knows asks for it.
  std::uint32_t limit_;
  std::uint32_t used_ = 0;
  std::uint32_t first_free_;
  std::uint32_t last_free_;
};

}  // namespace fourtuple::sock
