// SPDX-License-Identifier: Apache-2.0
#include "host/driver/transmit_ring.hpp"

#include <atomic>
#include <cassert>
#include <cstring>

namespace fourtuple::driver {
namespace {

void copy_frame(std::byte* to, const packet::tx_sk_buff& skb) noexcept {
  const auto headers = skb.headers();
  std::memcpy(to, headers.data(), headers.size());
  to += headers.size();
  for (const auto piece : skb.payload()) {
    std::memcpy(to, piece.data(), piece.size());
    to += piece.size();
  }
}

}  // namespace

void transmit_ring::start(const dma_region& descriptors, const dma_region& slots, const layout& shape) noexcept {
  assert(shape.completion_every >= 1 && shape.completion_every <= shape.entries() / 2);
  descriptors_ = descriptors.data;
  slots_ = slots;
  layout_ = shape;
  tail_ = announced_ = finished_ = 0;
  since_completion_ = 0;
}

void transmit_ring::write_descriptor(const regs::transmit_descriptor& descriptor) noexcept {
  const std::size_t entry = static_cast<std::uint16_t>(tail_ - 1) & (layout_.entries() - 1);
  descriptor.encode(std::span<std::byte, descriptor_bytes>(descriptors_ + entry * descriptor_bytes, descriptor_bytes));
}

void transmit_ring::push(const packet::tx_sk_buff& skb) noexcept {
  assert(!full() && skb.size() <= layout_.slot_bytes);
  const std::size_t offset = (tail_ & (layout_.entries() - 1)) * layout_.slot_bytes;
  copy_frame(slots_.data + offset, skb);

  // A ring that is full has a descriptor in it that asks for a completion, because one of each half does.
  const bool completion = ++since_completion_ >= layout_.completion_every;
  if (completion) since_completion_ = 0;
  last_ = {};
  last_.address = slots_.bus_address + offset;
  last_.length = static_cast<std::uint32_t>(skb.size());
  last_.end_of_frame = true;
  last_.completion = completion;
  last_.checksum = skb.checksum_partial();
  if (last_.checksum) {
    last_.checksum_start = static_cast<std::uint8_t>(skb.checksum_start());
    last_.checksum_offset = static_cast<std::uint8_t>(skb.checksum_offset());
  }
  ++tail_;
  write_descriptor(last_);
}

std::uint16_t transmit_ring::announce() noexcept {
  // Slots run short: hear of this batch's end as early as possible.
  if (unannounced() && !last_.completion && in_use() > layout_.entries() / 2) {
    last_.completion = true;
    since_completion_ = 0;
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
