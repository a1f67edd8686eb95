// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "host/programs/descriptor.hpp"

namespace fourtuple::programs {

/// The world's end of a socketpair whose other end is a program's socket, and what the kernel tells about that one.
///
/// Nothing here waits. Errors are negative errno values.
class socket_pair {
 public:
  /// No pair: every call says that the program has gone.
  socket_pair() = default;

  /// Makes a pair and gives the program's end its name. `program_end` receives that end, to be sent away and closed.
  /// Results: 0, -EMFILE, -ENFILE, -ENOMEM, -EADDRINUSE (somebody else has that name).
  int open(const std::string& world, std::uint64_t handle, descriptor& program_end);
  void close() noexcept { end_.reset(); }
  [[nodiscard]] bool valid() const noexcept { return end_.valid(); }
  [[nodiscard]] int file() const noexcept { return end_.get(); }

  /// `candidate` is a descriptor of the program's end.
  [[nodiscard]] bool is_program_end(int candidate) const noexcept;
  /// No descriptor of the program's end is left anywhere, not even in flight.
  [[nodiscard]] bool program_has_closed() const noexcept;
  /// The program's end is shut in both directions: it was closed, or shutdown() says so.
  [[nodiscard]] bool hung_up() const noexcept;
  /// It was closed with something unread. Says so once.
  [[nodiscard]] bool was_left_unread() const noexcept;

  /// Moves as the calls of the same names with MSG_DONTWAIT.
  ssize_t peek(std::span<std::byte> to) const noexcept;
  void drop(std::size_t bytes, std::span<std::byte> scratch) const noexcept;
  ssize_t send(std::span<const std::byte> from) const noexcept;
  void end_sending() const noexcept;

  /// Fills what the program's end can send, through a descriptor of that end, so that it is not writable; and empties
  /// it again. What the program had written before it was connected is thrown away.
  void fill(int program_end) noexcept;
  void empty() noexcept;

  /// From now on the program's end finds "/listen" in its peer's name.
  int mark_listener() const noexcept;
  /// A message that carries a descriptor, for accept(). -EPIPE if nobody can take it.
  int send_descriptor(std::span<const std::byte> message, int carried) const noexcept;
  /// The last message was not taken yet.
  [[nodiscard]] bool holds_message() const noexcept;

 private:
  descriptor end_;
  std::string name_;  // The program's end's, with the leading zero.
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::size_t filling_bytes_ = 0;
};

}  // namespace fourtuple::programs
