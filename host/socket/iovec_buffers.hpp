// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>
#include <vector>

namespace fourtuple::socket {

/// The buffers of a call, of which those in front get used up. Byte is const std::byte for writing.
template <typename Byte>
class buffers {
 public:
  /// Too many or too long vectors are EINVAL (readv(2)); vectors that are not there EFAULT.
  static int check(std::span<const iovec> vectors) {
    if (vectors.size() > IOV_MAX) return -EINVAL;
    if (vectors.data() == nullptr && !vectors.empty()) return -EFAULT;
    std::size_t total = 0;
    for (const iovec& vector : vectors) {
      if (vector.iov_len > static_cast<std::size_t>(SSIZE_MAX) - total) return -EINVAL;
      total += vector.iov_len;
    }
    return 0;
  }
  /// A null pointer with a length: EFAULT once bytes are to be copied, and not before.
  static bool has_null(std::span<const iovec> vectors) {
    return std::ranges::any_of(vectors, [](const iovec& v) { return v.iov_base == nullptr && v.iov_len > 0; });
  }

  explicit buffers(std::span<const iovec> vectors) {
    parts_.reserve(vectors.size());
    for (const iovec& vector : vectors) {
      parts_.emplace_back(static_cast<Byte*>(vector.iov_base), vector.iov_len);
      bytes_ += vector.iov_len;
    }
  }
  [[nodiscard]] std::span<const std::span<Byte>> left() const noexcept { return std::span(parts_).subspan(used_); }
  [[nodiscard]] std::size_t bytes_left() const noexcept { return bytes_; }
  void advance(std::size_t bytes) noexcept {
    bytes_ -= bytes;
    while (used_ < parts_.size() && bytes >= parts_[used_].size()) bytes -= parts_[used_++].size();
    if (bytes == 0) return;
    const std::span<Byte> part = parts_[used_];
    parts_[used_] = {part.data() == nullptr ? nullptr : part.data() + bytes, part.size() - bytes};
  }

 private:
  std::vector<std::span<Byte>> parts_;
  std::size_t used_ = 0;  // Whole parts.
  std::size_t bytes_ = 0;
};

}  // namespace fourtuple::socket
