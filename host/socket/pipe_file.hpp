// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <utility>

#include "host/socket/file.hpp"

namespace fourtuple::socket {

/// One end of a pipe (pipe(7)), which is what splice() needs besides a socket.
///
/// Threads: under the stack's lock.
class pipe_file final : public file {
 public:
  /// Linux: 16 pages.
  static constexpr std::size_t capacity_bytes = 65'536;

  /// The reading end and the writing end.
  [[nodiscard]] static std::pair<std::shared_ptr<pipe_file>, std::shared_ptr<pipe_file>> make(base::threading& threads);
  ~pipe_file() override;

  [[nodiscard]] bool reads() const noexcept { return reads_; }
  /// Bytes that read() would give.
  [[nodiscard]] std::size_t bytes() const noexcept;
  /// Bytes that write() would take.
  [[nodiscard]] std::size_t room() const noexcept;

  /// What is there, at most to.size() bytes; 0 at the end, -EAGAIN if nothing is there yet. -EBADF at a writing end.
  ssize_t read(std::span<std::byte> to);
  /// What fits; -EAGAIN if nothing does, -EPIPE if nobody reads. -EBADF at a reading end. No more than PIPE_BUF bytes
  /// are taken all or not at all.
  ssize_t write(std::span<const std::byte> from);
  /// At a reading end: copies the first bytes, which must be there, and takes them away.
  void peek(std::span<std::byte> to) const;
  void drop(std::size_t bytes);
  /// Moves what both sides can, at most `bytes`; -EAGAIN if that is nothing, -EINVAL into itself.
  ssize_t move_to(pipe_file& writer, std::size_t bytes);
  /// Where a call on either end sleeps.
  [[nodiscard]] base::wait_queue& sleepers();

  [[nodiscard]] std::uint32_t poll() const override;
  void release() override;

 private:
  struct shared {
    std::deque<std::byte> bytes;
    pipe_file* reader = nullptr;  // nullptr: closed.
    pipe_file* writer = nullptr;
    std::unique_ptr<base::wait_queue> sleepers;
  };
  pipe_file(std::shared_ptr<shared> pipe, bool reads) : pipe_(std::move(pipe)), reads_(reads) {}
  void changed(pipe_file* other, std::uint32_t events);

  std::shared_ptr<shared> pipe_;
  bool reads_;
};

}  // namespace fourtuple::socket
