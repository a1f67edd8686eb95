// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "host/base/kmem_cache.hpp"

namespace fourtuple::tcp {

/// Where the queues of all socks get their memory from (Linux: skbuff_cache and the caches of page fragments). Sizes
/// that are seldom used, or large, come from operator new.
///
/// Threads: the stack's.
struct skb_memory {
  /// Bytes of segments that are kept for later, at most 1 MiB in all.
  static constexpr std::size_t most_free = 128;

  explicit skb_memory(std::size_t skb_bytes) noexcept : skb(skb_bytes, most_free) {}

  base::kmem_cache skb;                           ///< tcp_skb.
  base::kmem_cache short_block{1024, most_free};  ///< A short message's bytes, received.
  base::kmem_cache block{2048, most_free};        ///< A segment's, to be sent.
  base::kmem_cache page{4096, most_free};         ///< A row of segments', received.
};

}  // namespace fourtuple::tcp
