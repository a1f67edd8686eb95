// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_send_queue.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace fourtuple::tcp {
namespace {

tcp_skb* make_skb(std::uint32_t seq, std::uint32_t capacity) noexcept {
  std::unique_ptr<tcp_skb> skb{new (std::nothrow) tcp_skb};
  if (skb == nullptr) return nullptr;
  if (capacity != 0) {
    skb->buffer.reset(new (std::nothrow) std::byte[capacity]);
    if (skb->buffer == nullptr) return nullptr;
  }
  skb->capacity = capacity;
  skb->seq = seq;
  skb->end_seq = seq;
  return skb.release();
}

}  // namespace

std::uint32_t tcp_skb::append(std::span<const std::byte> bytes) noexcept {
  const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(bytes.size(), room()));
  if (count != 0) std::memcpy(buffer.get() + start + len, bytes.data(), count);
  len += count;
  end_seq += count;
  return count;
}

tcp_skb* tcp_send_queue::push(std::uint32_t seq, std::uint32_t capacity) noexcept {
  tcp_skb* skb = make_skb(seq, capacity);
  if (skb == nullptr) return nullptr;
  insert_behind(tail_, skb);
  if (send_head_ == nullptr) send_head_ = skb;
  return skb;
}

bool tcp_send_queue::fragment(tcp_skb& skb, std::uint32_t bytes) noexcept {
  const std::uint32_t rest_bytes = skb.len - bytes;
  tcp_skb* rest = make_skb(skb.seq + bytes, rest_bytes);
  if (rest == nullptr) return false;
  rest->append(skb.data().subspan(bytes));
  rest->end_seq = skb.end_seq;
  rest->sent_at_ns = skb.sent_at_ns;
  rest->fin = skb.fin;
  rest->psh = skb.psh;
  rest->eor = skb.eor;
  rest->sacked = skb.sacked;
  rest->lost = skb.lost;
  rest->retransmitted = skb.retransmitted;
  rest->ever_retransmitted = skb.ever_retransmitted;
  skb.fin = false;
  skb.psh = false;
  skb.eor = false;
  skb.len = bytes;
  skb.end_seq = rest->seq;
  insert_behind(&skb, rest);
  return true;
}

void tcp_send_queue::trim_head(std::uint32_t bytes) noexcept {
  head_->start += bytes;
  head_->len -= bytes;
  head_->seq += bytes;
}

void tcp_send_queue::pop_front() noexcept { remove(head_); }

void tcp_send_queue::pop_back() noexcept { remove(tail_); }

void tcp_send_queue::clear() noexcept {
  while (head_ != nullptr) remove(head_);
}

void tcp_send_queue::insert_behind(tcp_skb* position, tcp_skb* skb) noexcept {
  skb->previous = position;
  skb->next = position == nullptr ? head_ : position->next;
  (skb->previous == nullptr ? head_ : skb->previous->next) = skb;
  (skb->next == nullptr ? tail_ : skb->next->previous) = skb;
  truesize_ += skb->truesize();
}

void tcp_send_queue::remove(tcp_skb* skb) noexcept {
  if (send_head_ == skb) send_head_ = skb->next;
  (skb->previous == nullptr ? head_ : skb->previous->next) = skb->next;
  (skb->next == nullptr ? tail_ : skb->next->previous) = skb->previous;
  truesize_ -= skb->truesize();
  delete skb;
}

}  // namespace fourtuple::tcp
