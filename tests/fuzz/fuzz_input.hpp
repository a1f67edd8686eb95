// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

namespace fourtuple::fuzz {

/// What a fuzz target decides by: the input's bytes one after the other, zeros when they are used up.
class fuzz_input {
 public:
  explicit fuzz_input(std::span<const std::byte> bytes) noexcept : left_(bytes) {}
  fuzz_input(const std::uint8_t* data, std::size_t size) noexcept
      : fuzz_input(std::span(reinterpret_cast<const std::byte*>(data), size)) {}

  [[nodiscard]] bool empty() const noexcept { return left_.empty(); }
  [[nodiscard]] std::span<const std::byte> rest() const noexcept { return left_; }

  [[nodiscard]] std::uint8_t next8() noexcept {
    if (left_.empty()) return 0;
    const auto value = std::to_integer<std::uint8_t>(left_.front());
    left_ = left_.subspan(1);
    return value;
  }
  [[nodiscard]] std::uint16_t next16() noexcept {
    const unsigned high = next8();
    return static_cast<std::uint16_t>(high << 8 | next8());
  }
  [[nodiscard]] std::uint32_t next32() noexcept {
    const std::uint32_t high = next16();
    return high << 16 | next16();
  }
  /// 0 to `count` - 1; one byte of the input, so `count` is at most 256.
  [[nodiscard]] std::size_t below(std::size_t count) noexcept { return next8() % count; }
  [[nodiscard]] bool flag() noexcept { return (next8() & 1) != 0; }
  /// The next bytes themselves; fewer at the end.
  [[nodiscard]] std::span<const std::byte> take(std::size_t count) noexcept {
    const auto taken = left_.first(std::min(count, left_.size()));
    left_ = left_.subspan(taken.size());
    return taken;
  }
  /// One of several.
  template <typename T, std::size_t count>
  [[nodiscard]] const T& pick(const T (&from)[count]) noexcept {
    return from[below(count)];
  }

 private:
  std::span<const std::byte> left_;
};

/// Ends the process, as a fuzzer wants it, if something that must hold does not.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace fourtuple::fuzz

/// The targets' entry (libFuzzer's name).
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
