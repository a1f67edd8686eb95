// SPDX-License-Identifier: Apache-2.0
#include "host/sock/bind_table.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <new>
#include <utility>

namespace fourtuple::sock {

bind_table::bind_table(std::uint32_t buckets)
    : chains_(std::bit_ceil(std::max(buckets, std::uint32_t{1}))),
      mask_(static_cast<std::uint32_t>(chains_.size()) - 1) {}

bind_table::~bind_table() {
  for (auto& chain : chains_)
    while (chain != nullptr) {
      if (chain->owners == nullptr) {
        chain = std::move(chain->next);
      } else {
        remove_owner(*chain->owners);
      }
    }
}

inet_bind_bucket* bind_table::find(std::uint16_t port) const noexcept {
  inet_bind_bucket* bucket = chains_[index_of(port)].get();
  while (bucket != nullptr && bucket->port != port) bucket = bucket->next.get();
  return bucket;
}

inet_bind_bucket* bind_table::create(std::uint16_t port) noexcept {
  assert(find(port) == nullptr);
  std::unique_ptr<inet_bind_bucket> bucket(new (std::nothrow) inet_bind_bucket);
  if (bucket == nullptr) return nullptr;
  auto& chain = chains_[index_of(port)];
  bucket->port = port;
  bucket->next = std::move(chain);
  chain = std::move(bucket);
  return chain.get();
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
  auto* link = &chains_[index_of(bucket->port)];
  while (link->get() != bucket) link = &(*link)->next;
  *link = std::move((*link)->next);
}

}  // namespace fourtuple::sock
