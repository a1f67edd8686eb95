// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "host/programs/program_host.hpp"
#include "host/programs/socket_pair.hpp"

namespace fourtuple::programs {

class program_socket;

/// What a program's socket needs of the table that it is in.
class socket_owner {
 public:
  socket_owner() = default;
  socket_owner(const socket_owner&) = delete;
  socket_owner& operator=(const socket_owner&) = delete;
  virtual ~socket_owner() = default;

  /// A new socket over a descriptor of the host's stack, which it takes over. nullptr if none can be made: the
  /// descriptor was closed with a reset then.
  virtual program_socket* adopt(const program_host& host, int stack_fd, descriptor& program_end) = 0;
  /// Opens another pair for a socket whose pair is gone: 0 or a negative errno.
  virtual int reopen(program_socket& socket, descriptor& program_end) = 0;
  [[nodiscard]] virtual program_socket* find(std::uint64_t handle) = 0;
  /// So many bytes were put where a program reads them, or it was woken otherwise.
  virtual void delivered(std::size_t bytes) = 0;
  /// Room for bytes on their way, shared by all sockets.
  [[nodiscard]] virtual std::span<std::byte> scratch() = 0;
};

/// A stream socket of a program: a socket of its host's stack, a socketpair to the program, and what moves between
/// them. docs/programs.md has the states' correspondence.
///
/// Nothing here waits. Threads: one. Results of calls are those of system calls, with negative errno values.
class program_socket {
 public:
  program_socket(socket_owner& owner, const program_host& host, std::uint64_t handle, int stack_fd, socket_pair pair);
  program_socket(const program_socket&) = delete;
  program_socket& operator=(const program_socket&) = delete;
  /// What is left of the stack's socket is closed: FIN, or RST where close() sends one.
  ~program_socket();

  [[nodiscard]] std::uint64_t handle() const noexcept { return handle_; }
  [[nodiscard]] const program_host& host() const noexcept { return *host_; }
  [[nodiscard]] const socket_pair& pair() const noexcept { return pair_; }
  [[nodiscard]] int stack_fd() const noexcept { return stack_fd_; }
  /// The pair is gone, or nothing more can be learnt from it: only asking shows whether the program has closed.
  [[nodiscard]] bool unwatched() const noexcept { return phase_ == phase::over; }

  /// Does all that can be done now. Called when the pair or the stack's socket may have changed. False: the program has
  /// closed it, and it can be forgotten.
  [[nodiscard]] bool serve();

  /// Another pair, under another number, in place of one that is gone.
  void replace(std::uint64_t handle, socket_pair pair);

  int listen(int backlog);
  /// 0: under way. 1: an attempt that was under way has succeeded; told once, then -EISCONN.
  /// `program_end`: the descriptor that came with the request. `replacement` gets a new end if the old one is gone.
  int connect(const sockaddr_in& to, int program_end, descriptor& replacement);
  /// 0: the program's own shutdown of its end does the rest.
  int shutdown(int how);
  int getsockopt(int level, int name, void* value, socklen_t* length);
  int unsent(unsigned long request, int& bytes);
  /// close() is going to wait: for so many seconds, 0 if it will not.
  int linger_seconds();
  /// The program has closed its descriptor and waits: true while the stack is still at it.
  [[nodiscard]] bool lingers();
  void stop_lingering() noexcept { lingering_ = false; }

 private:
  enum class phase : std::uint8_t { fresh, connecting, established, listening, over };

  void check_connected();
  void move_bytes();
  void to_program();
  void to_stack();
  void program_ended(bool hung_up);
  void offer();
  void listener_closed();
  void end_pair(int error);
  void reset();
  [[nodiscard]] socket::posix_api& stack() const noexcept { return *host_->sockets; }

  socket_owner& owner_;
  const program_host* host_;
  std::uint64_t handle_;
  int stack_fd_;
  socket_pair pair_;
  phase phase_ = phase::fresh;
  sockaddr_in peer_{};
  int error_ = 0;                  // What the stack reported and the program was not told yet.
  bool connect_reported_ = false;  // connect() was told that it is established.
  bool stack_ended_ = false;       // The peer's FIN was passed on.
  bool program_sending_ = true;    // The program may still write.
  bool program_gone_ = false;      // Its last descriptor was closed.
  bool lingering_ = false;         // A close() waits for the end.
  std::uint64_t offered_ = 0;      // Listener: the child in the message that nobody has taken yet.
  std::uint64_t offered_by_ = 0;   // Child: its listener, until it was taken.
};

}  // namespace fourtuple::programs
