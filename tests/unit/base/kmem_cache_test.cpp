// SPDX-License-Identifier: Apache-2.0
#include "host/base/kmem_cache.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <vector>

namespace fourtuple::base {
namespace {

TEST(kmem_cache, hands_out_what_was_given_back_last) {
  if (!kmem_cache::keeps) GTEST_SKIP() << "under AddressSanitizer all memory goes back at once";
  kmem_cache cache(100, 2);
  EXPECT_EQ(cache.bytes(), 100U);
  void* first = cache.alloc();
  void* second = cache.alloc();
  cache.free(first);
  cache.free(second);
  EXPECT_EQ(cache.alloc(), second);
  EXPECT_EQ(cache.alloc(), first);
  cache.free(first);
  cache.free(second);
}

TEST(kmem_cache, never_hands_out_the_same_piece_twice) {
  kmem_cache cache(64, 3);
  for (int round = 0; round < 3; ++round) {
    std::vector<void*> pieces;
    for (int i = 0; i < 10; ++i) {
      pieces.push_back(cache.alloc());
      std::memset(pieces.back(), i, cache.bytes());
    }
    EXPECT_EQ(std::set(pieces.begin(), pieces.end()).size(), pieces.size());
    // More than it keeps.
    for (void* piece : pieces) cache.free(piece);
  }
}

}  // namespace
}  // namespace fourtuple::base
