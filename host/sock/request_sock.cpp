// SPDX-License-Identifier: Apache-2.0
#include "host/sock/request_sock.hpp"

#include <cassert>
#include <utility>

#include "host/sock/inet_connection_sock.hpp"

namespace fourtuple::sock {

request_sock::request_sock(ehash_node& node, base::timer::callback on_timer) noexcept
    : sock_common(node, sock_kind::request), rsk_timer(on_timer) {
  skc_state = tcp_state::new_syn_recv;
}

request_sock::~request_sock() { assert(!hashed() && dl_next == nullptr); }

request_sock_queue::~request_sock_queue() {
  while (pop()) {
  }
}

void request_sock_queue::push(sock_reference<request_sock> req) noexcept {
  request_sock* last = req.release();
  assert(last->dl_next == nullptr);
  (rskq_accept_head_ == nullptr ? rskq_accept_head_ : rskq_accept_tail_->dl_next) = last;
  rskq_accept_tail_ = last;
}

sock_reference<request_sock> request_sock_queue::pop() noexcept {
  request_sock* first = rskq_accept_head_;
  if (first == nullptr) return {};
  rskq_accept_head_ = std::exchange(first->dl_next, nullptr);
  if (rskq_accept_head_ == nullptr) rskq_accept_tail_ = nullptr;
  return sock_reference<request_sock>::adopt(first);
}

void inet_csk_reqsk_queue_add(inet_connection_sock& listener, sock_reference<request_sock> req,
                              sock_reference<sock> child) noexcept {
  req->sk = std::move(child);
  listener.icsk_accept_queue.push(std::move(req));
  ++listener.sk_ack_backlog;
}

sock_reference<sock> inet_csk_reqsk_queue_remove(inet_connection_sock& listener) noexcept {
  const sock_reference<request_sock> req = listener.icsk_accept_queue.pop();
  if (!req) return {};
  --listener.sk_ack_backlog;
  return std::move(req->sk);
}

}  // namespace fourtuple::sock
