// SPDX-License-Identifier: Apache-2.0
#include "host/programs/program_socket.hpp"

#include <linux/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "host/sock/tcp_states.hpp"
#include "preload/protocol.hpp"

namespace fourtuple::programs {

program_socket::program_socket(socket_owner& owner, const program_host& host, std::uint64_t handle, int stack_fd,
                               socket_pair pair)
    : owner_(owner), host_(&host), handle_(handle), stack_fd_(stack_fd), pair_(std::move(pair)) {
  // A socket of the stack that is connected already was accepted there.
  sockaddr_in peer{};
  socklen_t length = sizeof peer;
  if (stack().getpeername(stack_fd_, reinterpret_cast<sockaddr*>(&peer), &length) == 0) phase_ = phase::established;
}

program_socket::~program_socket() {
  // The wait of close() is the program's, not the world's: what goes over the wire is the same without it.
  linger option{};
  socklen_t length = sizeof option;
  if (stack().getsockopt(stack_fd_, SOL_SOCKET, SO_LINGER, &option, &length) == 0 && option.l_onoff != 0 &&
      option.l_linger > 0) {
    option.l_onoff = 0;
    stack().setsockopt(stack_fd_, SOL_SOCKET, SO_LINGER, &option, sizeof option);
  }
  stack().close(stack_fd_);
}

bool program_socket::serve() {
  if (phase_ == phase::connecting) check_connected();
  switch (phase_) {
    case phase::fresh:
      return !(pair_.hung_up() && pair_.program_has_closed());
    case phase::connecting:
      if (!pair_.hung_up()) return true;
      if (pair_.program_has_closed()) return false;
      stack().shutdown(stack_fd_, SHUT_RDWR);
      end_pair(0);
      return true;
    case phase::listening:
      offer();
      if (!pair_.hung_up()) return true;
      if (!pair_.program_has_closed()) return true;
      listener_closed();
      return false;
    case phase::established:
      move_bytes();
      return !program_gone_ || lingering_;
    case phase::over:
      program_gone_ = program_gone_ || pair_.program_has_closed();
      return !program_gone_ || lingering_;
  }
  return false;
}

void program_socket::replace(std::uint64_t handle, socket_pair pair) {
  handle_ = handle;
  pair_ = std::move(pair);
}

void program_socket::check_connected() {
  const int result = stack().connect(stack_fd_, reinterpret_cast<const sockaddr*>(&peer_), sizeof peer_);
  if (result == -EALREADY || result == -EINPROGRESS) return;
  if (result == 0 || result == -EISCONN) {
    phase_ = phase::established;
    pair_.empty();
    owner_.delivered(0);
    return;
  }
  end_pair(-result);
}

// What the program sees from now on is the kernel's doing: end of file, hang-up; and an error if it has left something
// unread here, be it the filling.
void program_socket::end_pair(int error) {
  if (error != 0) error_ = error;
  pair_.close();
  phase_ = phase::over;
  owner_.delivered(0);
}

void program_socket::reset() {
  const linger abort{.l_onoff = 1, .l_linger = 0};
  stack().setsockopt(stack_fd_, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
}

void program_socket::move_bytes() {
  if (!stack_ended_) {
    to_program();
  } else {
    // Behind the peer's FIN there may still be a reset.
    int error = 0;
    socklen_t length = sizeof error;
    if (stack().getsockopt(stack_fd_, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error != 0) end_pair(error);
  }
  if (phase_ == phase::established && program_sending_) to_stack();
  if (phase_ == phase::established && !program_sending_ && pair_.hung_up()) program_ended(true);
}

// Bytes leave the stack's receive queue only when they are in the pair: what does not fit keeps the window closed.
void program_socket::to_program() {
  const std::span<std::byte> scratch = owner_.scratch();
  for (;;) {
    const ssize_t got = stack().recv(stack_fd_, scratch.data(), scratch.size(), MSG_PEEK | MSG_DONTWAIT);
    if (got == -EAGAIN) return;
    if (got < 0) return end_pair(static_cast<int>(-got));
    if (got == 0) {
      stack_ended_ = true;
      pair_.end_sending();
      owner_.delivered(0);
      return;
    }
    const ssize_t sent = pair_.send(scratch.first(static_cast<std::size_t>(got)));
    // EPIPE: the program does not read any more. What comes is taken and forgotten, as after SHUT_RD.
    if (sent < 0 && sent != -EPIPE) return;
    if (sent > 0) owner_.delivered(static_cast<std::size_t>(sent));
    if (sent == -EPIPE && pair_.hung_up()) {
      // RFC 1122 4.2.2.13: data for a program that has closed is answered with a reset.
      if (!pair_.program_has_closed()) return;
      reset();
      program_gone_ = true;
      return end_pair(0);
    }
    const auto done = static_cast<std::size_t>(sent == -EPIPE ? got : sent);
    stack().recv(stack_fd_, nullptr, done, MSG_TRUNC | MSG_DONTWAIT);
  }
}

void program_socket::to_stack() {
  const std::span<std::byte> scratch = owner_.scratch();
  while (program_sending_) {
    const ssize_t got = pair_.peek(scratch);
    if (got == -EAGAIN) return;
    if (got < 0) {
      // ECONNRESET: closed with something unread (Linux: unix_release_sock). TCP says so to the peer.
      if (pair_.program_has_closed()) {
        reset();
        program_gone_ = true;
      }
      return end_pair(0);
    }
    if (got == 0) return program_ended(pair_.hung_up());
    const ssize_t sent =
        stack().send(stack_fd_, scratch.data(), static_cast<std::size_t>(got), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent == -EAGAIN) return;
    if (sent < 0) {
      // What could be read has been moved before. The pair is left with bytes in it, so the program gets ECONNRESET.
      program_gone_ = pair_.program_has_closed();
      return end_pair(static_cast<int>(-sent));
    }
    pair_.drop(static_cast<std::size_t>(sent), scratch);
  }
}

// All that the program wrote has been passed on, and there will be no more.
void program_socket::program_ended(bool hung_up) {
  program_sending_ = false;
  if (!hung_up) {
    stack().shutdown(stack_fd_, SHUT_WR);
    return;
  }
  program_gone_ = pair_.program_has_closed();
  if (program_gone_ && offered_by_ != 0) {
    // Closed before anybody accepted it? Its listener knows.
    program_socket* const listener = owner_.find(offered_by_);
    if (listener != nullptr && listener->pair_.hung_up()) listener->listener_closed();
  }
  // SHUT_RDWR, or SHUT_WR behind the peer's FIN: the descriptor lives, with nothing left to move. Or close() waits.
  if (!program_gone_ || lingering_) stack().shutdown(stack_fd_, stack_ended_ ? SHUT_WR : SHUT_RDWR);
  end_pair(0);
}

int program_socket::listen(int backlog) {
  if (phase_ != phase::fresh && phase_ != phase::listening) return -EINVAL;
  const int result = stack().listen(stack_fd_, backlog);
  if (result != 0 || phase_ == phase::listening) return result;
  if (const int named = pair_.mark_listener(); named != 0) return named;
  phase_ = phase::listening;
  return 0;
}

void program_socket::offer() {
  // A listener that was closed holds no message either, but nobody has taken it.
  while (!pair_.hung_up() && !pair_.holds_message()) {
    if (program_socket* const taken = owner_.find(std::exchange(offered_, 0))) taken->offered_by_ = 0;
    sockaddr_in peer{};
    socklen_t length = sizeof peer;
    const int child_fd = stack().accept4(stack_fd_, reinterpret_cast<sockaddr*>(&peer), &length, SOCK_NONBLOCK);
    if (child_fd < 0) return;
    descriptor program_end;
    program_socket* const child = owner_.adopt(*host_, child_fd, program_end);
    if (child == nullptr) continue;
    offered_ = child->handle();
    child->offered_by_ = handle_;
    preload::accepted message;
    message.peer_address = peer.sin_addr.s_addr;
    message.peer_port = peer.sin_port;
    // If nobody can take it, its end is closed with the descriptor here, and the listener's end shows a hang-up.
    if (pair_.send_descriptor(std::as_bytes(std::span(&message, 1)), program_end.get()) != 0) child->reset();
    owner_.delivered(0);
  }
}

// Linux: inet_csk_listen_stop. A connection that was not accepted is reset.
void program_socket::listener_closed() {
  if (!pair_.was_left_unread()) return;
  if (program_socket* const child = owner_.find(std::exchange(offered_, 0))) child->reset();
}

int program_socket::connect(const sockaddr_in& to, int program_end, descriptor& replacement) {
  if (phase_ == phase::listening) return -EISCONN;
  if (phase_ == phase::connecting) return -EALREADY;
  if (phase_ == phase::established) return std::exchange(connect_reported_, true) ? -EISCONN : 1;
  // How the last attempt ended is told once before there can be another (Linux: __inet_stream_connect).
  if (error_ != 0) return -std::exchange(error_, 0);
  const int result = stack().connect(stack_fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  if (result != 0 && result != -EINPROGRESS) return result;
  connect_reported_ = false;
  if (!pair_.valid()) {
    // An attempt that failed has used up the first pair.
    if (const int opened = owner_.reopen(*this, replacement); opened != 0) return opened;
    program_end = replacement.get();
  }
  peer_ = to;
  phase_ = phase::connecting;
  pair_.fill(program_end);
  check_connected();
  return 0;
}

int program_socket::shutdown(int how) {
  if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) return -EINVAL;
  switch (phase_) {
    case phase::fresh:
      return -ENOTCONN;
    case phase::listening: {
      const int result = stack().shutdown(stack_fd_, how);
      // Who sleeps in accept() wakes up with EINVAL.
      if (result == 0 && how != SHUT_WR) pair_.end_sending();
      return result;
    }
    case phase::connecting: {
      const int result = stack().shutdown(stack_fd_, how);
      check_connected();
      return result;
    }
    case phase::over:
      return stack().shutdown(stack_fd_, how);
    default:
      return 0;
  }
}

int program_socket::getsockopt(int level, int name, void* value, socklen_t* length) {
  if (level == SOL_SOCKET && name == SO_ERROR && error_ != 0) {
    const int error = std::exchange(error_, 0);
    const auto bytes = std::min<socklen_t>(*length, sizeof error);
    std::memcpy(value, &error, bytes);
    *length = bytes;
    return 0;
  }
  return stack().getsockopt(stack_fd_, level, name, value, length);
}

int program_socket::unsent(unsigned long request, int& bytes) {
  const int result = stack().ioctl(stack_fd_, request, &bytes);
  int waiting = 0;
  // What has not reached the stack has not been sent either.
  if (result >= 0 && pair_.valid() && phase_ == phase::established && ::ioctl(pair_.file(), FIONREAD, &waiting) == 0)
    bytes += waiting;
  return result;
}

int program_socket::linger_seconds() {
  linger option{};
  socklen_t length = sizeof option;
  if (stack().getsockopt(stack_fd_, SOL_SOCKET, SO_LINGER, &option, &length) != 0) return 0;
  lingering_ = option.l_onoff != 0 && option.l_linger > 0 && phase_ == phase::established;
  return lingering_ ? option.l_linger : 0;
}

bool program_socket::lingers() {
  if (!lingering_) return false;
  if (pair_.valid()) return pair_.program_has_closed();
  tcp_info info{};
  socklen_t length = sizeof info;
  if (stack().getsockopt(stack_fd_, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return false;
  const auto state = static_cast<sock::tcp_state>(info.tcpi_state);
  return state == sock::tcp_state::fin_wait1 || state == sock::tcp_state::closing || state == sock::tcp_state::last_ack;
}

}  // namespace fourtuple::programs
