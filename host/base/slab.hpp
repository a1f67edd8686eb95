// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

#include "host/base/spinlock.hpp"

namespace fourtuple::base {

/// Memory for objects of one type that stays memory for objects of that type (Linux: a kmem_cache with
/// SLAB_TYPESAFE_BY_RCU).
///
/// An object is made once, when its chunk is, and lives as long as the slab. allocate() and free() only pass it from
/// hand to hand, so whoever still looks at an object that was freed sees an object of that type, never unmapped or
/// foreign memory. The object freed last is handed out first.
///
/// Ownership: the slab owns all objects. Threads: any.
template <typename T>
class slab {
 public:
  /// `max_objects`: allocate() gives nullptr beyond it.
  explicit slab(std::size_t max_objects = ~std::size_t{0}) : max_objects_(max_objects) {}
  slab(const slab&) = delete;
  slab& operator=(const slab&) = delete;

  /// nullptr at the limit and when there is no memory.
  [[nodiscard]] T* allocate() noexcept {
    const std::lock_guard guard(lock_);
    if (free_.empty() && !grow()) return nullptr;
    T* object = free_.back();
    free_.pop_back();
    in_use_.store(in_use() + 1, std::memory_order_relaxed);
    return object;
  }

  void free(T& object) noexcept {
    const std::lock_guard guard(lock_);
    free_.push_back(&object);  // grow() reserved the room
    in_use_.store(in_use() - 1, std::memory_order_relaxed);
  }

  /// Objects that are handed out now.
  [[nodiscard]] std::size_t in_use() const noexcept { return in_use_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t chunk_objects = 64;

  bool grow() noexcept {
    const std::size_t count = std::min(chunk_objects, max_objects_ - made_);
    if (count == 0) return false;
    try {
      free_.reserve(made_ + count);
      chunks_.push_back(std::make_unique_for_overwrite<T[]>(count));
    } catch (const std::bad_alloc&) {
      return false;
    }
    for (std::size_t i = count; i-- > 0;) free_.push_back(&chunks_.back()[i]);
    made_ += count;
    return true;
  }

  spinlock lock_;
  std::vector<std::unique_ptr<T[]>> chunks_;
  std::vector<T*> free_;
  std::size_t made_ = 0;
  std::atomic<std::size_t> in_use_{0};  ///< Written with the lock held.
  std::size_t max_objects_;
};

}  // namespace fourtuple::base
