// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <new>

namespace fourtuple::base {

/// Memory for things of one size that come and go all the time (Linux: kmem_cache). What is given back is handed out
/// again, the last one first, up to `most_free` pieces; the rest goes back to where it came from.
///
/// Under AddressSanitizer nothing is kept, so that it sees what is used after it was freed.
///
/// Ownership: must outlive what it handed out. Threads: one at a time.
class kmem_cache {
 public:
  /// `bytes`: of a piece, a pointer's at least.
  kmem_cache(std::size_t bytes, std::size_t most_free) noexcept : bytes_(bytes), most_free_(keeps ? most_free : 0) {}
  kmem_cache(const kmem_cache&) = delete;
  kmem_cache& operator=(const kmem_cache&) = delete;
  ~kmem_cache() {
    while (first_ != nullptr) {
      void* piece = first_;
      first_ = first_->next;
      ::operator delete(piece);
    }
  }

  /// Aligned as of operator new. nullptr without memory.
  [[nodiscard]] void* alloc() noexcept {
    if (first_ == nullptr) return ::operator new(bytes_, std::nothrow);
    free_piece* piece = first_;
    first_ = piece->next;
    --free_;
    return piece;
  }
  void free(void* piece) noexcept {
    if (free_ == most_free_) {
      ::operator delete(piece);
      return;
    }
    first_ = new (piece) free_piece{first_};
    ++free_;
  }

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

#if defined(__SANITIZE_ADDRESS__)
  static constexpr bool keeps = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
  static constexpr bool keeps = false;
#else
  static constexpr bool keeps = true;
#endif
#else
  static constexpr bool keeps = true;
#endif

 private:
  struct free_piece {
    free_piece* next;
  };

  free_piece* first_ = nullptr;
  std::size_t free_ = 0;
  std::size_t bytes_;
  std::size_t most_free_;
};

}  // namespace fourtuple::base
