// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "host/base/kmem_cache.hpp"

namespace fourtuple::tcp {

struct tcp_skb;

/// Where the queues of all socks get their memory from (Linux: skbuff_cache and the caches of page fragments). Sizes
/// that are seldom used, or large, come from operator new.
///
/// Threads: the stack's.
struct skb_memory {
  /// Of what is kept for later, at most 1.3 MiB in all.
  static constexpr std::size_t most_free = 128;
  /// Under AddressSanitizer none, as of kmem_cache.
  static constexpr std::size_t most_with_block = base::kmem_cache::keeps ? most_free : 0;

  explicit skb_memory(std::size_t skb_bytes) noexcept : skb(skb_bytes, most_free) {}
  ~skb_memory();
  skb_memory(const skb_memory&) = delete;
  skb_memory& operator=(const skb_memory&) = delete;

  base::kmem_cache skb;                           ///< tcp_skb.
  base::kmem_cache short_block{1024, most_free};  ///< A short message's bytes, received.
  base::kmem_cache block{2048, most_free};        ///< A segment's, to be sent.
  base::kmem_cache page{4096, most_free};         ///< A row of segments', received.
  /// Segments that still have their blocks, since the next to be written will most likely be like them (Linux:
  /// sk_stream_alloc_skb's cache, sk_tx_skb_cache). Linked by tcp_skb::next.
  tcp_skb* with_block = nullptr;
  std::size_t with_block_count = 0;
};

}  // namespace fourtuple::tcp
