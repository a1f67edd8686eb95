// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "host/packet/tcp_header.hpp"
#include "host/tcp/skb_memory.hpp"
#include "host/tcp/skb_truesize.hpp"
#include "host/tcp/tcp_seq.hpp"

namespace fourtuple::tcp {

/// Bytes that arrived in order and wait to be read (Linux: sk_receive_queue). They are copied into chunks, of which
/// each is what Linux would have as one sk_buff, or a part of it. Empty, it owns nothing.
class tcp_receive_queue {
 public:
  tcp_receive_queue() = default;
  tcp_receive_queue(const tcp_receive_queue&) = delete;
  tcp_receive_queue& operator=(const tcp_receive_queue&) = delete;
  ~tcp_receive_queue() { clear(); }

  /// `charge`: of a segment with these bytes; nothing if the last one has room for them. False, and nothing changed,
  /// without memory. `memory` must outlive the queue.
  [[nodiscard]] bool append(skb_memory& memory, std::span<const std::byte> bytes, skb_charge charge) noexcept;
  /// Copies without taking away, into the buffers in order, from the byte at `offset` on, at most `most`; returns how
  /// much.
  std::size_t peek(std::span<const std::span<std::byte>> to, std::size_t offset = 0,
                   std::size_t most = ~std::size_t{0}) const noexcept;
  std::size_t peek(std::span<std::byte> to) const noexcept {
    return peek(std::span<const std::span<std::byte>>(&to, 1));
  }
  /// Copies and takes away; returns how much.
  std::size_t read(std::span<std::byte> to) noexcept;
  /// Takes up to `bytes` away from the front; returns how much.
  std::size_t consume(std::size_t bytes) noexcept;
  void clear() noexcept {
    if (bytes_ != 0) consume(bytes_);
  }
  /// Counts what is there as if it were copied together, where that is less (Linux: tcp_collapse).
  void collapse() noexcept;

  [[nodiscard]] std::uint32_t bytes() const noexcept { return bytes_; }
  /// What the segments are charged for. One that was read in part still counts whole.
  [[nodiscard]] std::uint32_t truesize() const noexcept { return truesize_; }

 private:
  struct chunk;
  /// Bytes of a segment go where the one before has room for them.
  [[nodiscard]] bool coalesces(std::uint32_t count) const noexcept;
  /// append() where not one new chunk is what it takes.
  [[nodiscard]] bool append_to_several(skb_memory& memory, std::span<const std::byte> bytes,
                                       skb_charge charge) noexcept;
  void free_first() noexcept;
  /// read() of less than all, or out of several chunks.
  std::size_t read_some(std::span<std::byte> to) noexcept;

  chunk* head_ = nullptr;
  chunk* tail_ = nullptr;
  std::uint32_t bytes_ = 0;
  std::uint32_t truesize_ = 0;
};

/// Its bytes follow it in memory.
struct tcp_receive_queue::chunk {
  chunk* next;
  base::kmem_cache* from;
  std::uint32_t start;
  std::uint32_t end;
  std::uint32_t capacity;
  skb_charge charge;

  /// For at least a part of `wanted`: the smallest block that has room, or a page. nullptr without memory.
  [[nodiscard]] static chunk* make(skb_memory& memory, std::size_t wanted) noexcept {
    const std::size_t bytes = wanted + sizeof(chunk);
    base::kmem_cache& from = bytes <= memory.short_block.bytes() ? memory.short_block
                             : bytes <= memory.block.bytes()     ? memory.block
                                                                 : memory.page;
    void* piece = from.alloc();
    if (piece == nullptr) return nullptr;
    return new (piece) chunk{nullptr, &from, 0, 0, static_cast<std::uint32_t>(from.bytes() - sizeof(chunk)), {}};
  }
  static void free(chunk* c) noexcept { c->from->free(c); }
  [[nodiscard]] static std::size_t most_bytes(const skb_memory& memory) noexcept {
    return memory.page.bytes() - sizeof(chunk);
  }

  [[nodiscard]] std::byte* data() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
  [[nodiscard]] const std::byte* data() const noexcept { return reinterpret_cast<const std::byte*>(this + 1); }
  [[nodiscard]] std::size_t room() const noexcept { return capacity - end; }
  /// What fits; returns the rest.
  std::span<const std::byte> append(std::span<const std::byte> bytes) noexcept {
    const std::size_t count = std::min(room(), bytes.size());
    std::memcpy(data() + end, bytes.data(), count);
    end += static_cast<std::uint32_t>(count);
    return bytes.subspan(count);
  }
};

inline bool tcp_receive_queue::coalesces(std::uint32_t count) const noexcept {
  return tail_ != nullptr && tail_->charge.tailroom >= count;
}

[[gnu::always_inline]] inline bool tcp_receive_queue::append(skb_memory& memory, std::span<const std::byte> bytes,
                                                             skb_charge charge) noexcept {
  const auto count = static_cast<std::uint32_t>(bytes.size());
  if (coalesces(count) || count + charge.tailroom > chunk::most_bytes(memory)) {
    return append_to_several(memory, bytes, charge);
  }
  if (count == 0) return true;
  chunk* only = chunk::make(memory, count + charge.tailroom);
  if (only == nullptr) return false;
  only->end = count;
  only->charge = charge;
  (tail_ == nullptr ? head_ : tail_->next) = only;
  tail_ = only;
  bytes_ += count;
  truesize_ += charge.truesize;
  // Last, so that nothing has to be kept across a call.
  std::memcpy(only->data(), bytes.data(), count);
  return true;
}

inline void tcp_receive_queue::free_first() noexcept {
  truesize_ -= head_->charge.truesize;
  chunk::free(std::exchange(head_, head_->next));
}

[[gnu::always_inline]] inline std::size_t tcp_receive_queue::read(std::span<std::byte> to) noexcept {
  chunk* only = head_;
  if (only == nullptr || only != tail_ || to.size() < bytes_) return read_some(to);
  const std::size_t count = bytes_;
  std::memcpy(to.data(), only->data() + only->start, count);
  head_ = tail_ = nullptr;
  bytes_ = truesize_ = 0;
  chunk::free(only);
  return count;
}

/// Segments that arrived ahead of a hole, disjoint and sorted (Linux: tp->out_of_order_queue).
class tcp_out_of_order_queue {
 public:
  struct entry {
    std::uint32_t end_seq = 0;  ///< One more than the bytes' end if fin.
    bool fin = false;
    skb_charge charge;  ///< No truesize if the one before had room for it.
    std::vector<std::byte> data;
  };
  /// What insert found.
  struct insertion {
    std::optional<packet::tcp_sack_block> duplicate;  ///< The first run of it that had been there (RFC 2883).
    bool is_new = false;                              ///< Some of it had not.
  };

  [[nodiscard]] bool empty() const noexcept { return contents_ == nullptr || contents_->entries.empty(); }
  /// Room for the blocks that report it (RFC 2018), tcp_sock::num_sacks of which are in use. It is there from the first
  /// insert() to clear().
  [[nodiscard]] std::span<packet::tcp_sack_block> selective_acks() noexcept {
    if (contents_ == nullptr) return {};
    return contents_->selective_acks;
  }
  /// What the segments are charged for.
  [[nodiscard]] std::uint32_t truesize() const noexcept { return truesize_; }

  /// Keeps those of the bytes that are not there yet. Throws std::bad_alloc.
  insertion insert(std::uint32_t seq, std::uint32_t end_seq, std::span<const std::byte> data, bool fin,
                   skb_charge charge);
  /// Takes off the first segment if it begins at or before `rcv_nxt`.
  [[nodiscard]] std::optional<std::pair<std::uint32_t, entry>> pop_ready(std::uint32_t rcv_nxt);
  /// Where the segment that is furthest ahead begins. Not on an empty queue.
  [[nodiscard]] std::uint32_t last_seq() const noexcept { return contents_->entries.rbegin()->first; }
  /// Where it ends. Not on an empty queue.
  [[nodiscard]] std::uint32_t last_end_seq() const noexcept { return contents_->entries.rbegin()->second.end_seq; }
  /// Drops the segment that is furthest ahead (Linux: tcp_prune_ofo_queue). Not on an empty queue.
  void prune_last() noexcept;
  void clear() noexcept;
  /// See tcp_receive_queue::collapse (Linux: tcp_collapse_ofo_queue).
  void collapse() noexcept;

 private:
  using map = std::map<std::uint32_t, entry, seq_less>;
  void add(map::iterator hint, std::uint32_t seq, std::uint32_t end_seq, std::span<const std::byte> data, bool fin,
           skb_charge charge);

  struct contents {
    map entries;
    std::array<packet::tcp_sack_block, packet::tcp_options::max_sack_blocks> selective_acks{};
  };
  std::unique_ptr<contents> contents_;
  std::uint32_t truesize_ = 0;
};

}  // namespace fourtuple::tcp
