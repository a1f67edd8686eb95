// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

namespace fourtuple::tcp {

/// What a received segment counts for against SO_RCVBUF and tcp_mem, in bytes: what it costs Linux. Windows grow with
/// the share of payload in it, so it decides what is offered; this stack keeps the bytes denser than that.
struct skb_charge {
  std::uint32_t truesize = 0;  ///< Linux: skb->truesize
  std::uint32_t tailroom = 0;  ///< Payload that still goes into the same memory (Linux: tcp_try_coalesce).
};

/// Of one piece of memory with `used` bytes in it (Linux: SKB_TRUESIZE of what alloc_skb gives).
[[nodiscard]] constexpr skb_charge skb_charge_of_linear(std::uint32_t used) noexcept {
  constexpr std::uint32_t alignment = 64;           // SKB_DATA_ALIGN
  constexpr std::uint32_t sk_buff_bytes = 256;      // SKB_DATA_ALIGN(sizeof(struct sk_buff))
  constexpr std::uint32_t shared_info_bytes = 320;  // SKB_DATA_ALIGN(sizeof(struct skb_shared_info))
  constexpr std::uint32_t small_head_bytes = 576;   // SKB_SMALL_HEAD_CACHE_SIZE
  constexpr std::uint32_t largest_slab_bytes = 8192;
  constexpr std::uint32_t page_bytes = 4096;
  const std::uint32_t needed = ((used + alignment - 1) & ~(alignment - 1)) + shared_info_bytes;
  std::uint32_t block = small_head_bytes;
  if (needed > small_head_bytes) {
    block = needed > largest_slab_bytes ? (needed + page_bytes - 1) & ~(page_bytes - 1) : std::bit_ceil(needed);
  }
  return {.truesize = block + sk_buff_bytes, .tailroom = block - shared_info_bytes - used};
}

/// Of a segment as it comes from a device that copies it in one piece, or from a TUN device. `header_bytes`: IP's and
/// TCP's, with their options.
[[nodiscard]] constexpr skb_charge skb_charge_of(std::uint32_t payload_bytes, std::uint32_t header_bytes) noexcept {
  constexpr std::uint32_t net_skb_pad = 64;
  return skb_charge_of_linear(net_skb_pad + header_bytes + payload_bytes);
}

/// Of so many bytes, copied together into pages (Linux: tcp_collapse).
[[nodiscard]] constexpr skb_charge skb_charge_of_collapsed(std::uint32_t payload_bytes) noexcept {
  constexpr std::uint32_t page_payload = 4096 - 320;
  const std::uint32_t full_pages = payload_bytes / page_payload;
  const std::uint32_t rest = payload_bytes % page_payload;
  skb_charge charge = rest == 0 ? skb_charge{} : skb_charge_of_linear(rest);
  charge.truesize += full_pages * skb_charge_of_linear(page_payload).truesize;
  return charge;
}

}  // namespace fourtuple::tcp
