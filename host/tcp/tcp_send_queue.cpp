// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_send_queue.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

namespace fourtuple::tcp {
namespace {

constexpr std::uint32_t overhead_bytes = tcp_send_queue::overhead_bytes;
// Who writes so much at once writes more: room for all that may follow is cheaper than copying once more.
constexpr std::uint32_t large_write_bytes = 8 * 1024;

}  // namespace

void destroy_tcp_skb(tcp_skb& skb) noexcept {
  skb_memory& memory = *skb.memory;
  std::destroy_at(&skb);
  memory.skb.free(&skb);
}

tcp_skb* make_tcp_skb(skb_memory& memory, std::uint32_t seq, std::uint32_t capacity) noexcept {
  if (capacity != 0) {
    if (tcp_skb* kept = reuse_tcp_skb(memory, seq, capacity); kept != nullptr) return kept;
  }
  void* piece = memory.skb.alloc();
  if (piece == nullptr) return nullptr;
  auto* skb = new (piece) tcp_skb{memory};
  if (capacity != 0) {
    skb->block = skb_data::allocate(memory, capacity);
    if (!skb->block) {
      destroy_tcp_skb(*skb);
      return nullptr;
    }
  }
  skb->seq = seq;
  skb->end_seq = seq;
  skb->truesize = capacity + overhead_bytes;
  return skb;
}

skb_memory::~skb_memory() {
  while (with_block != nullptr) destroy_tcp_skb(*std::exchange(with_block, with_block->next));
}

skb_data skb_data::allocate(skb_memory& memory, std::uint32_t capacity_bytes) noexcept {
  skb_data result;
  const std::size_t bytes = sizeof(block) + capacity_bytes;
  base::kmem_cache* from = bytes <= memory.block.bytes() ? &memory.block : nullptr;
  void* piece = from != nullptr ? from->alloc() : ::operator new(bytes, std::nothrow);
  if (piece != nullptr) result.block_ = new (piece) block{.from = from, .users = 1, .capacity = capacity_bytes};
  return result;
}

void skb_data::free(block* unused) noexcept {
  if (unused->from != nullptr) {
    unused->from->free(unused);
  } else {
    ::operator delete(unused);
  }
}

std::uint32_t tcp_skb::append(std::span<const std::byte> bytes) noexcept {
  const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(bytes.size(), room()));
  if (count != 0) std::memcpy(block.bytes() + start + len, bytes.data(), count);
  len += count;
  end_seq += count;
  return count;
}

void tcp_skb::set_tso_segs(std::uint32_t mss) noexcept {
  const bool one = len <= mss;
  gso_size = static_cast<std::uint16_t>(one ? 0 : mss);
  gso_segs = static_cast<std::uint16_t>(one ? 1 : (len + mss - 1) / mss);
}

tcp_skb* tcp_send_queue::push(skb_memory& memory, std::uint32_t seq, std::uint32_t bytes,
                              std::uint32_t limit) noexcept {
  tcp_skb* skb = make_tcp_skb(memory, seq, bytes >= large_write_bytes ? std::max(bytes, limit) : bytes);
  if (skb == nullptr) return nullptr;
  skb->truesize = overhead_bytes;
  insert_behind(tail_, skb);
  if (send_head_ == nullptr) send_head_ = skb;
  return skb;
}

bool tcp_send_queue::grow(tcp_skb& skb, std::uint32_t bytes, std::uint32_t limit) noexcept {
  if (skb.room() >= bytes) {
    set_truesize(skb, std::max(skb.truesize, skb.len + bytes + overhead_bytes));
    return true;
  }
  // Doubled, so that many small writes are not copied again and again.
  const std::uint32_t capacity =
      bytes >= large_write_bytes ? limit : std::min(limit, std::max(2 * skb.len, skb.len + bytes));
  if (capacity <= skb.len + skb.room()) return skb.room() != 0;
  skb_data larger = skb_data::allocate(*skb.memory, capacity);
  if (!larger) return false;
  if (skb.len != 0) std::memcpy(larger.bytes(), skb.data().data(), skb.len);
  skb.block = std::move(larger);
  skb.start = 0;
  set_truesize(skb, std::min(capacity, skb.len + bytes) + overhead_bytes);
  return true;
}

bool tcp_send_queue::fragment(tcp_skb& skb, std::uint32_t bytes, std::uint32_t mss) noexcept {
  tcp_skb* rest = make_tcp_skb(*skb.memory, skb.seq + bytes, 0);
  if (rest == nullptr) return false;
  rest->block = skb.block;
  rest->start = skb.start + bytes;
  rest->len = skb.len - bytes;
  rest->end_seq = skb.end_seq;
  rest->sent_at_ns = skb.sent_at_ns;
  rest->tx_delivered_mstamp_us = skb.tx_delivered_mstamp_us;
  rest->tx_first_tx_mstamp_us = skb.tx_first_tx_mstamp_us;
  rest->tx_mstamp_us = skb.tx_mstamp_us;
  rest->tx_delivered = skb.tx_delivered;
  rest->tx_app_limited = skb.tx_app_limited;
  rest->fin = skb.fin;
  rest->psh = skb.psh;
  rest->eor = skb.eor;
  skb.fin = false;
  skb.psh = false;
  skb.eor = false;
  rest->sacked = skb.sacked;
  rest->lost = skb.lost;
  rest->retransmitted = skb.retransmitted;
  rest->ever_retransmitted = skb.ever_retransmitted;
  skb.len = bytes;
  skb.end_seq = rest->seq;
  skb.set_tso_segs(mss);
  rest->set_tso_segs(mss);
  insert_behind(&skb, rest);
  // The block counts where its bytes are.
  const std::uint32_t payload = skb.truesize - overhead_bytes;
  set_truesize(skb, overhead_bytes + std::min(bytes, payload));
  set_truesize(*rest, overhead_bytes + payload - std::min(bytes, payload));
  if (skb.in_sent_list) insert_sent_behind(&skb, rest);
  if (highest_sacked_ == &skb) highest_sacked_ = rest;
  return true;
}

bool tcp_send_queue::collapse_next(tcp_skb& skb, std::uint32_t capacity) noexcept {
  tcp_skb& next = *skb.next;
  if (!join(skb, next, next.len, capacity)) return false;
  skb.len += next.len;
  skb.end_seq = next.end_seq;
  skb.fin = skb.fin || next.fin;
  skb.psh = skb.psh || next.psh;
  skb.eor = next.eor;
  skb.ever_retransmitted = skb.ever_retransmitted || next.ever_retransmitted;
  set_truesize(skb, overhead_bytes + skb.len);
  remove(&next);
  return true;
}

bool tcp_send_queue::join(tcp_skb& skb, const tcp_skb& next, std::uint32_t bytes, std::uint32_t capacity) noexcept {
  if (bytes == 0) return true;
  if (skb.len != 0 && skb.data().data() + skb.len == next.data().data()) return true;
  skb_data joined = skb_data::allocate(*skb.memory, capacity);
  if (!joined) return false;
  if (skb.len != 0) std::memcpy(joined.bytes(), skb.data().data(), skb.len);
  std::memcpy(joined.bytes() + skb.len, next.data().data(), bytes);
  skb.block = std::move(joined);
  skb.start = 0;
  return true;
}

void tcp_send_queue::pull_from_next(tcp_skb& skb, std::uint32_t bytes) noexcept {
  tcp_skb* next = skb.next;
  if (next == nullptr || skb.eor || skb.fin) return;
  bytes = std::min(bytes, next->len);
  if (bytes == 0 || !join(skb, *next, bytes, skb.len + bytes)) return;
  skb.len += bytes;
  skb.end_seq += bytes;
  set_truesize(skb, overhead_bytes + std::max(skb.len, skb.truesize - overhead_bytes));
  trim_head(*next, bytes);
  if (next->len != 0) return;
  skb.end_seq = next->end_seq;
  skb.fin = next->fin;
  skb.psh = skb.psh || next->psh;
  skb.eor = next->eor;
  remove(next);
}

tcp_skb* tcp_send_queue::gather_unsent(std::uint32_t bytes) noexcept {
  tcp_skb* gathered = make_tcp_skb(*send_head_->memory, send_head_->seq, bytes);
  if (gathered == nullptr) return nullptr;
  tcp_skb* from = send_head_;
  while (bytes != 0) {
    const std::uint32_t take = std::min(bytes, from->len);
    gathered->append(from->data().first(take));
    bytes -= take;
    if (take < from->len) {
      trim_head(*from, take);
      break;
    }
    gathered->psh = gathered->psh || from->psh;
    gathered->eor = from->eor;
    if (from->fin) {
      gathered->fin = true;
      ++gathered->end_seq;
    }
    tcp_skb* emptied = from;
    from = from->next;
    remove(emptied);
  }
  insert_behind(from == nullptr ? tail_ : from->previous, gathered);
  send_head_ = gathered;
  return gathered;
}

void tcp_send_queue::trim_head(tcp_skb& skb, std::uint32_t bytes) noexcept {
  skb.start += bytes;
  skb.len -= bytes;
  skb.seq += bytes;
  if (skb.gso_segs > 1) skb.set_tso_segs(skb.gso_size);
}

void tcp_send_queue::clear() noexcept {
  while (head_ != nullptr) remove(head_);
}

void tcp_send_queue::move_to_newest_sent(tcp_skb& skb) noexcept {
  forget_sent(skb);
  insert_sent_behind(newest_sent_, &skb);
}

void tcp_send_queue::forget_sent(tcp_skb& skb) noexcept {
  if (!skb.in_sent_list) return;
  skb.in_sent_list = false;
  (skb.previous_sent == nullptr ? oldest_sent_ : skb.previous_sent->next_sent) = skb.next_sent;
  (skb.next_sent == nullptr ? newest_sent_ : skb.next_sent->previous_sent) = skb.previous_sent;
}

void tcp_send_queue::insert_behind(tcp_skb* position, tcp_skb* skb) noexcept {
  skb->previous = position;
  skb->next = position == nullptr ? head_ : position->next;
  (skb->previous == nullptr ? head_ : skb->previous->next) = skb;
  (skb->next == nullptr ? tail_ : skb->next->previous) = skb;
  truesize_ += skb->truesize;
}

void tcp_send_queue::insert_sent_behind(tcp_skb* position, tcp_skb* skb) noexcept {
  skb->in_sent_list = true;
  skb->previous_sent = position;
  skb->next_sent = position == nullptr ? oldest_sent_ : position->next_sent;
  (skb->previous_sent == nullptr ? oldest_sent_ : skb->previous_sent->next_sent) = skb;
  (skb->next_sent == nullptr ? newest_sent_ : skb->next_sent->previous_sent) = skb;
}

void tcp_send_queue::remove(tcp_skb* skb) noexcept {
  forget_sent(*skb);
  if (send_head_ == skb) send_head_ = skb->next;
  if (retransmit_hint_ == skb) retransmit_hint_ = nullptr;
  if (highest_sacked_ == skb) highest_sacked_ = nullptr;
  (skb->previous == nullptr ? head_ : skb->previous->next) = skb->next;
  (skb->next == nullptr ? tail_ : skb->next->previous) = skb->previous;
  truesize_ -= skb->truesize;
  free_tcp_skb(*skb);
}

void tcp_send_queue::set_truesize(tcp_skb& skb, std::uint32_t bytes) noexcept {
  truesize_ += bytes - skb.truesize;
  skb.truesize = bytes;
}

}  // namespace fourtuple::tcp
