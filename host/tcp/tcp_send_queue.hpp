// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "host/tcp/skb_memory.hpp"

namespace fourtuple::tcp {

/// A block of payload that neighbouring segments refer to parts of (Linux: a page fragment). Counted, not for several
/// threads.
class skb_data {
 public:
  skb_data() = default;
  /// Without memory the result is empty. `memory` must outlive it.
  [[nodiscard]] static skb_data allocate(skb_memory& memory, std::uint32_t capacity_bytes) noexcept;
  skb_data(const skb_data& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) ++block_->users;
  }
  skb_data(skb_data&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  skb_data& operator=(skb_data other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~skb_data() { release(); }

  explicit operator bool() const noexcept { return block_ != nullptr; }
  /// It is of the size that `memory` has blocks of, and nobody else refers to it: it could be used again.
  [[nodiscard]] bool is_reusable(const skb_memory& memory) const noexcept {
    return block_ != nullptr && block_->from == &memory.block && block_->users == 1;
  }
  /// Of a reusable one.
  void set_capacity(std::uint32_t bytes) noexcept { block_->capacity = bytes; }
  [[nodiscard]] static std::uint32_t most_reusable_bytes(const skb_memory& memory) noexcept {
    return static_cast<std::uint32_t>(memory.block.bytes() - sizeof(block));
  }
  [[nodiscard]] std::byte* bytes() const noexcept { return reinterpret_cast<std::byte*>(block_ + 1); }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return block_ == nullptr ? 0 : block_->capacity; }

 private:
  /// Followed by the bytes.
  struct block {
    base::kmem_cache* from;  ///< nullptr: operator new.
    std::uint32_t users;
    std::uint32_t capacity;
  };
  void release() noexcept {
    if (block_ != nullptr && --block_->users == 0) free(block_);
  }
  static void free(block* unused) noexcept;
  block* block_ = nullptr;
};

/// One or more segments of the send queue that are sent as a unit (Linux: an sk_buff on sk_write_queue or
/// tcp_rtx_queue, with its tcp_skb_cb).
struct tcp_skb {
  explicit tcp_skb(skb_memory& its) noexcept : memory(&its) {}

  skb_memory* memory;  ///< Where it is from, and its data.
  tcp_skb* next = nullptr;
  tcp_skb* previous = nullptr;
  tcp_skb* next_sent = nullptr;  ///< In tcp_send_queue::oldest_sent()'s list.
  tcp_skb* previous_sent = nullptr;
  skb_data block;
  std::uint32_t start = 0;     ///< First byte of the data in block.
  std::uint32_t len = 0;       ///< Bytes of data.
  std::uint32_t seq = 0;       ///< Of the first byte, or of SYN or FIN.
  std::uint32_t end_seq = 0;   ///< seq + len, + 1 for SYN, + 1 for FIN.
  std::uint32_t truesize = 0;  ///< What it counts for against sk_sndbuf.
  std::uint16_t gso_segs = 1;  ///< Segments that it is on the wire (Linux: tcp_skb_pcount).
  std::uint16_t gso_size = 0;  ///< Bytes of each but the last; 0: it is one.
  std::uint64_t sent_at_ns = 0;
  // How far delivery was when it was sent (draft-cheng-iccrg-delivery-rate-estimation 3.2).
  std::uint32_t tx_delivered_mstamp_us = 0;
  std::uint32_t tx_first_tx_mstamp_us = 0;
  std::uint32_t tx_mstamp_us = 0;  ///< sent_at_ns in the unit of the others.
  std::uint32_t tx_delivered = 0;
  // In one byte, since an ACK of the usual kind asks for several of them at once.
  std::uint8_t syn : 1 = 0;
  std::uint8_t sacked : 1 = 0;              ///< TCPCB_SACKED_ACKED
  std::uint8_t lost : 1 = 0;                ///< TCPCB_LOST
  std::uint8_t retransmitted : 1 = 0;       ///< TCPCB_SACKED_RETRANS: a retransmission is in flight.
  std::uint8_t ever_retransmitted : 1 = 0;  ///< TCPCB_EVER_RETRANS: no RTT sample (Karn).
  std::uint8_t tx_app_limited : 1 = 0;
  std::uint8_t in_sent_list : 1 = 0;
  std::uint8_t eor : 1 = 0;  ///< MSG_EOR: nothing may be merged behind it.

  std::uint8_t ecn_syn : 1 = 0;  ///< The SYN asks for ECN: ECE and CWR.
  std::uint8_t fin : 1 = 0;
  std::uint8_t psh : 1 = 0;

  [[nodiscard]] std::span<const std::byte> data() const noexcept {
    return len == 0 ? std::span<const std::byte>{} : std::span<const std::byte>{block.bytes() + start, len};
  }
  [[nodiscard]] std::uint32_t room() const noexcept { return block.capacity() - start - len; }
  /// Appends what fits and returns how much that was. Only to the queue's last, which has the end of its block.
  std::uint32_t append(std::span<const std::byte> bytes) noexcept;
  /// Bytes of its largest segment (Linux: tcp_skb_seglen).
  [[nodiscard]] std::uint32_t seglen() const noexcept { return gso_segs == 1 ? len : gso_size; }
  /// How many segments of `mss` it is (Linux: tcp_set_skb_tso_segs).
  void set_tso_segs(std::uint32_t mss) noexcept;
};

/// What was written and not yet acknowledged: first what is in flight, then, from send_head(), what was never sent
/// (Linux: tcp_rtx_queue and sk_write_queue, kept as one list).
///
/// Owns its segments; empty, it owns nothing.
class tcp_send_queue {
 public:
  /// What Linux charges for a segment besides its data (SKB_TRUESIZE: room for headers, sk_buff, skb_shared_info), so
  /// that SO_SNDBUF holds as much here as there. It is more than this stack needs.
  static constexpr std::uint32_t overhead_bytes = 320 + 256 + 320;
  static_assert(overhead_bytes >= sizeof(tcp_skb));

  tcp_send_queue() = default;
  tcp_send_queue(const tcp_send_queue&) = delete;
  tcp_send_queue& operator=(const tcp_send_queue&) = delete;
  ~tcp_send_queue() { clear(); }

  [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }
  [[nodiscard]] tcp_skb* head() const noexcept { return head_; }
  [[nodiscard]] tcp_skb* tail() const noexcept { return tail_; }
  /// First segment that was never sent, or nullptr.
  [[nodiscard]] tcp_skb* send_head() const noexcept { return send_head_; }
  /// First segment in flight, or nullptr (Linux: tcp_rtx_queue_head).
  [[nodiscard]] tcp_skb* rtx_head() const noexcept { return head_ == send_head_ ? nullptr : head_; }
  /// Last segment in flight, or nullptr (Linux: tcp_rtx_queue_tail).
  [[nodiscard]] tcp_skb* rtx_tail() const noexcept {
    if (send_head_ == nullptr) return tail_;
    return send_head_->previous;
  }
  /// The one in flight behind `skb`, or nullptr.
  [[nodiscard]] tcp_skb* rtx_next(const tcp_skb& skb) const noexcept {
    return skb.next == send_head_ ? nullptr : skb.next;
  }
  /// True if nothing lies behind `skb`.
  [[nodiscard]] bool is_last(const tcp_skb& skb) const noexcept { return &skb == tail_; }

  /// Appends an empty segment that begins at `seq` with room for `bytes`, and for up to `limit` if many come at once.
  /// nullptr without memory.
  tcp_skb* push(skb_memory& memory, std::uint32_t seq, std::uint32_t bytes, std::uint32_t limit = 0) noexcept;
  /// Into the empty queue a segment that begins at `seq` and is these bytes, to which none will be added. nullptr
  /// without memory.
  tcp_skb* push_message(skb_memory& memory, std::uint32_t seq, std::span<const std::byte> message) noexcept;
  /// Makes room in the last segment for `bytes` more, though never for more than `limit` in all. False without memory.
  bool grow(tcp_skb& skb, std::uint32_t bytes, std::uint32_t limit) noexcept;
  /// The send head was sent (Linux: tcp_event_new_data_sent).
  void advance_send_head() noexcept { send_head_ = send_head_->next; }
  /// Cuts `skb` behind `bytes` bytes; the rest becomes a segment of its own behind it (Linux: tcp_fragment). PSH, FIN
  /// and EOR go with the rest. Both are then segments of `mss`. False without memory.
  bool fragment(tcp_skb& skb, std::uint32_t bytes, std::uint32_t mss) noexcept;
  /// Appends the data of the segment behind `skb` to it and takes that away (Linux: tcp_collapse_retrans). Both are of
  /// at most `capacity` bytes together. False without memory.
  bool collapse_next(tcp_skb& skb, std::uint32_t capacity) noexcept;
  /// Moves up to `bytes` of the segment behind `skb` to it, all of which was never sent (Linux: tcp_grow_skb). Nothing
  /// happens without memory.
  void pull_from_next(tcp_skb& skb, std::uint32_t bytes) noexcept;
  /// Puts a segment of `bytes`, copied off the front of what was never sent, in front of the send head (Linux:
  /// tcp_mtu_probe). There are so many. nullptr without memory.
  tcp_skb* gather_unsent(std::uint32_t bytes) noexcept;
  /// Takes `bytes` acknowledged ones off the front of `skb` (Linux: tcp_trim_head).
  static void trim_head(tcp_skb& skb, std::uint32_t bytes) noexcept;
  /// Takes off the first, which was sent.
  void pop_front() noexcept;
  /// Takes off a segment that was pushed last and never filled.
  void pop_back() noexcept { remove(tail_); }
  void clear() noexcept;

  /// What is in flight and neither SACKed nor marked lost since, in the order in which it was sent last (Linux:
  /// tsorted_sent_queue).
  [[nodiscard]] tcp_skb* oldest_sent() const noexcept { return oldest_sent_; }
  /// `skb` was just sent.
  void move_to_newest_sent(tcp_skb& skb) noexcept;
  /// The same for the send head if it is all that is queued: it is in flight now.
  void sent_alone(tcp_skb& skb) noexcept;
  void forget_sent(tcp_skb& skb) noexcept;

  /// Where the next lost segment is to be looked for, or nullptr (Linux: retransmit_skb_hint).
  [[nodiscard]] tcp_skb* retransmit_hint() const noexcept { return retransmit_hint_; }
  void set_retransmit_hint(tcp_skb* skb) noexcept { retransmit_hint_ = skb; }
  /// Highest segment that is SACKed; nullptr, or too low, if it is not known.
  [[nodiscard]] tcp_skb* highest_sacked() const noexcept { return highest_sacked_; }
  void set_highest_sacked(tcp_skb* skb) noexcept { highest_sacked_ = skb; }

  /// Sum of truesize (Linux: sk_wmem_queued).
  [[nodiscard]] std::uint32_t truesize() const noexcept { return truesize_; }

 private:
  void insert_behind(tcp_skb* position, tcp_skb* skb) noexcept;
  void insert_sent_behind(tcp_skb* position, tcp_skb* skb) noexcept;
  void remove(tcp_skb* skb) noexcept;
  /// Room behind the data of `skb` for the first `bytes` of the one behind it, or these bytes themselves if they are
  /// there. False without memory.
  static bool join(tcp_skb& skb, const tcp_skb& next, std::uint32_t bytes, std::uint32_t capacity) noexcept;
  void set_truesize(tcp_skb& skb, std::uint32_t bytes) noexcept;

  tcp_skb* head_ = nullptr;
  tcp_skb* tail_ = nullptr;
  tcp_skb* send_head_ = nullptr;
  tcp_skb* oldest_sent_ = nullptr;
  tcp_skb* newest_sent_ = nullptr;
  tcp_skb* retransmit_hint_ = nullptr;
  tcp_skb* highest_sacked_ = nullptr;
  std::uint32_t truesize_ = 0;
};

/// Made with a block for `capacity` bytes, if that is not 0. nullptr without memory.
[[nodiscard]] tcp_skb* make_tcp_skb(skb_memory& memory, std::uint32_t seq, std::uint32_t capacity) noexcept;
void destroy_tcp_skb(tcp_skb& skb) noexcept;

[[gnu::always_inline]] inline void free_tcp_skb(tcp_skb& skb) noexcept {
  skb_memory& memory = *skb.memory;
  if (!skb.block.is_reusable(memory) || memory.with_block_count == skb_memory::most_with_block) {
    destroy_tcp_skb(skb);
    return;
  }
  skb.next = std::exchange(memory.with_block, &skb);
  ++memory.with_block_count;
}

/// One that was kept with a block for `capacity` bytes, as good as new; nullptr if there is none.
[[gnu::always_inline]] inline tcp_skb* reuse_tcp_skb(skb_memory& memory, std::uint32_t seq,
                                                     std::uint32_t capacity) noexcept {
  if (memory.with_block == nullptr || capacity > skb_data::most_reusable_bytes(memory)) [[unlikely]]
    return nullptr;
  tcp_skb& skb = *memory.with_block;
  memory.with_block = skb.next;
  --memory.with_block_count;
  skb.next = skb.previous = nullptr;
  skb.block.set_capacity(capacity);
  skb.start = skb.len = 0;
  skb.seq = skb.end_seq = seq;
  skb.truesize = capacity + tcp_send_queue::overhead_bytes;
  skb.gso_segs = 1;
  skb.gso_size = 0;
  skb.sent_at_ns = 0;
  skb.tx_delivered_mstamp_us = 0;
  skb.tx_app_limited = skb.in_sent_list = skb.syn = skb.ecn_syn = skb.fin = skb.psh = skb.eor = false;
  skb.sacked = skb.lost = skb.retransmitted = skb.ever_retransmitted = false;
  return &skb;
}

// In line: what a message of one segment needs on its way.

[[gnu::always_inline]] inline tcp_skb* tcp_send_queue::push_message(skb_memory& memory, std::uint32_t seq,
                                                                    std::span<const std::byte> message) noexcept {
  assert(empty());
  const auto bytes = static_cast<std::uint32_t>(message.size());
  tcp_skb* skb = reuse_tcp_skb(memory, seq, bytes);
  if (skb == nullptr) [[unlikely]] {
    skb = make_tcp_skb(memory, seq, bytes);
    if (skb == nullptr) return nullptr;
  }
  skb->len = bytes;
  skb->end_seq = seq + bytes;
  head_ = tail_ = send_head_ = skb;
  truesize_ = skb->truesize;
  if (bytes != 0) std::memcpy(skb->block.bytes(), message.data(), bytes);
  return skb;
}

[[gnu::always_inline]] inline void tcp_send_queue::sent_alone(tcp_skb& skb) noexcept {
  assert(head_ == &skb && tail_ == &skb && send_head_ == &skb && !skb.in_sent_list);
  skb.in_sent_list = true;
  skb.next_sent = skb.previous_sent = nullptr;
  oldest_sent_ = newest_sent_ = &skb;
  send_head_ = nullptr;
}

[[gnu::always_inline]] inline void tcp_send_queue::pop_front() noexcept {
  tcp_skb* skb = head_;
  if (skb != tail_) {
    remove(skb);
    return;
  }
  assert(send_head_ == nullptr);
  head_ = tail_ = oldest_sent_ = newest_sent_ = retransmit_hint_ = highest_sacked_ = nullptr;
  truesize_ = 0;
  free_tcp_skb(*skb);
}

}  // namespace fourtuple::tcp
