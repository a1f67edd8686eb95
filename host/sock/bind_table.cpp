// SPDX-License-Identifier: Apache-2.0
#include "host/sock/bind_table.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

namespace fourtuple::sock {

bind_table::bind_table(std::uint32_t buckets)
    : chains_(std::bit_ceil(std::max(buckets, std::uint32_t{1}))),
      mask_(static_cast<std::uint32_t>(chains_.size()) - 1) {}

bind_table::~bind_table() {
  // Owners that are left must not refer to what is gone.
  for (inet_bind_bucket* chain : chains_)
    for (; chain != nullptr; chain = chain->next)
      for (bind_node* node = chain->owners; node != nullptr; node = node->next) node->bucket = nullptr;
}

inet_bind_bucket* bind_table::find(std::uint16_t port) const noexcept {
  inet_bind_bucket* bucket = chains_[index_of(port)];
  while (bucket != nullptr && bucket->port != port) bucket = bucket->next;
  return bucket;
}

inet_bind_bucket* bind_table::create(std::uint16_t port) noexcept {
  assert(find(port) == nullptr);
  inet_bind_bucket* bucket = buckets_.allocate();
  if (bucket == nullptr) return nullptr;
  inet_bind_bucket*& chain = chains_[index_of(port)];
  *bucket = {};
  bucket->port = port;
  bucket->next = chain;
  chain = bucket;
  return bucket;
}

void bind_table::add_owner(inet_bind_bucket& bucket, bind_node& node) noexcept {
  assert(node.bucket == nullptr);
  node.bucket = &bucket;
  node.next = bucket.owners;
  node.pprev = &bucket.owners;
  if (node.next != nullptr) node.next->pprev = &node.next;
  bucket.owners = &node;
  ++bucket.num_owners;
}

void bind_table::remove_owner(bind_node& node) noexcept {
  inet_bind_bucket* bucket = std::exchange(node.bucket, nullptr);
  if (bucket == nullptr) return;
  *node.pprev = node.next;
  if (node.next != nullptr) node.next->pprev = node.pprev;
  node.next = nullptr;
  node.pprev = nullptr;
  if (--bucket->num_owners > 0) return;
  inet_bind_bucket** link = &chains_[index_of(bucket->port)];
  while (*link != bucket) link = &(*link)->next;
  *link = bucket->next;
  buckets_.free(*bucket);
}

}  // namespace fourtuple::sock
