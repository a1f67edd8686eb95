// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_receive_queue.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <new>
#include <utility>

namespace fourtuple::tcp {

bool tcp_receive_queue::append_to_several(skb_memory& memory, std::span<const std::byte> bytes,
                                          skb_charge charge) noexcept {
  if (bytes.empty()) return true;
  const auto count = static_cast<std::uint32_t>(bytes.size());
  const bool coalesced = coalesces(count);
  if (coalesced) charge = {.truesize = 0, .tailroom = tail_->charge.tailroom - count};
  const std::size_t room = coalesced ? tail_->room() : 0;
  // All new chunks first, so that running out of memory leaves everything as it was. The last one has room for what
  // may come into the same memory.
  chunk* fresh = nullptr;
  chunk** fresh_end = &fresh;
  for (std::size_t have = room; have < count; have += (*fresh_end)->capacity, fresh_end = &(*fresh_end)->next) {
    *fresh_end = chunk::make(memory, count - have + charge.tailroom);
    if (*fresh_end == nullptr) {
      while (fresh != nullptr) chunk::free(std::exchange(fresh, fresh->next));
      return false;
    }
  }
  bytes_ += count;
  truesize_ += charge.truesize;
  if (room != 0) bytes = tail_->append(bytes);
  while (fresh != nullptr) {
    chunk* filling = std::exchange(fresh, fresh->next);
    filling->next = nullptr;
    bytes = filling->append(bytes);
    (tail_ == nullptr ? head_ : tail_->next) = filling;
    tail_ = filling;
  }
  tail_->charge.truesize += charge.truesize;
  tail_->charge.tailroom = charge.tailroom;
  return true;
}

void tcp_receive_queue::collapse() noexcept {
  if (truesize_ <= skb_charge_of_collapsed(bytes_).truesize) return;
  truesize_ = 0;
  std::uint32_t bytes = 0;
  for (chunk* c = head_; c != nullptr; c = c->next) {
    bytes += c->end - c->start;
    const skb_charge so_far = skb_charge_of_collapsed(bytes);
    c->charge = {.truesize = so_far.truesize - truesize_, .tailroom = so_far.tailroom};
    truesize_ = so_far.truesize;
  }
}

std::size_t tcp_receive_queue::peek(std::span<const std::span<std::byte>> to, std::size_t offset,
                                    std::size_t most) const noexcept {
  std::size_t copied = 0;
  const chunk* from = head_;
  std::size_t skip = offset;  // Of `from`, copied already.
  while (from != nullptr && skip >= from->end - from->start) {
    skip -= from->end - from->start;
    from = from->next;
  }
  for (std::span<std::byte> buffer : to) {
    if (buffer.size() > most - copied) buffer = buffer.first(most - copied);
    while (!buffer.empty() && from != nullptr) {
      const std::size_t there = from->end - from->start - skip;
      const std::size_t count = std::min(there, buffer.size());
      std::memcpy(buffer.data(), from->data() + from->start + skip, count);
      buffer = buffer.subspan(count);
      copied += count;
      skip += count;
      if (count < there) continue;
      from = from->next;
      skip = 0;
    }
  }
  return copied;
}

std::size_t tcp_receive_queue::read_some(std::span<std::byte> to) noexcept {
  std::size_t copied = 0;
  while (head_ != nullptr && copied < to.size()) {
    const std::size_t count = std::min<std::size_t>(head_->end - head_->start, to.size() - copied);
    std::memcpy(to.data() + copied, head_->data() + head_->start, count);
    head_->start += static_cast<std::uint32_t>(count);
    copied += count;
    if (head_->start == head_->end) free_first();
  }
  if (head_ == nullptr) tail_ = nullptr;
  bytes_ -= static_cast<std::uint32_t>(copied);
  return copied;
}

std::size_t tcp_receive_queue::consume(std::size_t bytes) noexcept {
  std::size_t taken = 0;
  while (head_ != nullptr && taken < bytes) {
    const std::size_t count = std::min<std::size_t>(head_->end - head_->start, bytes - taken);
    head_->start += static_cast<std::uint32_t>(count);
    taken += count;
    if (head_->start == head_->end) free_first();
  }
  if (head_ == nullptr) tail_ = nullptr;
  bytes_ -= static_cast<std::uint32_t>(taken);
  return taken;
}

void tcp_out_of_order_queue::add(map::iterator hint, std::uint32_t seq, std::uint32_t end_seq,
                                 std::span<const std::byte> data, bool fin, skb_charge charge) {
  if (hint != contents_->entries.begin()) {
    const entry& before_it = std::prev(hint)->second;
    if (before_it.end_seq == seq && before_it.charge.tailroom >= data.size()) {
      charge = {.truesize = 0, .tailroom = before_it.charge.tailroom - static_cast<std::uint32_t>(data.size())};
    }
  }
  contents_->entries.emplace_hint(hint, seq, entry{end_seq, fin, charge, {data.begin(), data.end()}});
  truesize_ += charge.truesize;
}

tcp_out_of_order_queue::insertion tcp_out_of_order_queue::insert(std::uint32_t seq, std::uint32_t end_seq,
                                                                 std::span<const std::byte> data, bool fin,
                                                                 skb_charge charge) {
  insertion result;
  const auto note_duplicate = [&result](std::uint32_t start, std::uint32_t end) {
    if (!result.duplicate) {
      result.duplicate = packet::tcp_sack_block{start, end};
    } else if (!after(start, result.duplicate->end)) {
      // Only what adjoins: a block reports one run (Linux: tcp_dsack_extend, tcp_sack_extend).
      result.duplicate->end = end;
    }
  };
  const auto part = [&](std::uint32_t from, std::uint32_t to) {
    const std::size_t first = std::min<std::size_t>(from - seq, data.size());
    const std::size_t last = std::min<std::size_t>(to - seq, data.size());
    return data.subspan(first, last - first);
  };

  if (contents_ == nullptr) contents_ = std::make_unique<contents>();
  map& entries = contents_->entries;
  auto next = entries.upper_bound(seq);
  std::uint32_t at = seq;
  if (next != entries.begin()) {
    const auto previous = std::prev(next);
    if (after(previous->second.end_seq, at)) {
      const std::uint32_t end = before(end_seq, previous->second.end_seq) ? end_seq : previous->second.end_seq;
      note_duplicate(at, end);
      at = end;
    }
  }
  while (before(at, end_seq)) {
    const bool last = next == entries.end() || !before(next->first, end_seq);
    const std::uint32_t hole_end = last ? end_seq : next->first;
    if (before(at, hole_end)) {
      add(next, at, hole_end, part(at, hole_end), fin && hole_end == end_seq, charge);
      charge = {};  // Of all its parts together.
      result.is_new = true;
    }
    if (last) break;
    const std::uint32_t overlap_end = before(end_seq, next->second.end_seq) ? end_seq : next->second.end_seq;
    note_duplicate(next->first, overlap_end);
    at = overlap_end;
    ++next;
  }
  return result;
}

std::optional<std::pair<std::uint32_t, tcp_out_of_order_queue::entry>> tcp_out_of_order_queue::pop_ready(
    std::uint32_t rcv_nxt) {
  if (empty()) return std::nullopt;
  const auto first = contents_->entries.begin();
  if (after(first->first, rcv_nxt)) return std::nullopt;
  truesize_ -= first->second.charge.truesize;
  std::pair<std::uint32_t, entry> result{first->first, std::move(first->second)};
  contents_->entries.erase(first);
  return result;
}

void tcp_out_of_order_queue::prune_last() noexcept {
  const auto last = std::prev(contents_->entries.end());
  truesize_ -= last->second.charge.truesize;
  contents_->entries.erase(last);
}

void tcp_out_of_order_queue::clear() noexcept {
  contents_.reset();
  truesize_ = 0;
}

void tcp_out_of_order_queue::collapse() noexcept {
  if (empty()) return;
  map& entries = contents_->entries;
  for (auto first = entries.begin(); first != entries.end();) {
    auto behind = first;
    std::uint32_t truesize = 0;
    std::uint32_t bytes = 0;
    std::uint32_t end_seq = first->first;
    for (; behind != entries.end() && behind->first == end_seq; ++behind) {
      truesize += behind->second.charge.truesize;
      bytes += static_cast<std::uint32_t>(behind->second.data.size());
      end_seq = behind->second.end_seq;
    }
    // What stands alone cannot be copied together with anything.
    const skb_charge collapsed = skb_charge_of_collapsed(bytes);
    if (truesize != first->second.charge.truesize && truesize > collapsed.truesize) {
      truesize_ -= truesize - collapsed.truesize;
      for (auto it = first; it != behind; ++it) it->second.charge = {};
      first->second.charge.truesize = collapsed.truesize;
      std::prev(behind)->second.charge.tailroom = collapsed.tailroom;
    }
    first = behind;
  }
}

}  // namespace fourtuple::tcp
