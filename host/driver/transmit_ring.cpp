// SPDX-License-Identifier: Apache-2.0
#include "host/driver/transmit_ring.hpp"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstring>
#include <span>

#include "host/base/byte_order.hpp"
#include "host/packet/checksum.hpp"

namespace fourtuple::driver {
void transmit_ring::start(const dma_region& descriptors, const dma_region& slots, const layout& shape) noexcept {
  assert(shape.completion_every >= 1 && shape.completion_every <= shape.entries() / 2);
  descriptors_ = descriptors.data;
  slots_ = slots;
  layout_ = shape;
  tail_ = announced_ = finished_ = asked_ = 0;
  since_completion_ = 0;
}

void transmit_ring::write_descriptor(const regs::transmit_descriptor& descriptor) noexcept {
  const std::size_t entry = static_cast<std::uint16_t>(tail_ - 1) & (layout_.entries() - 1);
  descriptor.encode(std::span<std::byte, descriptor_bytes>(descriptors_ + entry * descriptor_bytes, descriptor_bytes));
}

/// Into the slots from the tail on, each filled before the next one.
void transmit_ring::copy(const packet::tx_sk_buff& skb) noexcept {
  std::uint16_t index = tail_;
  std::size_t filled = 0;
  const auto append = [&](std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      if (filled == layout_.slot_bytes) {
        ++index;
        filled = 0;
      }
      const auto part = bytes.first(std::min(bytes.size(), layout_.slot_bytes - filled));
      std::memcpy(slot(index) + filled, part.data(), part.size());
      filled += part.size();
      bytes = bytes.subspan(part.size());
    }
  };
  append(skb.headers());
  for (const auto piece : skb.payload()) append(piece);
  if (skb.gso_size == 0) return;
  // The stack's sum is of a pseudo-header with the length of it all; the device wants it without.
  const std::size_t field = skb.checksum_start() + skb.checksum_offset();
  const std::span<std::byte> headers(slot(tail_), skb.headers().size());
  const auto length = static_cast<std::uint16_t>(skb.size() - skb.checksum_start());
  base::store_be16(headers, field, packet::subtract_sum(base::load_be16(headers, field), length));
}

void transmit_ring::push(const packet::tx_sk_buff& skb) noexcept {
  assert(!full(skb.size()) && skb.headers().size() <= layout_.slot_bytes);
  copy(skb);
  const auto count = static_cast<unsigned>(descriptors_for(skb.size()));
  // A ring that is full has a descriptor in it that asks for a completion, because one of each half does.
  since_completion_ += count;
  const bool completion = since_completion_ >= layout_.completion_every;
  if (completion) since_completion_ = 0;
  std::size_t left = skb.size();
  for (unsigned i = 0; i < count; ++i) {
    last_ = {};
    last_.address = slots_.bus_address + static_cast<std::uint64_t>(slot(tail_) - slots_.data);
    last_.length = static_cast<std::uint32_t>(std::min(left, layout_.slot_bytes));
    left -= last_.length;
    last_.end_of_frame = i + 1 == count;
    if (last_.end_of_frame) set_options(skb, completion);
    ++tail_;
    write_descriptor(last_);
  }
  if (completion) asked_ = tail_;
}

void transmit_ring::set_options(const packet::tx_sk_buff& skb, bool completion) noexcept {
  last_.completion = completion;
  last_.checksum = skb.checksum_partial();
  if (last_.checksum) {
    last_.checksum_start = static_cast<std::uint8_t>(skb.checksum_start());
    last_.checksum_offset = static_cast<std::uint8_t>(skb.checksum_offset());
  }
  if (skb.gso_size == 0) return;
  last_.tso = true;
  last_.mss = skb.gso_size;
  last_.header_length = static_cast<std::uint8_t>(skb.headers().size());
}

std::uint16_t transmit_ring::announce() noexcept {
  // Slots run short: hear of this batch's end as early as possible.
  if (unannounced() && !last_.completion && in_use() > layout_.entries() / 2) {
    last_.completion = true;
    since_completion_ = 0;
    asked_ = tail_;
    write_descriptor(last_);
  }
  announced_ = tail_;
  // The device must not see the doorbell before the descriptors (Linux: dma_wmb).
  std::atomic_thread_fence(std::memory_order_release);
  return announced_;
}

bool transmit_ring::finish(std::uint16_t tx_index) noexcept {
  const auto count = static_cast<std::uint16_t>(tx_index - finished_);
  if (count > static_cast<std::uint16_t>(announced_ - finished_)) return false;
  finished_ = tx_index;
  return true;
}

}  // namespace fourtuple::driver
