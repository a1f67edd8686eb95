// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/sock/request_sock.hpp"

namespace fourtuple::sock {

/// A listener's two queues (Linux: request_sock_queue): the requests in ehash that wait for their ACK, of which only
/// the number is here (`qlen`), and the finished connections that wait for accept(), first come first served.
///
/// Ownership: a queued request is held by a reference. Threads: the stack's own.
class request_sock_queue {
 public:
  request_sock_queue() = default;
  request_sock_queue(const request_sock_queue&) = delete;
  request_sock_queue& operator=(const request_sock_queue&) = delete;
  ~request_sock_queue();

  /// A request went into ehash (Linux: reqsk_queue_added).
  void added() noexcept {
    ++qlen_;
    ++young_;
  }
  /// A request left ehash: it was answered, gave up, or was dropped (Linux: reqsk_queue_removed).
  void removed(const request_sock& req) noexcept {
    --qlen_;
    if (req.num_timeout == 0) --young_;
  }
  /// The first timeout of a request makes it old.
  void aged() noexcept { --young_; }

  /// Requests in ehash, and those among them whose timer has not fired.
  [[nodiscard]] std::uint32_t qlen() const noexcept { return qlen_; }
  [[nodiscard]] std::uint32_t young() const noexcept { return young_; }

  /// To the end of the accept queue; `req.sk` is the connection. The caller keeps the listener's sk_ack_backlog (see
  /// inet_csk_reqsk_queue_add).
  void push(sock_reference<request_sock> req) noexcept;
  /// From its front; empty if there is none.
  [[nodiscard]] sock_reference<request_sock> pop() noexcept;
  [[nodiscard]] bool empty() const noexcept { return rskq_accept_head_ == nullptr; }
  [[nodiscard]] request_sock* rskq_accept_head() const noexcept { return rskq_accept_head_; }

 private:
  request_sock* rskq_accept_head_ = nullptr;
  request_sock* rskq_accept_tail_ = nullptr;
  std::uint32_t qlen_ = 0;
  std::uint32_t young_ = 0;
};

}  // namespace fourtuple::sock
