// SPDX-License-Identifier: Apache-2.0
#include "host/sock/connection_handles.hpp"

#include <algorithm>
#include <cassert>
#include <new>

namespace fourtuple::sock {
namespace {

constexpr std::uint32_t generations = std::uint32_t{1} << (32 - connection_handles::index_bits);
constexpr std::uint32_t no_index = ~std::uint32_t{0};
/// So many are free before one is reused.
constexpr std::uint32_t resting_indices = 1024;

}  // namespace

connection_handles::connection_handles(std::uint32_t limit)
    : limit_(std::min(limit, max_connections)), first_free_(no_index), last_free_(no_index) {}

std::uint32_t connection_handles::insert(sock_common& sk) noexcept {
  const bool rested = count_ - used_ >= resting_indices || count_ >= limit_;
  if (!rested || first_free_ == no_index) add_entry();
  const std::uint32_t index = first_free_;
  if (index == no_index) return none;
  first_free_ = entries_[index].next_free;
  if (first_free_ == no_index) last_free_ = no_index;
  entries_[index].sk = &sk;
  ++used_;
  return entries_[index].generation << index_bits | index;
}

/// In front of the free ones; not beyond the limit, nor without memory.
void connection_handles::add_entry() noexcept {
  if (count_ >= limit_) return;
  try {
    entries_.push_back({.next_free = first_free_});
  } catch (const std::bad_alloc&) {
    return;
  }
  first_free_ = count_++;
  if (last_free_ == no_index) last_free_ = first_free_;
}

void connection_handles::replace(std::uint32_t handle, sock_common& sk) noexcept {
  assert(find(handle) != nullptr);
  entries_[handle & (max_connections - 1)].sk = &sk;
}

void connection_handles::remove(std::uint32_t handle) noexcept {
  if (find(handle) == nullptr) return;
  const std::uint32_t index = handle & (max_connections - 1);
  entry& e = entries_[index];
  e.sk = nullptr;
  e.generation = e.generation + 1 == generations ? 1 : e.generation + 1;
  e.next_free = no_index;
  (first_free_ == no_index ? first_free_ : entries_[last_free_].next_free) = index;
  last_free_ = index;
  --used_;
}

}  // namespace fourtuple::sock
